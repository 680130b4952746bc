"""Recordings of many requests in a few words: middleware, pages, queries that repeat."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.rules.recordings import FEED, MS, POSTS, at, once

from nuages.model import (
    CallGroup,
    Facts,
    Location,
    QueryGroup,
    Recording,
    ResultReuse,
    Scope,
    ScopeStats,
    Statement,
)

TTLS = ("1", "10", "60", "300", "3600")
ROUTES = tuple(Scope(kind="request", name=name) for name in ("GET /", "GET /a/", "GET /b/"))


def passed(
    name: str,
    calls: int = 30,
    ms: float = 1,
    *,
    scope: Scope = FEED,
    does: str = "",
    p95_ms: float | None = None,
    operation: str = "",
) -> CallGroup:
    """So many measured requests that went through a middleware."""
    bucket = max(int((p95_ms or ms) * 1000).bit_length() - 1, 0)
    return CallGroup(
        scope=scope,
        kind="middleware",
        name=name,
        operation=operation,
        executions=calls,
        calls=calls,
        per_execution_max=1,
        wall_ns=int(calls * ms * MS),
        max_ns=int((p95_ms or ms) * MS),
        histogram=(*(0,) * bucket, calls),
        outcomes={"sampled": calls, **({does: calls} if does else {})},
    )


def busy(recording: Recording, queued: float) -> Recording:
    """The same on a machine where work waited for a processor for that share of the time."""
    counters = {"split_wall_ns": 1000 * MS, "split_queued_ns": int(1000 * queued * MS)}
    scopes = tuple(
        replace(stats, counters={**stats.counters, **counters}) for stats in recording.scopes
    )
    return replace(recording, scopes=scopes)


def requests(
    *calls: CallGroup,
    executions: int | None = None,
    ms: float = 100,
    groups: tuple[QueryGroup, ...] = (),
) -> Recording:
    """A recording of requests to the scopes of these calls, which took `ms` each."""
    scopes = []
    for scope in dict.fromkeys(each.scope for each in (*calls, *groups)):
        own = [each for each in (*calls, *groups) if each.scope == scope]
        number = executions or max(each.executions for each in own)
        scopes.append(
            ScopeStats(
                scope=scope,
                executions=number,
                wall_ns=int(number * ms * MS),
                statuses={"200": number},
            )
        )
    return Recording(scopes=tuple(scopes), calls=calls, groups=groups)


def facts(*middleware: str, apps: tuple[str, ...] = (), **settings: object) -> Facts:
    """A project with these settings."""
    return Facts(
        settings={"MIDDLEWARE": list(middleware), **settings},
        apps={name: name.rpartition(".")[2] for name in apps},
    )


def page(
    route: str = "GET /menu/",
    *,
    executions: int = 40,
    ms: float = 20,
    hits: int = 36,
    stale: int = 0,
    status: str = "200",
    view: str = "shop.views.menu",
    queries: int = 1,
    **counters: int,
) -> ScopeStats:
    """A route whose responses were found in a cache so often, whatever time it kept them."""
    return ScopeStats(
        scope=Scope(kind="request", name=route),
        executions=executions,
        queries=queries * executions,
        wall_ns=int(executions * ms * MS),
        statuses={status: executions},
        view=view,
        counters={
            "responses_for_all": executions,
            "responses_repeated": hits,
            **{f"response_hits_{ttl}": hits for ttl in TTLS},
            **{f"response_stale_{ttl}": stale for ttl in TTLS},
            "view_executions": 10,
            "view_ns": int(10 * ms * MS),
            **counters,
        },
    )


MENU = at(45, "shop/views.py", "menu")
SQL = (
    'SELECT "shop_tag"."name", COUNT("p"."id") FROM "shop_tag" '
    'LEFT JOIN "p" ON ("p"."t" = "shop_tag"."id")'
)


def asked(
    sql: str = SQL,
    *,
    location: Location | None = MENU,
    scopes: tuple[Scope, ...] = ROUTES,
    calls: int = 40,
    ms: float = 5,
    in_one: int = 1,
    tests: tuple[str, ...] = (),
    verb: str = "SELECT",
) -> tuple[QueryGroup, ...]:
    """The same statement of one line, `calls` times in each scope."""
    statement = Statement(sql=sql, verb=verb)
    return tuple(
        replace(
            once(POSTS, scope=scope),
            statement=statement,
            location=location,
            created_at=location,
            executions=calls // in_one,
            calls=calls,
            per_execution_max=in_one,
            loops=calls // in_one if in_one >= 3 else 0,
            wall_ns=int(calls * ms * MS),
            max_ns=int(ms * MS),
            tests=tests,
        )
        for scope in scopes
    )


def reused(
    groups: tuple[QueryGroup, ...], *, keys: int = 1, same: float = 1, stale: int = 0
) -> ResultReuse:
    """What a cache would have kept of them."""
    calls = sum(group.calls for group in groups)
    lookups = calls - keys
    return ResultReuse(
        statement=groups[0].statement,
        location=groups[0].location,
        keys=keys,
        lookups=lookups,
        same=int(same * lookups),
        hits=dict.fromkeys(TTLS, lookups),
        stale=dict.fromkeys(TTLS, stale),
        wall_ns=sum(group.wall_ns for group in groups),
        calls=calls,
    )
