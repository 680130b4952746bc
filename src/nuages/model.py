"""The values that the halves and the verbs of nuages exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SCHEMA = 1

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
ScopeKind = Literal["request", "command", "test", "task", "process"]
RemedyKind = Literal[
    "select_related", "prefetch_related", "annotate", "in_bulk", "bulk_create", "only",
    "index", "setting", "none",
]  # fmt: skip
FixStatus = Literal["verified", "proposed", "refused", "none"]
RouteState = Literal["reached", "empty", "redirected", "denied", "failed", "not driven"]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What was seen: counts and histograms that grow with the code, not with the traffic."""

    mode: Literal["deep", "light"] = "deep"
    meta: Mapping[str, str] = field(default_factory=dict)  # command (JSON), cwd, settings, …
    roots: Mapping[str, str] = field(default_factory=dict)  # label → absolute path
    files: Mapping[str, str] = field(default_factory=dict)  # "label:file" → SHA-256
    scopes: tuple[ScopeStats, ...] = ()
    groups: tuple[QueryGroup, ...] = ()
    cut: Mapping[str, int] = field(default_factory=dict)  # what the bounds left out, counted
    processes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Budgets:
    """The field's rules of thumb, in milliseconds; configurable under [tool.nuages.budgets]."""

    response_ms: float = 100
    query_ms: float = 20
    slow_query_ms: float = 30
    middleware_ms: float = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """The kind of edit that would remove a finding."""

    kind: RemedyKind
    path: str | None = None  # lookup path, "author__profile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What a finding cost in this recording."""

    requests: int  # executions in which it was seen
    calls: int
    per_request_max: int
    wall_ms: float
    share: float  # of all database time in the recording, 0..1
    rows: int = 0
    sql: str = ""
    p95_ms: float | None = None
    max_ms: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Fix:
    """A small edit, and how far it was shown to be right."""

    status: FixStatus
    reason: str = ""  # what is missing, or why not; for a verified fix, what was shown
    diff: str = ""  # unified, paths relative to the source root
    edits: Mapping[str, str] = field(default_factory=dict)  # "label:file" → new text
    queries_before: int | None = None  # of the requests or tests that reach the line
    queries_after: int | None = None
    tests: str = ""  # "12 of 4,310 run"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One cause of cost, however many routes it hits."""

    rule: str  # "n-plus-one"
    message: str  # short; names the object and the value
    hint: str  # one line: a command or an edit
    location: Location | None
    evidence: Evidence
    confidence: float  # 0..1
    remedy: Remedy
    routes: tuple[str, ...] = ()
    created_at: Location | None = None  # what a fix edits
    trigger: Location | None = None
    tests: tuple[str, ...] = ()
    fix: Fix = Fix(status="none")


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteCoverage:
    """Whether a route was reached, and why not."""

    route: str  # "GET /posts/<int:pk>/"
    state: RouteState
    reason: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict)
    requests: int = 0
    rows: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """What was reached, and why not the rest; every report leads with it."""

    routes: tuple[RouteCoverage, ...] = ()
    tests_passed: int | None = None
    tests_failed: int | None = None
    notes: tuple[str, ...] = ()  # said aloud: SQLite fallback, models not filled, …


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteFigures:
    """One route's figures, per request; times are medians over its requests."""

    requests: int
    queries: float  # mean per request
    db_ms: float
    cpu_ms: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """A version's figures: the S of the contract."""

    routes: Mapping[str, RouteFigures] = field(default_factory=dict)
    queries_per_request: float = 0
    knee_rps: float | None = None  # not measured yet


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerEntry:
    """One attempt to leave the enclosure."""

    kind: str  # "connect", "resolve", "mail", "write", "subprocess", "unix", …
    target: str  # host:port, path or command
    verdict: Literal["denied", "contained", "allowed"]
    origin: Location | None
    via: Literal["audit", "kernel", "overlay"]
    count: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """What `diagnose` gives: findings behind the coverage they rest on."""

    project: str
    coverage: Coverage
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TuneResult:
    """What `tune` gives."""

    project: str
    coverage: Coverage
    before: Summary
    after: Summary
    findings: tuple[Finding, ...]
    ledger: tuple[LedgerEntry, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)  # stage → s
    sources: Mapping[str, str] = field(default_factory=dict)  # "label:file" → text, for excerpts
    overrides: tuple[str, ...] = ()  # settings the overlay changed, one line each
    notes: tuple[str, ...] = ()
