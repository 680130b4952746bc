"""A project of odd models, and a PostgreSQL that its databases are made on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nuages.scratch import Scratch
from nuages.stack.databases import PostgresDatabases, start_postgres

PROJECT = Path(__file__).parent / "project"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresDatabases]:
    with Scratch() as scratch, start_postgres(scratch.path) as databases:
        yield databases


@pytest.fixture(scope="session")
def url(server: PostgresDatabases) -> Callable[[str], str]:
    """The URL of a scratch database of that name."""
    return lambda name: f"postgres://nuages@/{name}?host={server.socket_dir}"


@pytest.fixture(scope="session")
def command() -> Callable[..., list[str]]:
    """`nuages populate` of the project with the arguments given."""

    def argv(*arguments: str) -> list[str]:
        return [
            sys.executable, "-m", "nuages", "populate", str(PROJECT), "--python", sys.executable,
            *arguments,
        ]  # fmt: skip

    return argv


@pytest.fixture(scope="session")
def populate(command: Callable[..., list[str]]) -> Run:
    """Runs the command to its end."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=240)

    return run
