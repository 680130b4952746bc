"""A suite run plainly and under the recorder, each run with a file of outcomes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.trials.suites.suite import Place

from nuages.recording import run_attached

WRAPPER = Path(__file__).with_name("outcomes.py")
SETTINGS = "suites_postgres"
POSTGRES = """\
DATABASES = {{
    alias: {{"ENGINE": "django.db.backends.postgresql", **{values!r}, "NAME": alias + "_suite"}}
    for alias in ("default", "other")
}}
SECRET_KEY = "django_tests_secret_key"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
"""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How one test ended, and why if it did not pass."""

    outcomes: tuple[str, ...]  # several where a test has parts, or is run again by another
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a suite."""

    exit_code: int
    seconds: float
    endings: Mapping[str, Ending]
    output: Path
    meta: Mapping[str, str] = field(default_factory=dict)  # of the recording
    queries: int = 0


def run(place: Place, labels: Sequence[str], name: str, mode: str | None) -> Run:
    """Run these tests, under the recorder where a mode ("deep", "light") is given.

    Each run has a copy of the tree to itself: some suites leave files behind in theirs.
    """
    tree = _copy(place.tree, place.folder / f"tree-{name}")
    cwd = tree / place.suite.subfolder
    outcomes, output = place.folder / f"{name}.jsonl", place.folder / f"{name}.txt"
    argv = [str(place.python), str(WRAPPER), str(outcomes), *place.suite.program, *labels]
    outcomes.unlink(missing_ok=True)
    meta: Mapping[str, str] = {}
    queries = 0
    start = time.monotonic()
    with output.open("w") as printed, TemporaryDirectory(prefix="suite-") as scratch:
        env = _environment(scratch)

        def launch(argv: Sequence[str], env: Mapping[str, str]) -> int:
            return subprocess.run(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
            ).returncode

        if mode is None:
            exit_code = launch(argv, env)
        else:
            attached = run_attached(
                argv, launch=launch, cwd=cwd, deep=mode == "deep", roots={".": str(tree)}, env=env
            )
            exit_code, meta = attached.exit_code, attached.recording.meta
            queries = sum(scope.queries for scope in attached.recording.scopes)
    return Run(
        exit_code=exit_code,
        seconds=time.monotonic() - start,
        endings=read_outcomes(outcomes),
        output=output,
        meta=meta,
        queries=queries,
    )


def _copy(tree: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(tree, to, symlinks=True))


def _environment(scratch: str) -> dict[str, str]:
    """This process's, without what would tell the suite of our own Python and settings."""
    ours = ("PYTHON", "DJANGO_", "PYTEST_", "VIRTUAL_ENV", "NUAGES_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "TMPDIR": scratch, "PYTHONHASHSEED": "0"}


def read_outcomes(path: Path) -> dict[str, Ending]:
    """How each test ended, by its id; empty where nothing came to be written."""
    found: dict[str, Ending] = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        told = json.loads(line)
        before = found.get(told["test"], Ending(outcomes=()))
        found[told["test"]] = Ending(
            outcomes=(*before.outcomes, told["outcome"]),
            detail=(before.detail + "\n" + told["detail"]).strip(),
        )
    return found


@contextmanager
def postgres(place: Place) -> Iterator[tuple[str, ...]]:
    """A scratch server; → the arguments of the suite's program that have it used."""
    from nuages.scratch import Scratch
    from nuages.stack.postgres import PORT, USER, PostgresServer
    from nuages.stack.programs import candidates, runnable

    with Scratch() as scratch:
        folder = scratch.folder("postgres")
        server = PostgresServer(runnable(next(candidates()), folder), folder)
        server.start(("btree_gin", "btree_gist", "citext", "hstore", "pg_trgm", "unaccent"))
        try:
            values = {"HOST": str(server.socket_dir), "PORT": str(PORT), "USER": USER}
            settings = place.cwd / f"{SETTINGS}.py"
            settings.write_text(POSTGRES.format(values=values))
            yield (f"--settings={SETTINGS}",)
        finally:
            server.stop()
