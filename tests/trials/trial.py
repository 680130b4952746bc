"""Another people's project: fetched from PyPI, set up in an environment of its own, tuned."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.trials.fetching import HERE, REPOSITORY, interpreter, make_environment, pip, unpack


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
        requirements = (*self.requirements, self.archive)
        make_environment(folder, requirements, interpreter(self.pythons))
        if self.archive:  # where a checkout would be, and the installed copy away
            unpack(workspace.python, self.archive, workspace.tree)
            pip(workspace.python, "uninstall", "--yes", self.archive.partition("==")[0])
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
        names = ("fetching", "trial", self.name, f"data/{self.name}_data")
        files = [HERE / f"{name}.py" for name in names]
        texts = [file.read_bytes() for file in files if file.is_file()]
        return hashlib.sha256(b"".join(texts)).hexdigest()


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
