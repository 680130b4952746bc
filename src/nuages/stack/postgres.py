"""A scratch PostgreSQL of this run's own: no port, no password, no fsync, gone with the tool."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from nuages.errors import NuagesError
from nuages.scratch import (
    NOBODY,
    OWNER_FILE,
    make_owned_folder,
    remove,
    short_temporary_folder,
)  # fmt: skip
from nuages.stack import keeper
from nuages.stack.programs import Programs, pg_major

USER = "nuages"  # the project's role: no superuser, whose COPY … TO PROGRAM runs unenclosed
ADMIN = "nuages_admin"  # the tool's own role, by a password that only the tool knows
PORT = 5432  # names the socket file only; nothing listens on the network
SOCKET_LIMIT = 103  # bytes of sun_path on macOS; Linux has 107
START_LIMIT = 60.0  # seconds; 0.9 to 2.1 are usual
LOG_LINES = 8
ACCESS = f"local all {USER} trust\nlocal all {ADMIN} scram-sha-256\n"  # pg_hba.conf, all of it

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0777",  # the folder around the socket is the lock
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",  # saves Django a query per connection
    "log_timezone": "UTC",
    # Nothing here has to survive a crash.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    # The same question gets the same answer in the same order.
    "synchronize_seqscans": "off",
    "max_parallel_workers_per_gather": "0",
    "autovacuum": "off",  # it would analyse, and so change plans, in mid-run
    # In the data folder instead of /dev/shm, where a killed server would leave it.
    "dynamic_shared_memory_type": "mmap",
}
# A request that is given up, or a process that is killed, leaves a query that nobody waits for.
SINCE_14 = {"client_connection_check_interval": "500ms"}


class PostgresUnavailable(NuagesError):  # noqa: N818  (a state of the machine, caught to fall back)
    """No PostgreSQL could be started here; the caller may go on with SQLite, and say so."""

    slug = "postgres"


@dataclass(frozen=True, kw_only=True)
class Start:
    """How one server is started: pure data, executed by the keeper."""

    before: tuple[tuple[str, ...], ...]
    command: tuple[str, ...]
    log: Path
    user: int | None


class PostgresServer:
    """One server: start it, stop it, and its files are gone."""

    def __init__(self, programs: Programs, scratch: Path) -> None:
        self.programs = programs
        self.home = _home(scratch)
        self.socket_dir = self.home / "s"
        self.notes: tuple[str, ...] = (programs.describe(),)
        self._scratch = scratch
        self._password = secrets.token_urlsafe(32)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def major(self) -> int:
        """15 of 15.14."""
        return pg_major(self.programs.version)

    @property
    def log(self) -> Path:
        """What the server and initdb print."""
        return self.home / "postgres.log"

    def start(self, extensions: Iterable[str] = ()) -> PostgresServer:
        """Create the cluster and serve; PostgresUnavailable with the tail of the log if not.

        Every new database has the extensions, as far as this installation has them.
        """
        user = NOBODY if os.geteuid() == 0 else None
        try:
            _prepare(self.home, self.socket_dir, user)
            _write_access(self.home, self._password, user)
        except OSError as error:
            raise PostgresUnavailable(
                f"PostgreSQL does not run as root, and no other user can be used here: {error}",
                hint="run nuages as another user",
            ) from error
        order = plan(self.programs, self.home, self.socket_dir, user)
        self._process = _keep(order, [self.home, *_abandonable(self._scratch)])
        deadline = time.monotonic() + START_LIMIT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise self._failure()
            time.sleep(0.02)
        _password_file(self.home).unlink()
        self._make_role()
        self._make_extensions(extensions)
        return self

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """An autocommit connection as the superuser, which the project can not become."""
        return psycopg.connect(
            host=str(self.socket_dir), port=PORT, user=ADMIN, password=self._password,
            dbname=database, autocommit=True, connect_timeout=10,
            options="-c client_min_messages=warning",
        )  # fmt: skip

    def stop(self) -> None:
        """Stop the server and remove its files; safe to call again."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            try:
                process.stdin.write(b"stop\n")
                process.stdin.close()
            except OSError:
                pass  # the keeper is gone, and the server with it
            process.wait(4 * keeper.PATIENCE)
        remove(self.home)

    def _make_role(self) -> None:
        role = sql.Identifier(USER)
        with self.connect("template1") as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN CREATEDB NOSUPERUSER NOCREATEROLE").format(role)
            )
            if self.major < 15:  # since then it is the database owner's
                connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(role))

    def _make_extensions(self, names: Iterable[str]) -> None:
        """In the template, as most may be made by a superuser only; tests' databases come of it."""
        with self.connect("template1") as connection:
            for name in sorted(names):
                command = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE")
                with contextlib.suppress(psycopg.Error):  # the migration says what is missing
                    connection.execute(command.format(sql.Identifier(name)))

    def _answers(self) -> bool:
        if not (self.socket_dir / f".s.PGSQL.{PORT}").exists():
            return False
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _failure(self) -> PostgresUnavailable:
        tail = log_tail(self.log)
        self.stop()
        return PostgresUnavailable(
            f"{self.programs.describe()} did not start",
            hint="run `nuages tune` as another user, or install your system's postgresql package",
            detail=tail,
        )


def plan(programs: Programs, home: Path, socket_dir: Path, user: int | None) -> Start:
    """The commands that create and run a cluster below `home`."""
    data = home / "data"
    initdb = (
        str(programs.bin / "initdb"), "-D", str(data), "-U", ADMIN, "-A", "scram-sha-256",
        "--pwfile", str(_password_file(home)), "-E", "UTF8", "--no-sync",
        *locale_arguments(programs),
    )  # fmt: skip
    settings = dict(
        SETTINGS if pg_major(programs.version) < 14 else {**SETTINGS, **SINCE_14},
        unix_socket_directories=str(socket_dir),
        hba_file=str(_access_file(home)),
    )
    if programs.has_library("pg_stat_statements"):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    pairs = (word for key, value in settings.items() for word in ("-c", f"{key}={value}"))
    command = (str(programs.bin / "postgres"), "-D", str(data), *pairs)
    return Start(before=(initdb,), command=command, log=home / "postgres.log", user=user)


def locale_arguments(programs: Programs) -> tuple[str, ...]:
    """Sort by code point on every machine, yet know upper from lower beyond ASCII."""
    if pg_major(programs.version) >= 17:
        return ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    return ("--locale=C.UTF-8",) if _has_c_utf8() else ("--locale=C",)


def log_tail(path: Path, lines: int = LOG_LINES) -> str:
    """The last lines of a server's log, for an error's detail."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _has_c_utf8() -> bool:
    try:
        done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return "C.utf8" in done.stdout or "C.UTF-8" in done.stdout


def _home(scratch: Path) -> Path:
    inside = scratch / "pg"
    socket = os.fsencode(inside / "s" / f".s.PGSQL.{PORT}")
    if len(socket) <= SOCKET_LIMIT and (os.geteuid() != 0 or _nobody_enters(scratch)):
        inside.mkdir(mode=0o700)
        return inside
    if os.geteuid() != 0:
        return make_owned_folder(short_temporary_folder())
    places = (short_temporary_folder(), Path("/tmp"), Path("/var/tmp"))
    return make_owned_folder(next(filter(_nobody_enters, places), places[0]))


def _nobody_enters(folder: Path) -> bool:
    return all(
        status.st_mode & 0o001 or (status.st_gid == NOBODY and status.st_mode & 0o010)
        for status in (path.stat() for path in (folder, *folder.parents))
    )


def _prepare(home: Path, socket_dir: Path, user: int | None) -> None:
    socket_dir.mkdir(mode=0o700)
    (home / "data").mkdir(mode=0o700)
    if user is None:
        return
    for folder, owner, mode in ((home, 0, 0o710), (home / "data", user, 0o700)):
        os.chown(folder, owner, user)
        folder.chmod(mode)
    # Owned by root, so that a user namespace that maps root alone can still reach the socket.
    os.chown(socket_dir, 0, user)
    socket_dir.chmod(0o770)


def _write_access(home: Path, password: str, user: int | None) -> None:
    """Who may connect and how; the password is a file until initdb has read it."""
    for path, text in ((_access_file(home), ACCESS), (_password_file(home), f"{password}\n")):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            if user is not None:
                os.fchown(file.fileno(), user, user)


def _access_file(home: Path) -> Path:
    return home / "pg_hba.conf"


def _password_file(home: Path) -> Path:
    return home / "password"


def _abandonable(scratch: Path) -> list[Path]:
    try:
        owner = json.loads((scratch / OWNER_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [] if owner.get("keep") else [scratch]


def _keep(start: Start, belongings: list[Path]) -> subprocess.Popen[bytes]:
    order = {
        "before": start.before, "command": start.command, "user": start.user,
        "log": str(start.log), "remove": [str(path) for path in belongings],
    }  # fmt: skip
    with start.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(keeper.__file__), json.dumps(order)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log,
            cwd="/", env=environment(),
        )  # fmt: skip


def environment() -> dict[str, str]:
    """A server's variables: none of the user's PG*, and messages in English whatever the locale."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_MESSAGES": "C", "TZ": "UTC"}
