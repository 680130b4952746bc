"""Recordings in a few words: what was loaded, from where, how often, in which request."""

from __future__ import annotations

from dataclasses import replace

from nuages.model import (
    CallGroup,
    CallKind,
    Load,
    Location,
    OriginKind,
    QueryGroup,
    QueryShape,
    Recording,
    Relation,
    RelationKind,
    Scope,
    ScopeStats,
    Statement,
)

MS = 1_000_000  # ns

FEED = Scope(kind="request", name="GET /api/feed/")
HOME = Scope(kind="request", name="GET /")
TEST = Scope(kind="test", name="tests/test_digest.py::test_digest")
COMMAND = Scope(kind="command", name="manage.py digest")


def at(
    line: int,
    file: str = "blog/views.py",
    function: str = "feed",
    kind: OriginKind = "call",
    root: str = ".",
) -> Location:
    return Location(
        file=file,
        line=line,
        column=4,
        end_line=line,
        end_column=30,
        function=function,
        kind=kind,
        root=root,
    )


LOOP_LINE = at(50)
QUERYSET_LINE = at(41)
POSTS = Load(model="blog.Post", created_at=QUERYSET_LINE)


def accessed(
    parent: Load | None,
    field: str,
    kind: RelationKind,
    model: str = "accounts.User",
    *,
    created_at: Location | None = LOOP_LINE,
    on: str | None = None,
) -> Load:
    """Rows fetched by an access to a relation of the parent's instances."""
    owner = on or (parent.model if parent else "blog.Post")
    relation = Relation(model=owner, field=field, kind=kind)
    return Load(model=model, created_at=created_at, relation=relation, parent=parent)


def joined(
    parent: Load, field: str, kind: RelationKind = "fk", model: str = "accounts.User"
) -> Load:
    """Rows that came with their parent's, by select_related."""
    return replace(accessed(parent, field, kind, model, created_at=parent.created_at), how="joined")


def prefetched(
    parent: Load, field: str, kind: RelationKind = "reverse_fk", model: str = "blog.Comment",
    created_at: Location | None = None,
) -> Load:  # fmt: skip
    """Rows that came for all their parents at once, by prefetch_related."""
    return replace(accessed(parent, field, kind, model, created_at=created_at), how="prefetched")


def select(table: str, where: str = "id") -> str:
    return f'SELECT "{table}"."id" FROM "{table}" WHERE "{table}"."{where}" = %s LIMIT 21'


def once(
    load: Load, rows: int = 50, *, scope: Scope = FEED, shape: QueryShape = "all"
) -> QueryGroup:
    """One query an execution, for many rows."""
    sql = f'SELECT "t"."id" FROM "{load.model}" ORDER BY "t"."id" ASC'
    return QueryGroup(
        scope=scope,
        statement=Statement(sql=sql, verb="SELECT"),
        location=load.created_at,
        created_at=load.created_at,
        load=load,
        shape=shape,
        executions=1,
        calls=1,
        per_execution_max=1,
        distinct_max=1,
        rows=rows,
        rows_max=rows,
        wall_ns=1 * MS,
        max_ns=1 * MS,
    )


def in_loop(
    load: Load | None,
    times: int = 50,
    *,
    scope: Scope = FEED,
    location: Location | None = LOOP_LINE,
    trigger: Location | None = None,
    shape: QueryShape = "get",
    sql: str = "",
    verb: str = "SELECT",
    distinct: int | None = None,
    executions: int = 1,
    rows_max: int = 1,
    ms: float = 1,
    tests: tuple[str, ...] = (),
) -> QueryGroup:
    """The same statement `times` times in each execution, `ms` each."""
    table = load.model.replace(".", "_").lower() if load else "blog_post"
    calls = times * executions
    return QueryGroup(
        scope=scope,
        statement=Statement(sql=sql or select(table), verb=verb),
        location=location,
        created_at=load.created_at if load else None,
        trigger=trigger,
        load=load,
        shape=shape,
        executions=executions,
        calls=calls,
        loops=executions if times >= 3 else 0,
        per_execution_max=times,
        distinct_max=min(times if distinct is None else distinct, 64),
        rows=calls * rows_max,
        rows_max=rows_max,
        wall_ns=int(calls * ms * MS),
        max_ns=int(ms * MS),
        tests=tests,
    )


def recorded(*groups: QueryGroup, statuses: dict[str, int] | None = None) -> Recording:
    """A recording of these queries, in which every execution succeeded."""
    scopes = []
    for scope in dict.fromkeys(group.scope for group in groups):
        own = [group for group in groups if group.scope == scope]
        executions = max(group.executions for group in own)
        good = {"request": "200", "test": "passed"}.get(scope.kind)
        scopes.append(
            ScopeStats(
                scope=scope,
                executions=executions,
                queries=sum(group.calls for group in own),
                rows=sum(group.rows for group in own),
                db_ns=sum(group.wall_ns for group in own),
                statuses=statuses or ({good: executions} if good else {}),
            )
        )
    return Recording(scopes=tuple(scopes), groups=groups)


def called(
    kind: CallKind,
    name: str,
    operation: str,
    times: int = 1,
    *,
    scope: Scope = FEED,
    location: Location | None = LOOP_LINE,
    executions: int = 1,
    ms: float = 1,
    outcomes: dict[str, int] | None = None,
) -> CallGroup:
    """A call that is no query, `times` times in each execution, `ms` each."""
    calls = times * executions
    return CallGroup(
        scope=scope,
        kind=kind,
        name=name,
        operation=operation,
        location=location,
        executions=executions,
        calls=calls,
        per_execution_max=times,
        wall_ns=int(calls * ms * MS),
        max_ns=int(ms * MS),
        outcomes=outcomes or {},
    )


def with_calls(
    *calls: CallGroup, groups: tuple[QueryGroup, ...] = (), ms: float = 100
) -> Recording:
    """A recording of these calls, in executions that took `ms` each."""
    scopes = tuple(
        ScopeStats(
            scope=scope,
            executions=executions,
            wall_ns=int(executions * ms * MS),
            statuses={"200": executions} if scope.kind == "request" else {},
        )
        for scope in dict.fromkeys(call.scope for call in calls)
        for executions in [max(c.executions for c in calls if c.scope == scope)]
    )
    return Recording(scopes=scopes, groups=groups, calls=calls)
