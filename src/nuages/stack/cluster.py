"""The stack's own PostgreSQL: durable, kept between two runs, reached by sockets only."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from nuages.scratch import NOBODY
from nuages.stack.child import Order
from nuages.stack.home import StackError
from nuages.stack.postgres import ADMIN, PORT, USER, environment, locale_arguments
from nuages.stack.programs import Programs, pg_major

OURS = re.compile(r"nuages_\w+")
ACCESS = (  # pg_hba.conf, all of it; the folder around the sockets is the lock for the first
    f"local all {USER} trust\n"
    f"local all {ADMIN} scram-sha-256\n"
    f"local replication {ADMIN} scram-sha-256\n"
)
START_LIMIT = 60.0  # seconds; 0.1 are usual, a recovery after a crash may take longer

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0777",
    "shared_buffers": "128MB",
    "timezone": "UTC",  # saves Django a query per connection
    "log_timezone": "UTC",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    # Log for a standby that was away. Not a slot: one that never comes back would fill the disk.
    "wal_keep_size": "256MB",
    "log_min_messages": "warning",
}


STATEMENTS: Mapping[str, str] = {
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.save": "off",  # what an earlier run asked is no news
    "pg_stat_statements.track_utility": "off",  # such commands are kept with what they hold
}


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster below `folder`: its data, its sockets, its admin's password."""

    name: str  # of its process: "postgres", "postgres-replica"
    programs: Programs
    folder: Path
    max_connections: int = 100

    @property
    def socket_dir(self) -> Path:
        return sockets(self.folder)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def major(self) -> int:
        """15 of 15.14."""
        return pg_major(self.programs.version)

    @property
    def counts_statements(self) -> bool:
        """Whether the server keeps the time of each statement."""
        return self.programs.has_library("pg_stat_statements")

    @property
    def exists(self) -> bool:
        """Whether there is data from an earlier run."""
        return (self.data / "PG_VERSION").exists()

    def order(self) -> Order:
        """How the server is run; SIGINT is its fast shutdown."""
        settings = dict(
            SETTINGS,
            unix_socket_directories=str(self.socket_dir),
            hba_file=str(self.folder / "pg_hba.conf"),
            max_connections=str(self.max_connections),
        )
        if self.counts_statements:
            settings |= STATEMENTS
        pairs = (word for key, value in settings.items() for word in ("-c", f"{key}={value}"))
        return Order(
            name=self.name,
            argv=(str(self.programs.bin / "postgres"), "-D", str(self.data), *pairs),
            environment=environment(),
            as_nobody=True,
            stop=signal.SIGINT,
        )

    def create(self) -> None:
        """Make the cluster, unless an earlier run has; StackError when initdb refuses."""
        self._prepare()
        if self.exists:
            self._check_version()
            return
        command = (
            str(self.programs.bin / "initdb"), "-D", str(self.data), "-U", ADMIN,
            "-A", "scram-sha-256", "--pwfile", str(self._password_file), "-E", "UTF8",
            "--no-sync", *locale_arguments(self.programs),
        )  # fmt: skip
        user = _server_user()
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", env=environment(),
            user=user, group=user, extra_groups=None if user is None else [],
        )  # fmt: skip
        if done.returncode != 0:
            raise StackError(
                f"{self.programs.describe()} could not create a cluster in {self.data}",
                hint="see the lines above; `nuages down --purge` removes what is there",
                detail=done.stderr or done.stdout,
            )

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """An autocommit connection as the administrator, which the project can not become."""
        return connect(self.folder, database)

    def answers(self) -> bool:
        """Whether the server takes connections."""
        if not (self.socket_dir / f".s.PGSQL.{PORT}").exists():
            return False
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def wait(self, limit: float = START_LIMIT) -> bool:
        """Wait until the server takes connections; False when it does not within the limit."""
        deadline = time.monotonic() + limit
        while not self.answers():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def set_up(self, extensions: Iterable[str] = ()) -> None:
        """Make the project's role, and the extensions where they can be had."""
        with self.connect("template1") as connection:
            found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [USER])
            role = sql.Identifier(USER)
            if found.fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            if pg_major(self.programs.version) < 15:  # since then it is the database owner's
                connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(role))
            for name in sorted(extensions):
                command = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE")
                with suppress(psycopg.Error):  # the migration says what is missing
                    connection.execute(command.format(sql.Identifier(name)))
        if self.counts_statements:
            with self.connect() as connection, suppress(psycopg.Error):
                connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    def make_databases(self, names: Iterable[str]) -> None:
        """Make those that are missing; only names of nuages' own are taken."""
        with self.connect() as connection:
            there = {str(row[0]) for row in connection.execute("SELECT datname FROM pg_database")}
            for name in sorted(set(names) - there):
                if not OURS.fullmatch(name):
                    raise StackError(
                        f"nuages makes databases named nuages_… only, not {name!r}",
                        hint="see [tool.nuages.topology]",
                    )
                command = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(command.format(sql.Identifier(name), sql.Identifier(USER)))

    @property
    def _password_file(self) -> Path:
        return _password_file(self.folder)

    def _prepare(self) -> None:
        user = _server_user()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        self.data.mkdir(mode=0o700, exist_ok=True)
        if not self._password_file.exists():
            _write(self._password_file, secrets.token_urlsafe(32), user)
        _write(self.folder / "pg_hba.conf", ACCESS, user)
        if user is not None:
            os.chown(self.folder, 0, user)
            self.folder.chmod(0o710)
            os.chown(self.data, user, user)
            os.chown(self.socket_dir, 0, user)
            self.socket_dir.chmod(0o770)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text("utf-8").strip()
        if int(found) != pg_major(self.programs.version):
            raise StackError(
                f"the data of this stack is PostgreSQL {found}'s, this is "
                f"{self.programs.describe()}",
                hint="nuages down --purge removes the data; or install that PostgreSQL again",
            )


def sockets(folder: Path) -> Path:
    """Where the cluster below a folder listens."""
    return folder / "s"


def _password_file(folder: Path) -> Path:
    return folder / "password"


def connect(folder: Path, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """An autocommit connection to the cluster below a folder, as its administrator."""
    return psycopg.connect(
        host=str(sockets(folder)), port=PORT, user=ADMIN, dbname=database,
        password=_password_file(folder).read_text("utf-8").strip(), autocommit=True,
        connect_timeout=10, options="-c client_min_messages=warning",
    )  # fmt: skip


def _server_user() -> int | None:
    return NOBODY if os.geteuid() == 0 else None


def _write(path: Path, text: str, user: int | None) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")
        if user is not None:
            os.fchown(file.fileno(), user, user)
