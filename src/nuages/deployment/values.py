"""The values that say how a project is deployed; what its files do not say is None."""

from __future__ import annotations

from dataclasses import dataclass, replace

ASYNC_SERVERS = frozenset({"uvicorn", "hypercorn", "daphne"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """Processes that run the project's code."""

    name: str  # "web"
    server: str  # "gunicorn", "uvicorn", "uwsgi", "celery", …
    source: str  # the file that says so, relative to the root
    workers: int | None = None  # processes of one replica
    threads: int | None = None  # of one process
    replicas: int | None = None
    worker_class: str = ""  # gunicorn's; celery's pool; granian's interface

    @property
    def is_async(self) -> bool:
        """Whether it serves ASGI."""
        kind = self.worker_class.lower()
        return self.server in ASYNC_SERVERS or "uvicorn" in kind or "asgi" in kind

    @property
    def is_green(self) -> bool:
        """Whether greenlets stand in for threads."""
        return any(name in self.worker_class.lower() for name in ("gevent", "eventlet"))

    @property
    def is_web(self) -> bool:
        return self.server != "celery"

    @property
    def processes(self) -> int | None:
        """All processes; of an unknown number of replicas, those of one."""
        return None if self.workers is None else self.workers * (self.replicas or 1)

    @property
    def connections(self) -> int | None:
        """Threads, each of which may hold a connection; None where nothing bounds them."""
        if self.processes is None or self.threads is None or self.is_async or self.is_green:
            return None
        return self.processes * self.threads


@dataclass(frozen=True, kw_only=True, slots=True)
class Pooler:
    """A PgBouncer."""

    source: str
    mode: str | None = None  # "session", "transaction", "statement"
    pool_size: int | None = None  # server connections for each pair of database and user
    reserve_size: int | None = None
    max_clients: int | None = None
    max_db_connections: int | None = None  # 0: no limit
    databases: int | None = None  # that are named; "*" counts as one
    replicas: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """What one file, or one folder of manifests, describes."""

    source: str
    services: tuple[Service, ...] = ()
    pooler: Pooler | None = None
    max_connections: int | None = None  # of PostgreSQL


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """Everything that the project's files say of how it is run."""

    fleets: tuple[Fleet, ...] = ()

    @property
    def services(self) -> tuple[Service, ...]:
        return tuple(service for fleet in self.fleets for service in fleet.services)

    @property
    def web(self) -> tuple[Service, ...]:
        """The services that answer requests."""
        return tuple(service for service in self.services if service.is_web)

    @property
    def pooler(self) -> Pooler | None:
        """The first pooler that any file names."""
        return next((fleet.pooler for fleet in self.fleets if fleet.pooler), None)

    @property
    def complete(self) -> tuple[Fleet, ...]:
        """The fleets that have services, each with what only other files say of the servers.

        Where two of those differ, nothing is said.
        """
        poolers = {fleet.pooler for fleet in self.fleets if fleet.pooler}
        limits = {fleet.max_connections for fleet in self.fleets if fleet.max_connections}
        return tuple(
            replace(
                fleet,
                pooler=fleet.pooler or (next(iter(poolers)) if len(poolers) == 1 else None),
                max_connections=fleet.max_connections
                or (next(iter(limits)) if len(limits) == 1 else None),
            )
            for fleet in self.fleets
            if fleet.services
        )
