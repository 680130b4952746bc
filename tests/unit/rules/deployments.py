"""Settings of databases, and how they are deployed, in a few words."""

from __future__ import annotations

from typing import Any

from nuages.deployment import Deployment, Fleet, Pooler, Service
from nuages.model import Facts


def on_postgres(
    *,
    alias: str = "default",
    options: dict[str, Any] | None = None,
    engine: str = "django.db.backends.postgresql",
    debug: bool = False,
    server: str = "",
    django: str = "5.2.1",
    module: str = "config.settings",
    scratch: bool = False,
    **database: Any,
) -> Facts:
    """The facts of a project with one database, and these of its settings."""
    database = {"ENGINE": engine, "CONN_MAX_AGE": 0, "OPTIONS": options or {}} | database
    return Facts(
        settings_module=module,
        settings={"DATABASES": {alias: database}, "DEBUG": debug},
        changed=frozenset({"DATABASES"} if scratch else ()),
        server=server,
        django=django,
    )


def served(
    server: str = "gunicorn",
    worker_class: str = "",
    *,
    workers: int | None = 4,
    threads: int | None = 1,
    replicas: int | None = 1,
    name: str = "web",
) -> Service:
    return Service(
        name=name,
        server=server,
        source="compose.yml",
        workers=workers,
        threads=threads,
        replicas=replicas,
        worker_class=worker_class,
    )


def fleet(
    *services: Service, pooler: Pooler | None = None, max_connections: int | None = None
) -> Deployment:
    """One file that describes these."""
    described = Fleet(
        source="compose.yml", services=services, pooler=pooler, max_connections=max_connections
    )
    return Deployment(fleets=(described,))
