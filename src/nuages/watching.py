"""What is looked at while a site is under load: its processes, its database, its pools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg

from nuages.lab import Lab
from nuages.load.inside import counted
from nuages.load.observing import Observer
from nuages.serving import Served, descendants
from nuages.stack import cluster, control, pgbouncer
from nuages.stack.databases import PostgresDatabases
from nuages.stack.home import Home

# What a connection does that is not idle, as pg_stat_activity says it.
_GLANCE = """
SELECT CASE WHEN wait_event_type IS NULL THEN 'running'
            WHEN wait_event_type IN ('Lock', 'IO', 'LWLock') THEN wait_event_type
            ELSE 'other' END, count(*)
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND state IN ('active', 'fastpath function call') GROUP BY 1
"""
_CONNECTIONS = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::int
"""
Connect = Callable[[], psycopg.Connection[tuple[Any, ...]]]


def of_served(served: Served, lab: Lab) -> Observer:
    """Watches a version that is served here, on the lab's databases."""
    spool = served.spool
    recorded = (lambda: counted(spool)) if spool else dict
    if not isinstance(lab.databases, PostgresDatabases):
        return Observer(served.processes, threads=served.threads, counted=recorded)
    server = lab.databases.server
    with server.connect() as connection:
        found = connection.execute("SELECT pg_backend_pid()").fetchone()
    assert found is not None
    postmaster = _parent(int(str(found[0])))
    return Observer(
        served.processes,
        database=lambda: descendants(postmaster),
        activity=lambda: _glance(server.connect),
        threads=served.threads,
        counted=recorded,
    )


def of_stack(home: Home) -> Observer:
    """Watches every process of a project that `nuages up` runs here."""

    def processes(*names: str) -> Callable[[], Iterator[int]]:
        def found() -> Iterator[int]:
            for row in control.ask(home.control, "ps")["processes"]:
                if (row["service"] or row["name"]) in names or (not names and row["service"]):
                    yield row["pid"]
                    yield from descendants(row["pid"])

        return found

    has_database = home.postgres.exists()
    return Observer(
        processes(),
        database=processes("postgres") if has_database else None,
        balancer=processes("caddy"),
        activity=lambda: (
            (_glance(lambda: cluster.connect(home.postgres)) if has_database else {}) | _pools(home)
        ),
    )


def _glance(connect: Connect) -> dict[str, Any]:
    with closing(connect()) as connection:
        waits = {str(n): int(str(c)) for n, c in connection.execute(_GLANCE).fetchall()}
        row = connection.execute(_CONNECTIONS).fetchone()
    assert row is not None
    return {"waits": waits, "connections": int(str(row[0])), "max_connections": int(str(row[1]))}


def _pools(home: Home) -> dict[str, Any]:
    """How many clients of every pool wait for a connection, and how many have one."""
    rows = [row for folder in sorted(home.path.glob("pool-*")) for row in _show_pools(folder)]
    users = [row for row in rows if row["database"] != "pgbouncer"]
    if not users:
        return {}
    return {
        "pool_waiting": sum(int(row["cl_waiting"]) for row in users),
        "pool_active": sum(int(row["cl_active"]) for row in users),
    }


def _show_pools(folder: Path) -> Iterable[Mapping[str, Any]]:
    with suppress(psycopg.Error):
        return pgbouncer.admin(folder, "SHOW POOLS")
    return ()


def _parent(pid: int) -> int:
    with suppress(OSError), open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return int(file.read().rpartition(")")[2].split()[1])
    return 0
