"""Another people's project: fetched from PyPI, set up in an environment of its own, tuned."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


class CannotSetUp(Exception):
    """This machine lacks what the project needs; says what."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """Where one trial lives."""

    folder: Path
    tree: Path  # what the source archive held, or what the project's own generator wrote
    env: Mapping[str, str]

    @property
    def python(self) -> Path:
        """The project's interpreter."""
        return self.folder / "venv/bin/python"

    def run(self, *argv: str, **env: str) -> None:
        """Run the project's Python in its tree; raises CalledProcessError with the output."""
        subprocess.run(
            [self.python, *argv],
            cwd=self.tree,
            env={**os.environ, **self.env, **env},
            stdin=subprocess.DEVNULL,
            check=True,
        )


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How a project is set up, and the doors by which nuages enters it."""

    name: str
    pythons: tuple[str, ...]  # versions it supports, the preferred one first
    requirements: tuple[str, ...]
    doors: Mapping[str, tuple[str, ...]]  # name → arguments of tune; the first is the usual one
    archive: str = ""  # "name==version" whose source archive is the tree
    subfolder: str = "."  # of the tree: the project as tune is pointed at it
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Workspace], None] = lambda workspace: None

    def set_up(self, base: Path) -> Workspace:
        """Make what is missing; a second call with the same recipe does nothing."""
        folder = base / self.name
        workspace = Workspace(folder=folder, tree=folder / "tree", env=self.env)
        stamp = folder / "ready"
        recipe = self._recipe()
        if stamp.is_file() and stamp.read_text() == recipe:
            return workspace
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._environment(folder)
        if self.archive:
            self._unpack(workspace)
        workspace.tree.mkdir(exist_ok=True)
        self.prepare(workspace)
        stamp.write_text(recipe)
        return workspace

    def command(self, workspace: Workspace, door: str) -> list[str]:
        """The `nuages tune` command for a door."""
        substitutes = {"folder": str(workspace.folder)}
        return [
            str(REPOSITORY / ".venv/bin/nuages"),
            "tune",
            str((workspace.tree / self.subfolder).resolve()),
            "--python",
            str(workspace.python),
            "--html",
            str(workspace.folder / f"report-{door}.html"),
            *(argument.format(**substitutes) for argument in self.doors[door]),
        ]

    def _recipe(self) -> str:
        files = [HERE / "trial.py", HERE / f"{self.name}.py", HERE / f"data/{self.name}_data.py"]
        texts = [file.read_bytes() for file in files if file.is_file()]
        return hashlib.sha256(b"".join(texts)).hexdigest()

    def _environment(self, folder: Path) -> None:
        wanted = folder / "requirements.txt"
        wanted.write_text("\n".join((*self.requirements, self.archive)).strip() + "\n")
        subprocess.run(
            ["tools/environment.sh", folder / "venv", wanted, "--", "-r", wanted],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHON": str(self._interpreter())},
            check=True,
        )

    def _interpreter(self) -> Path:
        for version in self.pythons:
            found = shutil.which(f"python{version}")
            pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
            for candidate in [*([Path(found)] if found else []), *pyenv]:
                # A pyenv shim is there for versions that are not active, too: ask it.
                if subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
                    return candidate
        raise CannotSetUp(f"{self.name} needs Python {' or '.join(self.pythons)}")

    def _unpack(self, workspace: Workspace) -> None:
        """Put the source archive where a checkout would be, and the installed copy away."""
        name = self.archive.partition("==")[0]
        pip = [workspace.python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        download = workspace.folder / "download"
        arguments = ["--no-deps", "--no-binary", name, "--dest", download, self.archive]
        subprocess.run([*pip, "download", *arguments], check=True)
        with tarfile.open(next(download.glob("*.tar.gz"))) as archive:
            archive.extractall(download, filter="data")
        unpacked = next(path for path in download.iterdir() if path.is_dir())
        unpacked.rename(workspace.tree)
        shutil.rmtree(download)
        subprocess.run([*pip, "uninstall", "--yes", name], check=True)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run of tune ended."""

    trial: str
    door: str
    exit_code: int
    seconds: float
    output: Path

    @property
    def ended_well(self) -> bool:
        """Findings or none, and no traceback."""
        return self.exit_code in (0, 1) and "Traceback (most recent" not in self.output.read_text()


def tune(trial: Trial, workspace: Workspace, door: str, *extra: str) -> Outcome:
    """Run `nuages tune` on a trial; what it printed is kept beside the report."""
    output = workspace.folder / f"tune-{door}.txt"
    started = time.monotonic()
    with output.open("w") as file:
        done = subprocess.run(
            [*trial.command(workspace, door), *extra],
            cwd=workspace.folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    return Outcome(
        trial=trial.name,
        door=door,
        exit_code=done.returncode,
        seconds=time.monotonic() - started,
        output=output,
    )
