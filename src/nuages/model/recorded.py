"""What a recording holds: scopes, queries, calls, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from nuages.model.stated import Facts

OriginKind = Literal[
    "call", "attribute", "subscript", "comparison", "iterate", "truth", "with", "await",
    "class", "template", "field",
]  # fmt: skip
RelationKind = Literal[
    "fk", "o2o", "reverse_o2o", "reverse_fk", "m2m", "gfk", "generic_relation", "deferred"
]
QueryShape = Literal[
    "all", "filtered", "ordered", "sliced", "count", "exists", "get", "aggregate", "values",
    "raw", "write", "other",
]  # fmt: skip
CallKind = Literal[
    "cache", "outside", "middleware", "connection", "transaction", "template", "signal",
    "module-state", "app",
]  # fmt: skip
ScopeKind = Literal["request", "command", "test", "task", "process"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """The developer's own expression: an origin, a creation site or a trigger."""

    file: str  # relative to its source root, with forward slashes
    line: int  # 1-based
    column: int | None = None  # 0-based, in characters
    end_line: int | None = None
    end_column: int | None = None  # exclusive, in characters
    function: str = ""  # qualified name without <listcomp> and the like; "" in a template
    kind: OriginKind | None = None  # what sort of node the span ends
    root: str = "."  # label of the source root, see Project.source_roots


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """The attribute of an instance whose access caused a query."""

    model: str  # the instance's model, "shop.Order"
    field: str  # as select_related and prefetch_related spell it
    kind: RelationKind


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """Where instances came from: one link of a lineage."""

    model: str  # of the instances, "shop.Post"
    created_at: Location | None  # the expression that created the queryset
    relation: Relation | None = None  # what was accessed on the parent's instances
    parent: Load | None = None  # the load that those instances came from
    how: Literal["query", "joined", "prefetched"] = "query"


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """SQL text with its parameters out, as Django emits it."""

    sql: str
    verb: str  # "SELECT", "INSERT", …, upper case
    alias: str = "default"  # database alias
    vendor: str = "postgresql"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What was being executed: a route, a command, a test, a task, or just the process."""

    kind: ScopeKind
    name: str  # "GET /posts/<int:pk>/", "manage.py digest", "tests/test_api.py::test_feed"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScopeStats:
    """What the executions of one scope cost together."""

    scope: Scope
    executions: int
    queries: int = 0
    rows: int = 0
    wall_ns: int = 0
    cpu_ns: int = 0
    db_ns: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)  # "200" → requests
    histogram: tuple[int, ...] = ()  # of wall time; bucket i: [2**i, 2**(i+1)) microseconds
    view: str = ""  # dotted path of the view, for requests
    counters: Mapping[str, int] = field(default_factory=dict)  # see COUNTERS; added up
    peaks: Mapping[str, int] = field(default_factory=dict)  # see PEAKS; the highest


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryGroup:
    """All queries of one statement, from one origin, through one lineage, in one scope."""

    scope: Scope
    statement: Statement
    location: Location | None  # the origin: the line to blame
    created_at: Location | None = None  # where the queryset executed here was created
    trigger: Location | None = None  # a template line or a serializer field
    load: Load | None = None  # lineage of the rows that this query loads
    shape: QueryShape = "other"
    executions: int = 0  # executions of the scope in which it occurred
    calls: int = 0
    loops: int = 0  # executions in which it occurred at least three times
    per_execution_max: int = 0
    distinct_max: int = 0  # most distinct parameter sets in one execution, at most 64
    rows: int = 0
    rows_max: int = 0  # of one query
    wall_ns: int = 0  # execute and fetch together
    max_ns: int = 0
    histogram: tuple[int, ...] = ()  # as in ScopeStats, of one query's wall time
    tests: tuple[str, ...] = ()  # tests that reached it, at most 50
    errors: Mapping[str, int] = field(default_factory=dict)  # exception's class → queries


# What ScopeStats.counters may hold, and what it means.
COUNTERS: Mapping[str, str] = MappingProxyType(
    {
        "response_bytes": "length of the responses' bodies, streams as far as they were sent",
        "responses_measured": "responses, of a sample, whose length is known",
        "busy_seconds": "seconds in which any request of the route, or run of the task, ended; of "
        "all processes",
        "responses_for_all": "to GET with status 200, of a sample, that know no visitor: without "
        "session or Authorization asked for, without a cookie set, not forbidden to keep",
        "responses_varying": "of them, that vary by cookie",
        "responses_personal": "to GET with status 200, of a sample, that are not for all",
        "responses_repeated": "for all, of an address that was asked before (deep); a copy kept so "
        "many seconds would have been there, and would have been outdated, as often as:",
        **{f"response_hits_{seconds}": "found" for seconds in (1, 10, 60, 300, 3600)},
        **{f"response_stale_{seconds}": "outdated" for seconds in (1, 10, 60, 300, 3600)},
        "view_executions": "requests, of a sample, that reached what is inside all middleware",
        "view_ns": "spent there: routing, the view, the rendering of what it returned",
        "split_executions": "executions, of a sample, whose wall time was split into parts:",
        "split_wall_ns": "the whole, without executions inside of it; the parts make it up",
        "split_cpu_ns": "CPU time outside of drivers and clients",
        "split_db_ns": "in the database's driver: queries, transactions, COPY",
        "split_cache_ns": "in cache calls",
        "split_outside_ns": "in calls to other servers and programs",
        "split_connection_ns": "opening and checking connections",
        "split_waiting_ns": "none of these: sleeping, locks, other threads' turns, clients",
        "split_queued_ns": "of waiting, runnable without a processor (Linux only)",
        "memory_executions": "executions, of a sample, after which memory was measured: no other "
        "ran from their begin to the begin of the next; without the first ten of a process",
        "memory_grown_bytes": "memory in use more, or less, than before them, about; resident "
        "memory where the C library does not tell what is in use",
        "memory_grown_blocks": "blocks of memory of Python more, or less, than before them",
        "process_cpu_ns": "CPU time of the process, all threads (scope process)",
        "gc_pauses": "garbage collections (scope process)",
        "gc_ns": "in garbage collections: of the process; of what they interrupted",
        "connection_queries": "made to set up or check connections; their time is those calls'",
    }
)
PEAKS: Mapping[str, str] = MappingProxyType(
    {
        "response_bytes": "of one response",
        "in_one_second": "requests of the route, or runs of the task, that ended within one second",
        "recorded_seconds": "how long one process was recorded (scope process)",
        "memory_grown_bytes": "by one execution",
        "rss_bytes": "resident memory of a process (scope process)",
        "gc_max_ns": "of one garbage collection (scope process)",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallGroup:
    """All calls of one kind that are no queries, from one origin, in one scope.

    Of middleware and templates only those of sampled executions: what all took together is more in
    the proportion of the scope's executions to these.
    """

    scope: Scope
    kind: CallKind
    name: str  # the cache's or database's alias, host:port, the middleware's dotted path, …
    operation: str = ""  # "get", "GET", "connect", "commit", …
    location: Location | None = None  # the origin
    executions: int = 0  # executions of the scope in which it occurred
    calls: int = 0
    per_execution_max: int = 0
    wall_ns: int = 0  # without the queries inside; of middleware: without whatever runs inside
    max_ns: int = 0
    histogram: tuple[int, ...] = ()  # as in ScopeStats, of one call's wall time
    outcomes: Mapping[str, int] = field(default_factory=dict)  # "hit", "miss", "200", … → calls


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """A query or call within one execution."""

    kind: str  # "query", or a CallKind
    name: str = ""  # as in CallGroup
    operation: str = ""
    statement: Statement | None = None  # of a query
    location: Location | None = None
    offset_ns: int = 0  # from the execution's start
    wall_ns: int = 0
    rows: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Exemplar:
    """One of the slowest executions of a scope, in detail."""

    scope: Scope
    key: str  # random, hexadecimal
    started: int  # nanoseconds since 1970, UTC
    wall_ns: int
    cpu_ns: int = 0
    status: str = ""
    events: tuple[Event, ...] = ()
    events_left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadUse:
    """What was made of the instances of a load's first fetches, see docs/explanation/recorder.md.

    Keys, and what Django itself needs, count as read on each instance; `(save)` among the fields
    counts instances whose fields were all written back; `(reached)`, `(iterated)`, `(counted)`,
    `(tested)` and `(streamed)` what was asked of results and relations that are loaded.
    """

    load: Load
    fetches: int = 0  # evaluations that gave instances
    instances: int = 0
    used: int = 0  # instances of which any field or relation was read, at least
    fields: Mapping[str, int] = field(default_factory=dict)  # loaded field → instances read
    bytes: Mapping[str, int] = field(default_factory=dict)  # loaded field → bytes, as estimated


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultReuse:
    """How often a statement gave what it had given before for the same parameters (deep)."""

    statement: Statement
    location: Location | None
    keys: int = 0  # parameter sets told apart
    lookups: int = 0  # queries with parameters that were seen before
    same: int = 0  # of them, with the result as it was the last time
    hits: Mapping[str, int] = field(default_factory=dict)  # seconds kept → lookups found
    stale: Mapping[str, int] = field(default_factory=dict)  # of the hits, with an outdated result
    wall_ns: int = 0  # of all its queries
    calls: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What was seen: counts and histograms that grow with the code, not with the traffic."""

    mode: Literal["deep", "light"] = "deep"
    meta: Mapping[str, str] = field(default_factory=dict)  # command (JSON), cwd, settings, …
    roots: Mapping[str, str] = field(default_factory=dict)  # label → absolute path
    files: Mapping[str, str] = field(default_factory=dict)  # "label:file" → SHA-256
    scopes: tuple[ScopeStats, ...] = ()
    groups: tuple[QueryGroup, ...] = ()
    calls: tuple[CallGroup, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()  # the three slowest of each scope
    uses: tuple[LoadUse, ...] = ()
    reuse: tuple[ResultReuse, ...] = ()
    cut: Mapping[str, int] = field(default_factory=dict)  # what the bounds left out, counted
    facts: Facts = field(default_factory=Facts)  # the processes run the same project
    processes: int = 0
