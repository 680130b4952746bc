"""The stack as Prometheus reads it: all of it in one text, or one process by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NAME = re.compile(r"[a-zA-Z_:][\w:]*")
SUFFIXES = ("_bucket", "_sum", "_count")

# (family, kind, help, key of the row, factor to the unit of its name)
PROCESS = (
    ("nuages_stack_process_restarts_total", "counter", "Starts after the first.", "restarts", 1),
    ("nuages_stack_process_cpu_percent", "gauge", "Of one CPU.", "cpu_percent", 1),
    ("nuages_stack_process_rss_bytes", "gauge", "Memory, children included.", "rss_mb", 1e6),
)
SERVICE = (
    ("nuages_stack_replicas", "gauge", "Replicas that are ready.", "ready", 1),
    ("nuages_stack_replicas_wanted", "gauge", "Replicas that there should be.", "wanted", 1),
)
BALANCER = (
    ("nuages_stack_requests_in_flight", "gauge", "Requests at the balancer.", "in_flight", 1),
    ("nuages_stack_unanswered_total", "counter", "Errors of the balancer itself.", "errors", 1),
)
POOL = (
    ("nuages_pool_size", "gauge", "Connections to each database at most.", "size", 1),
    ("nuages_pool_clients", "gauge", "Clients that do not wait.", "clients", 1),
    ("nuages_pool_clients_waiting", "gauge", "Clients that wait.", "waiting", 1),
    ("nuages_pool_longest_wait_seconds", "gauge", "Of who waits now.", "longest_wait_ms", 1e-3),
    ("nuages_pool_servers_busy", "gauge", "Connections that work.", "busy", 1),
    ("nuages_pool_servers_idle", "gauge", "Connections that do not.", "idle", 1),
    ("nuages_pool_queries_total", "counter", "Queries passed on.", "queries", 1),
    ("nuages_pool_wait_seconds_total", "counter", "Time that clients waited.", "waited_us", 1e-6),
)
CACHE = (
    ("nuages_cache_server_hits_total", "counter", "Keys that were there.", "hits", 1),
    ("nuages_cache_server_misses_total", "counter", "Keys that were not.", "misses", 1),
    ("nuages_cache_server_evicted_total", "counter", "Keys that had to make room.", "evicted", 1),
    ("nuages_cache_server_clients", "gauge", "Connections.", "clients", 1),
    ("nuages_cache_server_used_bytes", "gauge", "Memory of what is in it.", "used_mb", 1e6),
)
DATABASE = (
    ("nuages_database_server_max_connections", "gauge", "As set.", "max_connections", 1),
    ("nuages_database_server_active", "gauge", "Connections at work.", "active", 1),
    ("nuages_database_server_idle", "gauge", "Connections at rest.", "idle", 1),
    ("nuages_database_server_in_transaction", "gauge", "At rest in one.", "in_transaction", 1),
    ("nuages_database_server_locked", "gauge", "Connections that wait for a lock.", "locked", 1),
    ("nuages_database_server_commits_total", "counter", "Transactions done.", "commits", 1),
    ("nuages_database_server_rollbacks_total", "counter", "And undone.", "rollbacks", 1),
    ("nuages_database_server_lag_bytes", "gauge", "Log yet to apply.", "lag_bytes", 1),
)

Figure = tuple[str, str, str, str, float]


def text(seen: Mapping[str, Any], more: Iterable[str] = (), *, name: str = "") -> str:
    """What `Observer.look` saw, and `more`: texts of replicas and of Caddy.

    With `name` only what is of that process or service.
    """
    groups: tuple[tuple[str, Iterable[Mapping[str, Any]], tuple[Figure, ...]], ...] = (
        ("process", seen["processes"], PROCESS),
        ("service", seen["services"], SERVICE),
        ("process", [{"name": "caddy", **seen["balancer"]}], BALANCER),
        ("process", seen["pools"], POOL),
        ("process", seen["caches"], CACHE),
        ("process", seen["databases"], DATABASE),
    )
    lines = list(_up(seen["processes"], name))
    for label, rows, figures in groups:
        own = [row for row in rows if name in ("", row["name"])]
        for figure in figures:
            lines += _family(label, own, figure)
    return merged(["\n".join(lines), *more])


def _up(rows: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    yield "# HELP nuages_stack_process_up Whether it serves."
    yield "# TYPE nuages_stack_process_up gauge"
    for row in rows:
        if name in ("", row["name"]):
            labels = f'process="{row["name"]}",service="{row["service"]}"'
            yield f"nuages_stack_process_up{{{labels}}} {int(row['state'] == 'ready')}"


def _family(label: str, rows: Iterable[Mapping[str, Any]], figure: Figure) -> list[str]:
    family, kind, about, key, factor = figure
    samples = [f'{family}{{{label}="{row["name"]}"}} {_number(row[key] * factor)}'
               for row in rows if row.get(key) is not None]  # fmt: skip
    return [f"# HELP {family} {about}", f"# TYPE {family} {kind}", *samples] if samples else []


def _number(value: float) -> str:
    return f"{value:.10g}"


def merged(texts: Iterable[str]) -> str:
    """One text: a family's lines stand together, its help and type once, as the format demands."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for line in (line for each in texts for line in each.splitlines() if line.strip()):
        if line.startswith("# "):
            family = line.split(" ", 3)[2]
            if line not in heads.setdefault(family, []) and len(heads[family]) < 2:
                heads[family].append(line)
        else:
            samples.setdefault(_family_of(line, heads), []).append(line)
    out = [line for family, head in heads.items() if family in samples
           for line in (*head, *samples[family])]  # fmt: skip
    return "".join(f"{line}\n" for line in out)


def _family_of(line: str, heads: Mapping[str, object]) -> str:
    found = NAME.match(line)
    name = found[0] if found else line
    for suffix in SUFFIXES:
        if name.removesuffix(suffix) in heads:
            return name.removesuffix(suffix)
    return name
