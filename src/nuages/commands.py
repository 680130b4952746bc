"""Commands of a project, as users type them, made to run with the project's interpreter."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nuages import config as configuration
from nuages.errors import NuagesError
from nuages.model import Recording
from nuages.project import Project, ProjectNotFound, discover

PYTHON = re.compile(r"python(\d+(\.\d+)*)?")
# These find or make an environment by the network and by files in HOME; it is known already.
RUNNERS = frozenset({"uv", "poetry", "pipenv", "pdm", "rye", "hatch"})
WITH_VALUE = frozenset({
    "--python", "-p", "--group", "--only-group", "--no-group", "--extra", "--with",
    "--with-editable", "--with-requirements", "--env-file", "--package", "--project",
    "--directory", "-C", "-e", "--env",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, and what is known of how it was recorded."""

    argv: tuple[str, ...]
    cwd: Path | None = None  # None: the project's root
    python: str | None = None  # the interpreter that ran the project
    settings: str | None = None
    variables: frozenset[str] = frozenset()  # names of those that were set

    def missing(self, project: Project) -> list[str]:
        """Variables that were set, that the project's source asks for, and that are not set now."""
        given = {*os.environ, *project.env_file_values, *project.environment}
        return sorted((self.variables & project.environment_names) - given)


def told(text: str) -> Command:
    """The command of `--record`."""
    return Command(argv=tuple(shlex.split(text)))


def recorded(recording: Recording) -> Command:
    """The command that made a recording; NuagesError when it does not say."""
    meta = recording.meta
    argv = json.loads(meta.get("command") or "[]")
    if not argv:
        raise NuagesError(
            "The recording does not say which command made it.",
            hint="Record with `nuages record -- CMD`.",
            slug="no-command",
        )
    python = meta.get("executable") or ""
    return Command(
        argv=tuple(argv),
        cwd=Path(meta["cwd"]) if meta.get("cwd") else None,
        python=python if os.access(python, os.X_OK) else None,
        settings=meta.get("settings") or None,
        variables=frozenset(json.loads(meta.get("variables") or "[]")),
    )


def project_of(recording: Recording, **flags: object) -> Project:
    """The project that was recorded, with the interpreter and the settings that it ran with.

    What the user says in `flags` wins.
    """
    root, command = Path(recording.roots.get(".", ".")), recorded(recording)
    if flags.get("python") is None and configuration.load(root).python is None:
        flags["python"] = command.python
    if flags.get("settings") is None and command.settings:
        with suppress(ProjectNotFound):  # named in a way that only the command itself can follow
            return discover(root, **{**flags, "settings": command.settings})
    return discover(root, **flags)


def with_python(argv: Sequence[str], python: Sequence[str], cwd: Path) -> list[str]:
    """`pytest …`, `./manage.py …`, `uv run pytest …` become the project's own Python's."""
    first, *rest = without_runner(argv)
    if PYTHON.fullmatch(first):
        return [*python, *rest]
    if first.endswith(".py") and (cwd / first).is_file():
        return [*python, first, *rest]
    if os.sep in first:
        path = Path(os.path.abspath(cwd / first))  # not resolved: venvs hang on the link's place
        return [str(path) if _in_environment(path) else first, *rest]
    beside = Path(python[0]).parent / first
    return [str(beside), *rest] if len(python) == 1 and beside.is_file() else [first, *rest]


def without_runner(argv: Sequence[str]) -> list[str]:
    """`uv run --group dev pytest -q` → `pytest -q`."""
    words = list(argv)
    if len(words) < 3 or Path(words[0]).name not in RUNNERS or words[1] != "run":
        return words
    at = 2
    while at < len(words) - 1 and words[at].startswith("-"):
        if words[at] in ("--module", "-m"):
            return ["python", *words[at:]]
        at += 2 if words[at] in WITH_VALUE else 1
    return words[at:]


def _in_environment(path: Path) -> bool:
    """Whether a program belongs to a virtual environment: such folders are not copied."""
    return path.is_file() and (path.parent.parent / "pyvenv.cfg").is_file()
