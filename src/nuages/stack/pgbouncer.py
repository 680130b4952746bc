"""PgBouncer: caps the server's connections, and holds queries back while PostgreSQL restarts."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from nuages.scratch import NOBODY
from nuages.stack.child import Order
from nuages.stack.listening import AS_SYSTEMD, unix
from nuages.stack.pgbouncer_programs import PgBouncerProgram
from nuages.stack.postgres import USER

PORT = 6432  # names the socket file only; nothing listens on the network
ADMIN = "nuages_pool"
PREPARED_SINCE = (1, 21)  # prepared statements in transaction mode


@dataclass(frozen=True, kw_only=True)
class Target:
    """One database behind the pool."""

    name: str  # as clients ask for it; * for every other
    host: str
    port: int
    database: str = ""  # on the server; the same name, when empty
    user: str = USER
    password: str = ""


@dataclass(frozen=True, kw_only=True)
class PgBouncer:
    """One PgBouncer: its program, its folder of socket and configuration, what is behind it."""

    program: PgBouncerProgram
    folder: Path
    targets: tuple[Target, ...]
    size: int = 20  # connections to the server, for each database
    max_clients: int = 1000
    name: str = "pgbouncer"
    listening: socket.socket | None = None  # held for it, where it can be handed one

    def hold(self) -> PgBouncer:
        """The same, with its socket held by this process."""
        if not self.program.takes_socket:
            return self
        return replace(self, listening=unix(self.folder / f".s.PGSQL.{PORT}"))

    def order(self) -> Order:
        """How it is run. SIGTERM ends it at once: by then nobody is connected any more."""
        command = (str(self.program.path), str(self.folder / "pgbouncer.ini"))
        return Order(
            name=self.name,
            argv=(*AS_SYSTEMD, *command) if self.listening else command,
            socket=self.listening.fileno() if self.listening else None,
            environment=self.program.environment(),
            as_nobody=True,
            grace=10.0,
        )

    def prepare(self) -> None:
        """Write its folder and configuration, for it to read and nobody else."""
        user = NOBODY if os.geteuid() == 0 else None
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in (("pgbouncer.ini", self.configuration()), ("users", self._users())):
            path = self.folder / name
            path.unlink(missing_ok=True)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
                if user is not None:
                    os.fchown(file.fileno(), user, user)
        if user is not None:
            os.chown(self.folder, 0, user)
            self.folder.chmod(0o770)

    def configuration(self) -> str:
        """pgbouncer.ini."""
        lines = ["[databases]"]
        lines += [f"{target.name} = {connection_string(target)}" for target in self.targets]
        lines += ["[pgbouncer]", *(f"{key} = {value}" for key, value in self._settings().items())]
        return "\n".join(lines) + "\n"

    def _settings(self) -> Mapping[str, object]:
        settings: dict[str, object] = {
            "listen_port": PORT,
            "unix_socket_dir": self.folder,
            "unix_socket_mode": "0777",  # the folder around the socket is the lock
            # A plaintext password costs a SCRAM handshake a connection: 0.55 to 0.66 of the
            # throughput of connecting without a pool; trust, 6 to 7 times as much.
            "auth_type": "trust",
            "auth_file": self.folder / "users",
            "admin_users": ADMIN,
            "pool_mode": "transaction",
            "max_client_conn": self.max_clients,
            "default_pool_size": self.size,
            "server_login_retry": 1,  # seconds; 15 by default, all of which an outage would last
            "query_wait_timeout": 30,
            "server_lifetime": 3600,
            "log_connections": 0,
            "log_disconnections": 0,
            "log_stats": 0,
        }
        if self.program.version >= PREPARED_SINCE:
            settings["max_prepared_statements"] = 200
        return settings

    def _users(self) -> str:
        return f'"{USER}" ""\n"{ADMIN}" ""\n'

    def admin(self, command: str) -> list[dict[str, Any]]:
        """Run PAUSE, RESUME, SHOW …; the rows, when it gives some."""
        return admin(self.folder, command)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            self.admin("SHOW VERSION")
        except psycopg.Error:
            return False
        return True


def admin(folder: Path, command: str) -> list[dict[str, Any]]:
    """Run a command of the console of the PgBouncer whose socket is in a folder."""
    with closing(
        psycopg.connect(
            host=str(folder), port=PORT, user=ADMIN, dbname="pgbouncer", autocommit=True,
            connect_timeout=5, cursor_factory=psycopg.ClientCursor,
        )
    ) as connection:  # fmt: skip
        cursor = connection.execute(command.encode())
        if cursor.description is None:
            return []
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def connection_string(target: Target) -> str:
    """The right side of a line of [databases]."""
    pairs: Iterable[tuple[str, object]] = (
        ("host", target.host), ("port", target.port), ("dbname", target.database),
        ("user", target.user), ("password", target.password),
    )  # fmt: skip
    return " ".join(f"{key}={_quoted(str(value))}" for key, value in pairs if value != "")


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w./:@-]+", value) else "'" + value.replace("'", "''") + "'"
