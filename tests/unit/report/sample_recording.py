"""Recordings to draw: a plausible one, a huge one, and one in which every text is hostile."""

from __future__ import annotations

from nuages.model import (
    CallGroup,
    Event,
    Exemplar,
    Load,
    Location,
    QueryGroup,
    Recording,
    Relation,
    ResultReuse,
    Scope,
    ScopeStats,
    Statement,
)

from .sample_findings import COMMENTS, FEED, FINDINGS, SEARCH

MS = 1_000_000  # ns
HOME = Location(file="chorus/feed/views.py", line=12, column=4, function="home")
FLAGS = Location(file="chorus/core/flags.py", line=5, column=11, function="flag_enabled")
BY_AUTHOR = Statement(sql=FINDINGS[0].evidence.sql, verb="SELECT")
LIKE = Statement(sql=FINDINGS[4].evidence.sql, verb="SELECT")
UPDATE = Statement(sql='UPDATE "accounts_user" SET "seen" = %s WHERE "id" = %s', verb="UPDATE")
POSTS = Load(model="feed.Post", created_at=HOME)
PROFILES = Load(
    model="accounts.User", created_at=HOME,
    relation=Relation(model="feed.Post", field="author", kind="fk"), parent=POSTS,
)  # fmt: skip


def scope(name: str = FEED, kind: str = "request") -> Scope:
    return Scope(kind=kind, name=name)  # type: ignore[arg-type]


def stats(
    name: str = FEED, executions: int = 10, wall_ms: float = 40, **more: object
) -> ScopeStats:
    """A route whose executions each took as long."""
    wall_ns = round(wall_ms * MS)
    bucket = max(round(wall_ms * 1e3).bit_length() - 1, 0)
    values = {
        "queries": executions * 5, "rows": executions * 50, "wall_ns": executions * wall_ns,
        "cpu_ns": executions * wall_ns // 2, "db_ns": executions * wall_ns // 4,
        "statuses": {"200": executions}, "view": "feed.views.home",
        "histogram": (*(0 for _ in range(bucket)), executions),
        "counters": {
            "split_executions": executions, "split_wall_ns": executions * wall_ns,
            "split_cpu_ns": executions * wall_ns // 2, "split_db_ns": executions * wall_ns // 4,
            "split_cache_ns": executions * wall_ns // 8,
            "split_waiting_ns": executions * wall_ns // 8,
            "response_bytes": executions * 12_000, "responses_measured": executions,
            "memory_executions": executions, "memory_grown_bytes": executions * 52_000,
        },
        "peaks": {"response_bytes": 48_000},
        **more,
    }  # fmt: skip
    kind = str(values.pop("kind", "request"))
    return ScopeStats(scope=scope(name, kind), executions=executions, **values)  # type: ignore[arg-type]


def group(statement: Statement = BY_AUTHOR, name: str = FEED, **more: object) -> QueryGroup:
    values = {
        "location": HOME, "load": PROFILES, "shape": "all", "executions": 10, "calls": 200,
        "per_execution_max": 20, "rows": 200, "rows_max": 1, "wall_ns": 120 * MS, "max_ns": 3 * MS,
        "histogram": (0,) * 9 + (150, 40, 10), **more,
    }  # fmt: skip
    return QueryGroup(scope=scope(name), statement=statement, **values)  # type: ignore[arg-type]


def call(kind: str, called: str, operation: str = "", **more: object) -> CallGroup:
    values = {
        "executions": 10, "calls": 10, "per_execution_max": 1, "wall_ns": 5 * MS,
        "max_ns": MS, "histogram": (0,) * 9 + (10,), **more,
    }  # fmt: skip
    route = scope(str(values.pop("route", FEED)))
    return CallGroup(scope=route, kind=kind, name=called, operation=operation, **values)  # type: ignore[arg-type]


def query_event(offset_ms: float, wall_ms: float = 1, statement: Statement = BY_AUTHOR) -> Event:
    return Event(kind="query", statement=statement, location=HOME, rows=1,
                 offset_ns=round(offset_ms * MS), wall_ns=round(wall_ms * MS))  # fmt: skip


def event(kind: str, name: str, operation: str, offset_ms: float, wall_ms: float) -> Event:
    return Event(kind=kind, name=name, operation=operation, location=FLAGS,
                 offset_ns=round(offset_ms * MS), wall_ns=round(wall_ms * MS))  # fmt: skip


def exemplar(*events: Event, name: str = FEED, wall_ms: float = 80, left_out: int = 0) -> Exemplar:
    return Exemplar(
        scope=scope(name), key="00ff", started=0, wall_ns=round(wall_ms * MS), cpu_ns=30 * MS,
        status="200", events=events, events_left_out=left_out,
    )  # fmt: skip


WATERFALL = exemplar(
    event("connection", "default", "connect", 0.5, 3),
    event("middleware", "chorus.core.middleware.Flags", "", 0.2, 0.4),
    *(query_event(10 + 4 * n) for n in range(12)),
    event("cache", "default", "get", 9, 0.2),
    event("outside", "https://api.example.com", "GET", 60, 12),
    event("template", "feed/home.html", "render", 8, 70),
    left_out=31,
)
RECORDING = Recording(
    meta={"django": "5.2", "python": "3.13.1", "settings": "chorus.settings"},
    scopes=(
        stats(FEED, executions=62, wall_ms=180),
        stats(COMMENTS, executions=48, wall_ms=66),
        stats(SEARCH, executions=12, wall_ms=48, counters={}),
        stats("manage.py digest", kind="command", executions=1, wall_ms=900, statuses={}, view=""),
        stats("process", kind="process"),
    ),
    groups=(
        group(),
        group(name=COMMENTS, location=FLAGS, wall_ns=40 * MS),
        group(UPDATE, load=None, calls=62, per_execution_max=1, wall_ns=9 * MS),
        group(LIKE, SEARCH, load=None, calls=12, wall_ns=460 * MS, max_ns=45 * MS,
              histogram=(0,) * 15 + (12,), errors={"OperationalError": 1}),
    ),
    calls=(
        call("cache", "default", "get", location=FLAGS, outcomes={"hit": 8, "miss": 2}),
        call("cache", "default", "get", location=HOME, outcomes={"hit": 10}, wall_ns=2 * MS),
        call("outside", "https://api.example.com", "GET", outcomes={"2xx": 10}, wall_ns=120 * MS),
        call("transaction", "default", "open", outcomes={"committed": 10}, wall_ns=900 * MS),
        call("middleware", "chorus.core.middleware.Flags", wall_ns=300 * MS,
             outcomes={"sampled": 10, "changed request": 10}),
        call("middleware", "chorus.core.middleware.Idle", outcomes={"sampled": 10}),
        call("template", "feed/home.html", "render", wall_ns=700 * MS),
    ),
    exemplars=(WATERFALL, exemplar(query_event(3), wall_ms=60)),
    reuse=(
        ResultReuse(statement=BY_AUTHOR, location=HOME, keys=3, lookups=90, same=88, calls=93,
                    hits={"1": 10, "60": 88}, stale={"1": 0, "60": 2}),
    ),
    cut={"groups": 12},
    processes=2,
)  # fmt: skip


def big_recording(routes: int, groups: int) -> Recording:
    """Every route with its exemplar, the groups spread over routes and over half as many texts."""
    names = [f"GET /api/v2/section-{n}/<int:pk>/children/<slug:slug>/" for n in range(routes)]
    columns = ", ".join(f'"app_table"."column_{n}"' for n in range(25))
    texts = [
        Statement(sql=f'SELECT {columns} FROM "table_{n}" WHERE "id" = %s', verb="SELECT")
        for n in range(groups // 2)
    ]
    return Recording(
        scopes=tuple(stats(name, wall_ms=1 + n % 700) for n, name in enumerate(names)),
        groups=tuple(
            group(texts[n % len(texts)], names[n % routes], wall_ns=n * 1000)
            for n in range(groups)
        ),
        calls=tuple(
            call("middleware", f"project.middleware.Number{n % 12}", route=names[n % routes])
            for n in range(routes * 12)
        ),
        exemplars=tuple(
            exemplar(*(query_event(k, statement=texts[(n + k) % len(texts)]) for k in range(64)),
                     name=name)
            for n, name in enumerate(names)
        ),
    )  # fmt: skip


def hostile_recording(text: str) -> Recording:
    """A recording each of whose texts is the given one."""
    place = Location(file=f"{text}.py", line=1, function=text, root=text)
    statement = Statement(sql=f"SELECT '{text}' FROM {text}", verb="SELECT", alias=text,
                          vendor=text)  # fmt: skip
    load = Load(model=text, created_at=place, parent=Load(model=text, created_at=None),
                relation=Relation(model=text, field=text, kind="fk"))  # fmt: skip
    route = f"GET /{text}"
    kinds = ("cache", "outside", "middleware", "template", "connection")
    return Recording(
        meta={"settings": text, "django": text},
        scopes=(stats(route, statuses={text: 3}, view=text),),
        groups=(
            group(statement, route, location=place, created_at=place, trigger=place, load=load,
                  errors={text: 1}),
        ),
        calls=tuple(
            call(kind, text, text, location=place, outcomes={text: 1}, route=route)
            for kind in kinds
        ),
        exemplars=(
            exemplar(
                Event(kind="query", statement=statement, location=place),
                *(Event(kind=kind, name=text, operation=text, location=place) for kind in kinds),
                Event(kind=text, name=text),
                name=route,
            ),
        ),
        cut={text: 1},
        processes=1,
    )  # fmt: skip
