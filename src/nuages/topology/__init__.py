"""The one description of a scaled-out project: `up` runs it here, `deploy` writes it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ServiceKind = Literal["web", "worker", "schedule"]
ServerKind = Literal["granian", "gunicorn", "granian-asgi", "command"]
CacheKind = Literal["valkey", "memcached", "external", "none"]
PoolKind = Literal["pgbouncer", "django", "none"]
Vendor = Literal["postgresql", "sqlite"]

READY_PATH = "/-/nuages/ready"  # 200, or 503 once the replica's drain file exists
METRICS_PATH = "/-/nuages/metrics"  # Prometheus text of one replica


@dataclass(frozen=True, kw_only=True)
class Service:
    """A part of one codebase that is scaled on its own: processes of one application."""

    name: str
    kind: ServiceKind = "web"
    routes: tuple[str, ...] = ()  # path prefixes, or names of URL patterns; none: all the rest
    replicas: int = 1
    most: int = 8  # replicas that it can be scaled to while the balancer runs
    workers: int = 1  # processes a replica
    threads: int = 4  # a process, so requests at a time = replicas × workers × threads
    memory_mb: int | None = None  # a replica above it is replaced
    server: ServerKind = "granian"
    application: str = ""  # "shop.wsgi:application"
    command: tuple[str, ...] = ()  # of a worker or schedule, after the project's Python
    environment: Mapping[str, str] = field(default_factory=dict)
    pool: str = "default"  # name of its Pool

    @property
    def slots(self) -> int:
        """Upstreams declared to the balancer: twice the replicas, as it is never reloaded."""
        return 2 * self.most

    @property
    def connections(self) -> int:
        """Database connections that one replica may hold open."""
        return self.workers * self.threads


@dataclass(frozen=True, kw_only=True)
class Database:
    """One alias of DATABASES."""

    alias: str = "default"
    vendor: Vendor = "postgresql"
    external: str | None = None  # URL of a server that is not ours, told explicitly
    replicas: int = 0  # streaming read replicas
    max_connections: int = 100


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Server connections that a group of services shares, in transaction mode."""

    name: str = "default"
    kind: PoolKind = "pgbouncer"
    database: str = "default"  # alias
    size: int = 20  # connections to the server
    max_clients: int = 1000


@dataclass(frozen=True, kw_only=True)
class Cache:
    """Where cache and sessions live, outside every replica."""

    kind: CacheKind = "valkey"
    memory_mb: int = 128
    external: str | None = None  # URL of a server that is not ours, told explicitly


@dataclass(frozen=True, kw_only=True)
class Balancer:
    """What listens, and how it judges its replicas. The defaults lost no request when measured."""

    host: str = "127.0.0.1"
    port: int = 8000
    check_ms: int = 250  # between two active checks
    check_timeout_ms: int = 5000  # 500 took replicas out that were merely busy, one after another
    max_fails: int = 1
    # To find another replica for a request that reached none, or that only reads and whose replica
    # was killed: longer than one that hangs is given.
    try_seconds: float = 20.0


@dataclass(frozen=True, kw_only=True)
class Topology:
    """Everything that runs, resolved; `sources` says of each value that was told where."""

    project: str
    services: tuple[Service, ...]
    databases: tuple[Database, ...] = (Database(),)
    pools: tuple[Pool, ...] = (Pool(),)
    cache: Cache = field(default_factory=Cache)
    balancer: Balancer = field(default_factory=Balancer)
    status_port: int = 0  # of the status page; 0: the first free one after the balancer's
    prefix: str = "nuages_up"  # of the databases' names; the alias follows
    keep: tuple[str, ...] = ()  # settings that the overlay leaves as they are
    sources: Mapping[str, str] = field(default_factory=dict)  # "services.web.replicas" → where

    @property
    def web(self) -> tuple[Service, ...]:
        """The services that answer requests."""
        return tuple(service for service in self.services if service.kind == "web")

    def service(self, name: str) -> Service:
        """One service by its name; KeyError when there is none."""
        return {service.name: service for service in self.services}[name]

    def pool(self, name: str) -> Pool:
        """One pool by its name; KeyError when there is none."""
        return {pool.name: pool for pool in self.pools}[name]

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `nuages topology --json` prints it."""
        return {"schema": 1, **asdict(self)}
