"""The scratch databases of a run: made, cloned and dropped, and never any other database."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import psycopg
from psycopg import sql

from nuages.errors import NuagesError
from nuages.stack.postgres import PORT, USER, PostgresServer, PostgresUnavailable
from nuages.stack.programs import OLDEST, Programs, candidates, runnable

OURS = re.compile(r"(test_)?nuages_\w+")


class ScratchDatabases(Protocol):
    """What a run needs of its databases, whatever the server. Names are databases' names."""

    vendor: str  # "postgresql" | "sqlite"
    notes: tuple[str, ...]  # said aloud: version, embedded or system, why not another
    socket_dir: Path | None

    @property
    def folder(self) -> Path | None:
        """Of database files, to be writable for the project."""

    def overlay(self, prefix: str) -> dict[str, Any]:
        """The overlay's part: {"postgres": {…}} or {"sqlite": {…}}."""

    def create(self, names: Iterable[str]) -> None:
        """Create the missing ones, empty."""

    def clone(self, source: str, target: str) -> None:
        """Make `target` a copy of `source`; both lose their connections, an old target goes."""

    def analyze(self, names: Iterable[str]) -> None:
        """Tell the planner about the rows; nothing else does, so call it after filling."""

    def drop(self, names: Iterable[str]) -> None:
        """Remove them, connected or not; missing ones are fine."""

    def exists(self, name: str) -> bool:
        """Whether there is such a database."""

    def stop(self) -> None:
        """End the server and remove every trace of it."""


class Stopping:
    """`with` for scratch databases."""

    def stop(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class PostgresDatabases(Stopping):
    """Scratch databases on a PostgreSQL of this run's own."""

    vendor = "postgresql"

    def __init__(self, server: PostgresServer, notes: tuple[str, ...] = ()) -> None:
        self.server = server
        self.notes = (*server.notes, *notes)
        self.socket_dir: Path | None = server.socket_dir
        self.folder: Path | None = None

    def overlay(self, prefix: str) -> dict[str, Any]:
        where = {"host": str(self.server.socket_dir), "port": PORT, "user": USER}
        return {"postgres": {**where, "prefix": prefix}}

    def create(self, names: Iterable[str]) -> None:
        for name in names:
            if not self.exists(name):
                self._run(f"CREATE DATABASE {{}} OWNER {USER}", name)

    def clone(self, source: str, target: str) -> None:
        self.drop([target])
        self._disconnect(source)
        command = f"CREATE DATABASE {{}} OWNER {USER} TEMPLATE {{}} STRATEGY FILE_COPY"
        self._run(command, target, source)

    def analyze(self, names: Iterable[str]) -> None:
        for name in names:
            with self.server.connect(_ours(name)) as connection:
                connection.execute("ANALYZE")

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def exists(self, name: str) -> bool:
        with self.server.connect() as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def connect(self, name: str) -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommit connection as the project's role, to run what the project would."""
        return psycopg.connect(
            host=str(self.server.socket_dir), port=PORT, user=USER, dbname=_ours(name),
            autocommit=True, connect_timeout=10, options="-c client_min_messages=warning",
        )  # fmt: skip

    def stop(self) -> None:
        self.server.stop()

    def _disconnect(self, name: str) -> None:
        with self.server.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )

    def _run(self, command: str, *names: str) -> None:
        if self.server.major < 15:  # before, copying files was the only strategy
            command = command.removesuffix(" STRATEGY FILE_COPY")
        identifiers = (sql.Identifier(_ours(name)) for name in names)
        with self.server.connect() as connection:
            connection.execute(sql.SQL(command).format(*identifiers))


class SqliteDatabases(Stopping):
    """Scratch databases in files: for projects that cannot run on PostgreSQL."""

    vendor = "sqlite"

    def __init__(self, scratch: Path, notes: tuple[str, ...] = ()) -> None:
        self.folder: Path = scratch / "sqlite"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.notes = (f"SQLite {sqlite3.sqlite_version}, not PostgreSQL", *notes)
        self.socket_dir: Path | None = None

    def overlay(self, prefix: str) -> dict[str, Any]:
        return {"sqlite": {"dir": str(self.folder), "prefix": prefix}}

    def create(self, names: Iterable[str]) -> None:
        for name in names:
            self._file(name).touch()

    def clone(self, source: str, target: str) -> None:
        self.drop([target])
        if not self._file(source).exists():
            raise NuagesError(f"there is no scratch database {source}", slug="database")
        with sqlite3.connect(self._file(source)) as old, sqlite3.connect(self._file(target)) as new:
            old.backup(new)  # copies what is still in a write-ahead log, too

    def analyze(self, names: Iterable[str]) -> None:
        for name in names:
            with sqlite3.connect(self._file(name)) as connection:
                connection.execute("ANALYZE")

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            for ending in ("", "-wal", "-shm", "-journal"):
                Path(f"{self._file(name)}{ending}").unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        return self._file(name).exists()

    def stop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _file(self, name: str) -> Path:
        # Django reports a file's path as the name of a SQLite database.
        return self.folder / f"{_ours(Path(name).name.removesuffix('.sqlite3'))}.sqlite3"


def start_postgres(
    scratch: Path, *, wanted: str = "", minimum: int = OLDEST, extensions: Iterable[str] = ()
) -> PostgresDatabases:
    """Start the best PostgreSQL of this machine in `scratch`.

    `wanted`: "system", "embedded" or a folder of programs; `minimum`: the major version that the
    project's Django accepts; `extensions`: what its migrations create, noted where missing.
    Raises PostgresUnavailable when none starts; its detail says why for each that was tried.
    """
    needed = frozenset(extensions)
    failed: list[str] = []
    installed = list(candidates(wanted, minimum=minimum))
    for programs in sorted(installed, key=lambda each: len(missing(each, needed))):
        try:
            server = PostgresServer(runnable(programs, scratch), scratch).start(needed)
        except PostgresUnavailable as error:
            failed.append(f"{error.message}\n{error.detail}".strip())
            continue
        return PostgresDatabases(server, (*failed, *_lacks(programs, needed)))
    raise _unavailable(failed, wanted, minimum)


def start_sqlite(scratch: Path, *, reason: str = "") -> SqliteDatabases:
    """Scratch databases in files; `reason` is why not PostgreSQL, said aloud."""
    return SqliteDatabases(scratch, (reason,) if reason else ())


def missing(programs: Programs, needed: frozenset[str]) -> frozenset[str]:
    """The extensions that this installation lacks; none when it does not tell what it has."""
    return needed - available if (available := programs.extensions()) else frozenset()


def _lacks(programs: Programs, needed: frozenset[str]) -> tuple[str, ...]:
    if not (lacking := missing(programs, needed)):
        return ()
    names = ", ".join(sorted(lacking))
    return (
        f"{programs.describe()} has no extension {names}, which the project's migrations create;"
        " install it for a system PostgreSQL (on Debian: postgresql-contrib, postgis)",
    )


def _unavailable(failed: list[str], wanted: str, minimum: int) -> PostgresUnavailable:
    which = f" ({wanted})" if wanted else ""
    found = f"found none that is {minimum} or newer" if not failed else "none of those here starts"
    return PostgresUnavailable(
        f"needs a PostgreSQL{which} to start a scratch server from, {found}",
        hint="pip install 'nuages[stack]', or install your system's postgresql package",
        detail="\n".join(failed),
    )


def _ours(name: str) -> str:
    if OURS.fullmatch(name):
        return name
    raise NuagesError(
        f"nuages only touches databases named nuages_… or test_nuages_…, not {name!r}",
        slug="database",
    )
