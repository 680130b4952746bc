"""Which databases are filled: told by URL or the project's own, and only such as may be."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg

from nuages.errors import NuagesError

VENDORS = {
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql",
    "sqlite": "sqlite", "mysql": "mysql", "mariadb": "mysql",
}  # fmt: skip
SCRATCH = re.compile(r"(test_)?nuages_\w+")
LOCAL = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0"})
WAYS = (
    "name a database: nuages populate --database postgres:///nuages_scratch; or --own for the"
    " project's own, as its settings name them"
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One database: where it is and as whom it is written."""

    vendor: str
    name: str
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = ""

    @property
    def is_scratch(self) -> bool:
        """Whether its name says that it is nuages' to fill."""
        return bool(SCRATCH.fullmatch(Path(self.name).name.split(".")[0]))

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine: a file, a socket, the loopback."""
        return self.vendor == "sqlite" or self.host in LOCAL or self.host.startswith("/")

    def __str__(self) -> str:
        return f"{self.name} on {self.host or 'this machine'}" if self.host else self.name

    def overlay(self) -> dict[str, Any]:
        """The agent's overlay that leads every alias here."""
        names = ("vendor", "name", "host", "port", "user", "password")
        return {"told": {name: getattr(self, name) for name in names}}

    def connect(self, database: str = "") -> psycopg.Connection[tuple[Any, ...]]:
        """An autocommit connection to a PostgreSQL database."""
        told = {
            "host": self.host, "port": self.port, "user": self.user, "password": self.password,
            "dbname": database or self.name,
        }  # fmt: skip
        given: dict[str, Any] = {key: value for key, value in told.items() if value}
        try:
            return psycopg.connect(
                **given, autocommit=True, connect_timeout=10,
                application_name="nuages populate", options="-c client_min_messages=warning",
            )  # fmt: skip
        except psycopg.OperationalError as error:
            raise NuagesError(
                f"no connection to the database {self}: {str(error).strip()}",
                hint="does `psql` reach it with the same host, port, user and password?"
                " --database sqlite:///nuages_scratch.sqlite3 needs no server",
                slug="database",
            ) from error


def of_url(url: str) -> Place:
    """The place that a URL such as postgres://user:password@host:5432/name tells."""
    parts = urlsplit(url)
    vendor = VENDORS.get(parts.scheme.partition("+")[0])
    if vendor is None:
        raise NuagesError(
            f"{parts.scheme or url!r} is no scheme of a database",
            hint=f"use one of {', '.join(VENDORS)}://",
            slug="database",
        )
    if vendor == "sqlite":
        path = unquote(parts.path)
        return Place(vendor=vendor, name=os.path.abspath(path.removeprefix("/") or path))
    query = dict(parse_qsl(parts.query))
    return Place(
        vendor=vendor,
        name=unquote(parts.path).lstrip("/"),
        host=unquote(parts.hostname or query.get("host", "")),
        port=str(parts.port or query.get("port", "")),
        user=unquote(parts.username or query.get("user", "")),
        password=unquote(parts.password or ""),
    )


def of_agent(told: Mapping[str, str]) -> Place:
    """The place that an alias of the project leads to, as the agent says it."""
    return Place(**{name: told[name] for name in
                    ("vendor", "name", "host", "port", "user", "password")})  # fmt: skip


def allow(place: Place, *, remote: str | None) -> None:
    """Raise NuagesError for a database that is neither scratch nor local.

    `remote` is the second time of telling: the name of the database, spelled out.
    """
    if place.is_scratch or place.is_local or remote == Path(place.name).name:
        return
    raise NuagesError(
        f"{place} is neither a scratch database (nuages_…) nor on this machine",
        hint=f"if it may be filled with made-up rows, say so: --remote {place.name}",
        slug="not-scratch",
    )


def make(place: Place) -> None:
    """Create a scratch database of PostgreSQL that is not there yet."""
    if place.vendor != "postgresql" or not place.is_scratch:
        return
    with place.connect("postgres") as connection:
        found = connection.execute(
            "SELECT FROM pg_database WHERE datname = %s", [place.name]
        ).fetchone()
        if found is None:
            connection.execute(f'CREATE DATABASE "{place.name}"'.encode())


def none_told() -> NuagesError:
    """The error of a run that does not say which database it means."""
    return NuagesError("no database is named to be filled", hint=WAYS, slug="not-scratch")
