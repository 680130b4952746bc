"""A project that tries to get out of its enclosure does not, and is named for each attempt."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import pytest

import nuages
from nuages import enclosure

from .outside import Outside

pytestmark = pytest.mark.xdist_group("hostile")  # each looks for what the others leave running

HERE = Path(__file__).parent
NOBODY = 65534
needs_linux = pytest.mark.skipif(
    enclosure.support().missing != "", reason=enclosure.support().missing or "enforced"
)


@dataclass
class Run:
    """What came of the hostile project."""

    folder: Path
    outside: Outside
    code: int
    output: str
    errors: str
    ledger: list[dict[str, Any]]
    left: list[str]

    def told(self, file: str, function: str) -> list[dict[str, Any]]:
        """The ledger's entries whose origin is in this function."""
        return [
            entry
            for entry in self.ledger
            if (origin := entry["origin"])
            and (origin["file"], origin["function"]) == (file, function)
        ]

    def daemons(self) -> list[str]:
        """What this run's project left running."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                argv = path.read_text(errors="replace").split("\0")
                if argv[4:6] == ["nuages-hostile-daemon", self.outside.told["victims"]]:
                    found.append(path.parent.name)
        return found


def raids(file: str, decorator: str) -> list[str]:
    tree = ast.parse((HERE / "hostile/raids" / file).read_text())
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id == decorator for d in node.decorator_list)
    ]


def interpreter_for_nobody() -> str | None:
    """One of this version: the packages beside it are those of this environment."""
    for python in (sys.executable, "/usr/bin/python3"):
        code = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
        try:
            if subprocess.run([python, "-c", code], user=NOBODY, cwd="/").returncode == 0:
                return python
        except OSError:
            continue
    return None


def run_hostile(folder: Path, outside: Outside, *, user: int | None, enforce: bool) -> Run:
    python = sys.executable if user is None else interpreter_for_nobody()
    if python is None:
        pytest.skip("no interpreter that another user may run")
    shutil.copytree(HERE / "hostile", folder / "project")
    packages = folder / "packages"
    packages.mkdir()
    site = Path(django.__file__).parents[1]
    for source in (
        Path(nuages.__file__).parent,
        site / "django",
        site / "asgiref",
        site / "sqlparse",
    ):
        skipped = shutil.ignore_patterns("__pycache__", "*.po", "tests")
        shutil.copytree(source, packages / source.name, ignore=skipped)
    shutil.copy(HERE / "runner.py", folder / "runner.py")
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)
    told = {
        "folder": str(folder), "outside": outside.told, "python": python, "enforce": enforce,
        "pythonpath": [str(packages)],
    }  # fmt: skip
    result = subprocess.run(
        [python, str(folder / "runner.py"), json.dumps(told)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "LANG": "C.UTF-8"},
        cwd="/", capture_output=True, text=True, timeout=150, user=user,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return Run(folder=folder, outside=outside, **json.loads(result.stdout))


def hostile(*, user: int | None, enforce: bool) -> Iterator[Run]:
    """The project lies in /tmp, which an enclosure covers; what it is after, elsewhere."""
    elsewhere = Path("/var/lib") if os.geteuid() == 0 else Path.home()
    with ExitStack() as stack:
        folders = []
        for parent in (None, elsewhere):
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="hostile-", dir=parent))
            folders.append(Path(name))
            folders[-1].chmod(0o755)
        outside = stack.enter_context(Outside(folders[1]))
        yield run_hostile(folders[0], outside, user=user, enforce=enforce)


@pytest.fixture(scope="module", params=["myself", "nobody"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    if request.param == "nobody" and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    yield from hostile(user=NOBODY if request.param == "nobody" else None, enforce=True)


@pytest.fixture(scope="module")
def unenclosed() -> Iterator[Run]:
    yield from hostile(user=None, enforce=False)


PYTHON = raids("escapes.py", "escape")
C_CLIENTS = raids("c_clients.py", "escape")
PLACES = [
    ("raids/apps.py", "RaidsConfig.ready"),
    ("raids/migrations/0001_initial.py", "announce"),
    ("raids/views.py", "in_a_thread"),
    ("raids/views.py", "thread"),
    ("raids/views.py", "asynchronous"),
]


@needs_linux
class TestEnclosed:
    def test_the_project_runs_to_its_end(self, run: Run) -> None:
        assert run.code == 0, run.errors
        assert json.loads(run.output.splitlines()[-1]) == {"done": True}

    def test_nothing_arrives_outside(self, run: Run) -> None:
        assert not run.outside.reached, run.output

    def test_no_file_outside_changes(self, run: Run) -> None:
        assert run.outside.files() == run.outside.before

    def test_the_work_tree_is_not_written(self, run: Run) -> None:
        assert not (run.folder / "project/scribble.txt").exists()
        assert not (run.folder / "project/edited.txt").exists()
        assert "views" in (run.folder / "project/urls.py").read_text()

    def test_no_process_survives(self, run: Run) -> None:
        assert not run.daemons()

    def test_no_layer_is_left_in_the_scratch_folder(self, run: Run) -> None:
        assert not [name for name in run.left if name.startswith("enclosure-")]

    @pytest.mark.parametrize("name", PYTHON)
    def test_python_is_named(self, run: Run, name: str) -> None:
        assert run.told("raids/escapes.py", name), run.output

    @pytest.mark.parametrize("name", C_CLIENTS)
    def test_c_clients_are_named(self, run: Run, name: str) -> None:
        function = "libpq" if name.startswith("libpq") else name
        assert run.told("raids/c_clients.py", function), run.output

    @pytest.mark.parametrize(("file", "function"), PLACES)
    def test_every_place_is_named(self, run: Run, file: str, function: str) -> None:
        assert run.told(file, function)

    def test_every_entry_has_an_origin(self, run: Run) -> None:
        assert not [entry for entry in run.ledger if entry["origin"] is None]

    def test_an_attempt_that_two_witnesses_saw_counts_once(self, run: Run) -> None:
        (entry,) = run.told("raids/escapes.py", "raw_socket")
        assert (entry["count"], entry["verdict"], entry["via"]) == (1, "denied", "audit")
        assert entry["origin"]["column"] is not None

    def test_what_stays_inside_is_contained(self, run: Run) -> None:
        assert {e["verdict"] for e in run.told("raids/escapes.py", "own_tree")} == {"contained"}


class TestUnenclosed:
    def test_python_is_refused_and_named(self, unenclosed: Run) -> None:
        assert unenclosed.code == 0, unenclosed.errors
        subprocesses = {"curl", "python_in_a_subprocess", "shell_redirection", "daemon"}
        for name in set(PYTHON) - subprocesses:
            assert unenclosed.told("raids/escapes.py", name), name

    def test_subprocesses_are_said_to_be_allowed(self, unenclosed: Run) -> None:
        (entry,) = unenclosed.told("raids/escapes.py", "shell_redirection")
        assert entry["verdict"] == "allowed"

    def test_only_subprocesses_arrive(self, unenclosed: Run) -> None:
        assert unenclosed.outside.reached == {"tcp": 2}, unenclosed.output

    def test_the_work_tree_is_not_written(self, unenclosed: Run) -> None:
        assert not (unenclosed.folder / "project/scribble.txt").exists()
        assert "views" in (unenclosed.folder / "project/urls.py").read_text()

    def test_no_process_survives(self, unenclosed: Run) -> None:
        assert not unenclosed.daemons()
