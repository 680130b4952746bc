"""What the servers behind the replicas do: pools, caches and databases, as each says of itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from nuages.stack.cluster import Cluster
from nuages.stack.memcached import Memcached
from nuages.stack.pgbouncer import PgBouncer
from nuages.stack.postgres import USER
from nuages.stack.standby import Standby
from nuages.stack.valkey import Valkey

STATEMENTS = 10  # of each database server, by their total time
LONGEST_TEXT = 300  # characters of a statement


@dataclass(frozen=True, kw_only=True)
class Pool:
    """One PgBouncer; times and rates are since the last look, the rest totals or of now."""

    name: str
    size: int  # connections to the server, for each database
    clients: int = 0  # that have one, or need none
    waiting: int = 0  # that want one
    longest_wait_ms: float = 0.0  # of those that wait now
    busy: int = 0  # connections to the server
    idle: int = 0
    queries: int = 0
    waited_us: int = 0
    wait_ms: float | None = None  # a query
    queries_per_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Cache:
    """One Valkey or Memcached."""

    name: str
    hits: int = 0
    misses: int = 0
    evicted: int = 0
    clients: int = 0
    used_mb: float = 0.0
    limit_mb: int = 0
    hit_rate: float | None = None  # since the last look


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of the project, its values left out."""

    sql: str
    calls: int
    mean_ms: float
    max_ms: float
    total_ms: float


@dataclass(frozen=True, kw_only=True)
class Database:
    """One PostgreSQL."""

    name: str
    max_connections: int
    active: int = 0
    idle: int = 0
    in_transaction: int = 0  # idle, and a transaction open
    locked: int = 0  # waiting for somebody's lock
    commits: int = 0
    rollbacks: int = 0
    lag_bytes: int | None = None  # of a standby
    statements: tuple[Statement, ...] | None = None  # None: the server does not keep them


@dataclass(kw_only=True)
class Rates:
    """Totals of the last look, by name, and what was added since."""

    _before: dict[str, tuple[float, Mapping[str, int]]] = field(default_factory=dict)

    def since(self, name: str, totals: Mapping[str, int]) -> tuple[float, dict[str, int]]:
        """Seconds, and what each total grew by; nothing at the first look, or after a restart."""
        now = time.monotonic()
        then, old = self._before.get(name, (now, totals))
        self._before[name] = (now, totals)
        if any(totals[key] < old.get(key, 0) for key in totals):
            return 0.0, dict.fromkeys(totals, 0)
        return now - then, {key: value - old.get(key, 0) for key, value in totals.items()}


def of_pool(pool: PgBouncer, rates: Rates) -> Pool:
    """Ask a PgBouncer; psycopg.Error where it does not answer."""
    shown = [row for row in pool.admin("SHOW POOLS") if row["database"] != "pgbouncer"]
    stats = [row for row in pool.admin("SHOW STATS") if row["database"] != "pgbouncer"]

    def total(rows: list[dict[str, Any]], *names: str) -> int:
        return sum(int(row[name]) for row in rows for name in names)

    totals = {
        "queries": total(stats, "total_query_count"), "waited_us": total(stats, "total_wait_time"),
    }  # fmt: skip
    seconds, new = rates.since(pool.name, totals)
    longest = (int(row["maxwait"]) * 1e3 + int(row["maxwait_us"]) / 1e3 for row in shown)
    return Pool(
        name=pool.name, size=pool.size, **totals,
        clients=total(shown, "cl_active"), waiting=total(shown, "cl_waiting"),
        longest_wait_ms=round(max(longest, default=0.0), 1),
        busy=total(shown, "sv_active"), idle=total(shown, "sv_idle", "sv_used"),
        wait_ms=round(new["waited_us"] / new["queries"] / 1e3, 2) if new["queries"] else None,
        queries_per_s=round(new["queries"] / seconds, 1) if seconds else None,
    )  # fmt: skip


def of_cache(cache: Valkey | Memcached, rates: Rates) -> Cache | None:
    """Ask a cache; None where it does not answer."""
    told = cache.figures()
    if not told:
        return None
    names = (
        ("keyspace_hits", "keyspace_misses", "evicted_keys", "connected_clients", "used_memory")
        if isinstance(cache, Valkey)
        else ("get_hits", "get_misses", "evictions", "curr_connections", "bytes")
    )
    hits, misses, evicted, clients, used = (int(told.get(name, 0)) for name in names)
    _, new = rates.since(cache.name, {"hits": hits, "misses": misses})
    return Cache(
        name=cache.name, hits=hits, misses=misses, evicted=evicted, clients=clients,
        used_mb=round(used / 1e6, 1), limit_mb=cache.memory_mb,
        hit_rate=rate(new["hits"], new["misses"]),
    )  # fmt: skip


def rate(hits: int, misses: int) -> float | None:
    """The share that was there; None where nothing was asked."""
    return round(hits / (hits + misses), 3) if hits + misses else None


def of_database(cluster: Cluster) -> Database:
    """Ask a PostgreSQL; psycopg.Error where it does not answer."""
    with cluster.connect() as connection:
        connection.execute("SET statement_timeout = '2s'")
        states: dict[str, int] = {}
        locked = 0
        for state, waits, number in connection.execute(
            "SELECT coalesce(state, ''), wait_event_type = 'Lock', count(*) FROM pg_stat_activity"
            " WHERE usename = %s GROUP BY 1, 2", [USER],
        ).fetchall():  # fmt: skip
            states[str(state)] = states.get(str(state), 0) + _whole(number)
            locked += _whole(number) if waits else 0
        done = connection.execute(
            "SELECT sum(xact_commit), sum(xact_rollback) FROM pg_stat_database"
        ).fetchone()
        statements = _statements(connection) if cluster.counts_statements else None
    return Database(
        name=cluster.name, max_connections=cluster.max_connections,
        active=states.get("active", 0), idle=states.get("idle", 0), locked=locked,
        in_transaction=sum(n for state, n in states.items() if state.startswith("idle in")),
        commits=_whole(done[0]) if done else 0, rollbacks=_whole(done[1]) if done else 0,
        lag_bytes=cluster.lag_bytes() if isinstance(cluster, Standby) else None,
        statements=statements,
    )  # fmt: skip


def _statements(
    connection: psycopg.Connection[tuple[object, ...]],
) -> tuple[Statement, ...] | None:
    """What took most of the time; None where the extension could not be made."""
    try:
        found = connection.execute(
            "SELECT query, calls, mean_exec_time, max_exec_time, total_exec_time"
            " FROM pg_stat_statements JOIN pg_roles ON userid = pg_roles.oid"
            " WHERE rolname = %s ORDER BY total_exec_time DESC LIMIT %s", [USER, STATEMENTS],
        ).fetchall()  # fmt: skip
    except psycopg.errors.UndefinedTable:
        return None
    return tuple(
        Statement(
            sql=" ".join(str(sql).split())[:LONGEST_TEXT], calls=_whole(calls),
            mean_ms=_ms(mean), max_ms=_ms(longest), total_ms=_ms(total),
        )
        for sql, calls, mean, longest, total in found
    )  # fmt: skip


def _whole(value: object) -> int:
    return int(str(value or 0))


def _ms(value: object) -> float:
    return round(float(str(value)), 2)
