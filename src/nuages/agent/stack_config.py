"""What a process of a stack is told about its surroundings, by a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

import nuages

UNTOUCHED = frozenset({"DATABASES"})  # not to be kept: it would be the project's own database


@dataclass(frozen=True, kw_only=True)
class Cache:
    """The server that all replicas share."""

    kind: Literal["valkey", "memcached"]
    # "unix:///run/v.sock", "redis://127.0.0.1:6379"; memcached: "unix:/run/m.sock", "host:11211"
    url: str
    databases: int = 16  # Valkey's own default


@dataclass(frozen=True, kw_only=True)
class Secret:
    """For a SECRET_KEY that every process makes anew: the stack's own is used instead.

    The first process (it migrates, and serves nobody) leaves a digest of its key; one with
    another key knows by it that keys are random.
    """

    digest: str  # a file, to be written by the first process
    key: str


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """Where this process is in its stack, and where the other parts of it are."""

    service: str = "web"
    replica: str = "web-1"
    keep: tuple[str, ...] = ()  # settings, or keys of DATABASES' entries, that stay as they are
    postgres: Mapping[str, Any] | None = None  # host, port, user, prefix; password where needed
    sqlite: Mapping[str, Any] | None = None  # dir, prefix: where there is no PostgreSQL
    places: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # alias → NAME, HOST, …
    # Alias of a primary → HOST, PORT and USER of each of its read replicas.
    replicas: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    pool: Literal["", "transaction", "session"] = ""  # of the PgBouncer that it connects to
    # host and port of the server itself, for what a pool of transactions would break
    direct: Mapping[str, Any] | None = None
    prepared_statements: bool = False  # whether that PgBouncer follows them (1.21)
    native_pool: int = 0  # connections of Django's own pool, where there is no PgBouncer
    persistent: bool = True  # whether threads live on to use a connection again: not under ASGI
    prepares: bool = False  # this process goes past the pool and makes the databases ready
    cache: Cache | None = None
    queue: str = ""  # URL of the Valkey database that tasks go through
    hosts: tuple[str, ...] = ()  # names that requests come by
    origins: tuple[str, ...] = ()  # "http://localhost:8000"
    https: bool = False  # whether browsers speak TLS to the balancer
    forwarded: bool = True  # whether the balancer says so, and lets no client say it
    static: str = ""  # folder that collectstatic fills and the balancer serves
    media: str = ""  # folder that all replicas share
    secret: Secret | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)
    drain: str = ""  # file; while it exists the process is not ready
    checks: str = ""  # file that says what the balancer was told of it, a letter a check
    metrics: str = ""  # folder of the counters of this replica's processes
    report: str = ""  # file that the overrides are listed in
    scratch: str = ""  # folder for what else is written
    version: str = nuages.__version__

    def to_json(self) -> str:
        """The text of the file that NUAGES_STACK names."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> StackConfig:
        """Raises ValueError when the text is of another version, or says what cannot be meant."""
        told = json.loads(text)
        version = told.get("version") if isinstance(told, dict) else None
        if version != nuages.__version__:
            raise ValueError(
                f"nuages {nuages.__version__} is to join a stack of nuages {version}: "
                "another copy of nuages stands before the attached one on PYTHONPATH"
            )
        if unknown := told.keys() - {item.name for item in fields(cls)}:
            raise ValueError(f"a stack's configuration has no {', '.join(sorted(unknown))}")
        if refused := UNTOUCHED.intersection(told.get("keep") or ()):
            raise ValueError(
                f"{', '.join(refused)} cannot be kept: name an external server instead"
            )
        for name in ("keep", "hosts", "origins"):
            told[name] = tuple(told.get(name) or ())
        for name, made in (("cache", Cache), ("secret", Secret)):
            told[name] = made(**told[name]) if told.get(name) else None
        return cls(**told)
