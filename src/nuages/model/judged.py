"""What nuages says of a recording: findings, fixes, coverage and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nuages.model.recorded import Location, Recording

RemedyKind = Literal[
    "select_related", "prefetch_related", "annotate", "in_bulk", "bulk_create", "bulk_update",
    "bulk_delete", "only", "defer", "values", "update_fields", "count", "exists", "iterator",
    "paginate", "hoist", "cache", "task", "index", "drop_index", "migration", "setting", "remove",
    "move", "none",
]  # fmt: skip
# What a finding costs: time, or that something breaks once there are several processes or hosts.
Concern = Literal["time", "hazard"]
FixStatus = Literal["verified", "proposed", "refused", "none"]
RouteState = Literal["reached", "empty", "redirected", "denied", "failed", "not driven"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a test suite holds a route or a test to; None is no limit."""

    max_queries: int | None = None  # of one request of a route; of one test
    response_ms: float | None = None  # 95th percentile of a route
    query_ms: float | None = None  # 95th percentile of one of a route's statements


@dataclass(frozen=True, kw_only=True, slots=True)
class Budgets:
    """The field's rules of thumb, in milliseconds; configurable under [tool.nuages.budgets]."""

    response_ms: float = 100
    query_ms: float = 20
    slow_query_ms: float = 30
    middleware_ms: float = 20
    # Of a test suite:
    max_queries: int | None = None  # of one request of any route
    time_tolerance: float | None = None  # 0.5: times may be half as much again as in the baseline
    routes: Mapping[str, Limits] = field(default_factory=dict)  # by name; * stands for anything
    tests: Mapping[str, Limits] = field(default_factory=dict)  # by pytest's node id, likewise


@dataclass(frozen=True, kw_only=True, slots=True)
class Remedy:
    """The kind of edit that would remove a finding."""

    kind: RemedyKind
    path: str | None = None  # lookup path, "author__profile"; names, by commas
    replaces: str = ""  # the text of the location's expression
    code: str = ""  # what to write in its place, or an index's entry in Meta
    at: Location | None = None  # the model's class, for an index


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What a finding cost in this recording; nothing, where code or settings alone tell of it."""

    requests: int = 0  # executions in which it was seen
    calls: int = 0
    per_request_max: int = 0
    wall_ms: float = 0
    share: float = 0  # of all time of requests, tasks and commands in the recording, 0..1
    route_share: float = 0  # of the time of the route that it takes most of, 0..1
    rows: int = 0
    sql: str = ""
    p95_ms: float | None = None
    max_ms: float | None = None
    figures: Mapping[str, float | str] = field(default_factory=dict)  # a rule's own: name → value


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
    alternatives: tuple[str, ...] = ()  # other remedies that were run, and what they gave


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
    concern: Concern = "time"


SilencedBy = Literal["comment", "configuration", "baseline"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StaleIgnore:
    """What silences nothing any more, though the code that it speaks of was reached."""

    by: SilencedBy
    text: str  # as it is written: "# nuages: ignore[n-plus-one]", "n-plus-one:shop/*"
    where: str  # "shop/views.py:48", the key in the configuration, the baseline's file


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
    is_whole: bool = True  # False: routes that nobody requested are not among them
    jobs: int = 0  # executions of commands and tasks
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


TimePart = Literal["cpu", "database", "cache", "outside", "connections", "waiting"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSplit:
    """Where the time of requests, tasks and commands went, and the memory of their processes."""

    executions: int = 0  # that were measured in parts: all in a deep recording, else a sample
    wall_ms: float = 0
    shares: Mapping[TimePart, float] = field(default_factory=dict)  # of wall_ms, 0..1
    queued_share: float = 0  # of the waiting: ready to run, without a processor
    locking_ms: float = 0  # in statements that take locks, such as SELECT … FOR UPDATE
    outside: tuple[tuple[str, float], ...] = ()  # who was waited for, ms; the slowest first
    gc_share: float = 0  # of the CPU time, in garbage collection
    rss_mb: float = 0  # the most that one process held
    growing: tuple[tuple[str, float], ...] = ()  # scopes, and kB that memory grew by an execution


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """What `diagnose` gives: findings behind the coverage they rest on."""

    project: str
    coverage: Coverage
    findings: tuple[Finding, ...]
    time: TimeSplit = TimeSplit()
    silenced: Mapping[SilencedBy, int] = field(default_factory=dict)  # findings left out
    stale: tuple[StaleIgnore, ...] = ()
    patch: str = ""  # one unified diff of all verified fixes, where some were tried
    edits: Mapping[str, str] = field(default_factory=dict)  # the same: "label:file" → new text
    sources: Mapping[str, str] = field(default_factory=dict)  # as the files are
    decided: frozenset[str] = frozenset()  # rules that needed no run to tell of every function


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedVersion:
    """One version of a site under load."""

    knee: float | None  # requests a second, the most that held the budget; None: not even the first
    first: str = ""  # what gave out first above it, with the evidence
    p50_ms: float = 0.0  # at the rate at which both versions were compared
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    error_share: float = 0.0  # 0..1


@dataclass(frozen=True, kw_only=True, slots=True)
class UnderLoad:
    """A site under load as it stands, and with the verified fixes; requests that read only."""

    rate: float  # requests a second, of both versions in turns
    before: LoadedVersion
    after: LoadedVersion | None = None  # None: there was no fix
    p95_budget_ms: float = 100.0
    cpu_ratio: tuple[float, float, float] | None = None  # after to before, and its interval
    verdict: str = ""  # "better", "worse", "no difference shown", "different answers"
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TuneResult:
    """What `tune` gives."""

    project: str
    coverage: Coverage
    before: Summary
    after: Summary
    findings: tuple[Finding, ...]
    patch: str = ""  # one unified diff of all verified fixes
    edits: Mapping[str, str] = field(default_factory=dict)  # the same: "label:file" → new text
    rounds: int = 1  # of diagnosis and trial
    load: UnderLoad | None = None
    told_apart: frozenset[str] = frozenset()  # times whose values on both sides do not overlap
    time: TimeSplit = TimeSplit()  # of the project as it is
    ledger: tuple[LedgerEntry, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)  # stage → s
    sources: Mapping[str, str] = field(default_factory=dict)  # "label:file" → text, for excerpts
    overrides: tuple[str, ...] = ()  # settings the overlay changed, one line each
    notes: tuple[str, ...] = ()
    recording: Recording = field(default_factory=Recording)  # of the project as it is
    silenced: Mapping[SilencedBy, int] = field(default_factory=dict)  # findings left out
    stale: tuple[StaleIgnore, ...] = ()
