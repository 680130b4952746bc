"""A Django project in a folder of its own, recorded in an interpreter of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nuages import store
from nuages.model import CallGroup, Load, Location, QueryGroup, Recording, ScopeStats

LIBRARY = Path(__file__).parent / "projects" / "library"
LAYERED = Path(__file__).parent / "projects" / "layered"
ATTIC = LIBRARY.with_name("attic")


@dataclass(frozen=True)
class Seen:
    """A recording, asked in the words of the tests."""

    recording: Recording
    root: Path

    def scope(self, name: str) -> ScopeStats:
        [found] = [stats for stats in self.recording.scopes if stats.scope.name == name]
        return found

    def groups(self, scope: str) -> list[QueryGroup]:
        return [
            group
            for group in self.recording.groups
            if group.scope.name == scope and group.statement.verb not in ("BEGIN", "SAVEPOINT")
        ]

    def loop(self, scope: str) -> QueryGroup:
        """The one kind of query that was made again and again."""
        [found] = [group for group in self.groups(scope) if group.loops]
        return found

    def about(self, scope: str, model: str) -> QueryGroup:
        """The one kind of query that loaded instances of a model."""
        found = [g for g in self.groups(scope) if g.load and g.load.model == model]
        [group] = found
        return group

    def text(self, location: Location | None) -> str | None:
        """The expression a location stands for, as it is written."""
        if location is None or location.column is None or location.end_line is None:
            return None
        lines = (self.root / location.file).read_text().splitlines(keepends=True)
        span = lines[location.line - 1 : location.end_line]
        span[-1] = span[-1][: location.end_column]
        span[0] = span[0][location.column :]
        return "".join(span)

    def chain(self, load: Load | None) -> str:
        """A lineage in one line, the root first: "shelf.Book -author-> shelf.Author"."""
        if load is None:
            return "?"
        if load.relation is None:
            return load.model
        arrow = {"query": "->", "joined": "=>", "prefetched": "~>"}[load.how]
        return f"{self.chain(load.parent)} -{load.relation.field}{arrow} {load.model}"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, at a place that no other project's configuration reaches."""
    folder = tmp_path_factory.mktemp("library") / "library"
    shutil.copytree(LIBRARY, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text("[pytest]\nDJANGO_SETTINGS_MODULE = config.settings\n")
    return folder


@pytest.fixture(scope="session")
def environment(library: Path) -> dict[str, str]:
    """What the project's processes are started with."""
    return {
        **os.environ,
        "LIBRARY_DATABASE": str(library / "database.sqlite3"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@pytest.fixture(scope="session")
def run(library: Path, environment: dict[str, str]) -> Callable[..., str]:
    """Runs a script of the project to its end; → what it printed."""

    def run(*arguments: str) -> str:
        (library / "database.sqlite3").unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=library,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _recorded(library: Path, run: Callable[..., str], script: str, mode: str) -> Seen:
    output = library / f"{Path(script).stem}-{mode}.json"
    run(script, mode, str(output))
    return Seen(store.recording_from([json.loads(output.read_text())]), library)


@pytest.fixture(scope="session")
def cases(library: Path, run: Callable[..., str]) -> Seen:
    """Every function of shelf/cases.py, recorded as a scope of its own."""
    return _recorded(library, run, "shelf/run.py", "deep")


@pytest.fixture(scope="session")
def light_cases(library: Path, run: Callable[..., str]) -> Seen:
    """The same without lineage."""
    return _recorded(library, run, "shelf/run.py", "light")


@pytest.fixture(scope="session")
def site(library: Path, run: Callable[..., str]) -> Seen:
    """Requests to every route of the project."""
    return _recorded(library, run, "shelf/visit.py", "deep")


@pytest.fixture(scope="session")
def light_site(library: Path, run: Callable[..., str]) -> Seen:
    """The same without lineage."""
    return _recorded(library, run, "shelf/visit.py", "light")


@pytest.fixture(scope="session")
def attic(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What projects/attic/run.py wrote: cases run without and with a recorder."""
    output = tmp_path_factory.mktemp("attic") / "attic.json"
    done = subprocess.run(
        [sys.executable, "run.py", str(output)],
        cwd=ATTIC,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(output.read_text())
    return found


@dataclass(frozen=True)
class Visited:
    """What was recorded of some visits, and what they were answered."""

    recording: Recording
    again: Recording
    answers: list[list[Any]]
    uninstalled: list[list[Any]]

    def middleware(self, name: str, route: str = "GET /view/", hop: str = "") -> CallGroup:
        path = name if "." in name else f"layered.middleware.{name}"
        [found] = [
            call
            for call in self.recording.calls
            if (call.kind, call.name, call.operation) == ("middleware", path, hop)
            and call.scope.name == route
        ]
        return found

    def changes(self, name: str, route: str = "GET /view/") -> set[str]:
        """What a middleware did to what passed through it."""
        return set(self.middleware(name, route).outcomes) - {"sampled"}

    def scope(self, route: str) -> ScopeStats:
        [found] = [stats for stats in self.recording.scopes if stats.scope.name == route]
        return found


Visit = Callable[..., Visited]


@pytest.fixture(scope="session")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Visits paths of the project with this middleware."""
    folder = tmp_path_factory.mktemp("layered") / "layered"
    shutil.copytree(LAYERED, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def visit(
        middleware: list[str],
        *paths: str,
        way: str = "sync",
        mode: str = "light",
        settings: dict[str, str] | None = None,
    ) -> Visited:
        output = folder / "visited.json"
        named = " ".join(n if "." in n else f"layered.middleware.{n}" for n in middleware)
        done = subprocess.run(
            [sys.executable, "visit.py", mode, way, str(output), *(paths or ("/view/",))],
            cwd=folder,
            env={
                **os.environ,
                "LAYERED_MIDDLEWARE": named,
                "PYTHONDONTWRITEBYTECODE": "1",
                **(settings or {}),
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(output.read_text())
        assert found["faults"] == []
        return Visited(
            recording=store.recording_from([found["snapshot"]]),
            again=store.recording_from([found["again"]]),
            answers=found["answers"],
            uninstalled=found["uninstalled"],
        )

    return visit
