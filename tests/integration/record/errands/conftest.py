"""A run of every errand of the project, recorded in an interpreter of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from nuages import store
from nuages.model import CallGroup, QueryGroup, Recording, ScopeStats
from nuages.scratch import Scratch
from nuages.stack.databases import start_postgres
from nuages.stack.postgres import USER
from nuages.stack.valkey import Valkey
from nuages.stack.valkey import find as find_valkey


@dataclass(frozen=True)
class Errands:
    """The recording of a run, asked in the words of the tests."""

    recording: Recording
    alias: str  # of the database that the cases of connections use

    def scope(self, name: str) -> ScopeStats:
        [found] = [stats for stats in self.recording.scopes if stats.scope.name == name]
        return found

    def each(self, scope: str, kind: str) -> list[CallGroup]:
        return [c for c in self.recording.calls if c.kind == kind and c.scope.name == scope]

    def calls(self, scope: str, kind: str) -> dict[tuple[str, str], CallGroup]:
        """By name and operation, where each is made in one line only."""
        groups = self.each(scope, kind)
        found = {(group.name, group.operation): group for group in groups}
        assert len(found) == len(groups)
        return found

    def queries(self, scope: str, verb: str) -> list[QueryGroup]:
        groups = [group for group in self.recording.groups if group.scope.name == scope]
        return [group for group in groups if group.statement.verb == verb]


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, str]]:
    """Settings of a database on a PostgreSQL of this run's own."""
    with Scratch() as scratch, start_postgres(scratch.path) as databases:
        databases.create(["nuages_errands"])
        yield {"HOST": str(databases.socket_dir), "USER": USER, "NAME": "nuages_errands"}


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The address of a Valkey of this run's own; it comes with the extra "stack"."""
    program = find_valkey()
    assert program is not None, "pip install -e '.[stack,dev]'"
    with Scratch() as scratch:
        server = Valkey(program=program, folder=scratch.path, memory_mb=16)
        order = server.order()
        with subprocess.Popen(
            order.argv, env=dict(order.environment), cwd=order.cwd, stdout=subprocess.DEVNULL
        ) as process:
            until = time.monotonic() + 10
            while not server.answers():
                assert time.monotonic() < until
                time.sleep(0.02)
            yield server.url
            process.terminate()


@pytest.fixture(scope="session")
def run_errands(
    library: Path,
    environment: dict[str, str],
    valkey: str,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Callable[[str, str], Errands]:
    """Runs them in a mode, on the database of an alias, once each."""

    @cache
    def run(mode: str, alias: str) -> Errands:
        folder = tmp_path_factory.mktemp("errands")
        variables = {
            "LIBRARY_DATABASE": str(folder / "database.sqlite3"),
            "ERRANDS_FILES": str(folder / "cache"),
            "ERRANDS_ALIAS": alias,
            "ERRANDS_REDIS": valkey,
        }
        if alias == "postgres":
            variables["ERRANDS_POSTGRES"] = json.dumps(request.getfixturevalue("postgres"))
        done = subprocess.run(
            [sys.executable, "errands/run.py", mode, str(folder / "snapshot.json")],
            cwd=library,
            env={**os.environ, **environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        snapshot = json.loads((folder / "snapshot.json").read_text())
        return Errands(store.recording_from([snapshot]), alias)

    return run


@pytest.fixture(scope="session", params=["light", "deep"])
def errands(request: pytest.FixtureRequest, run_errands: Callable[[str, str], Errands]) -> Errands:
    """What was recorded of them."""
    return run_errands(request.param, "default")
