"""Limits of routes and tests, and what ran over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nuages.histogram import percentile_ms
from nuages.model import Budgets, Limits, QueryGroup, Recording
from nuages.silencing.entries import matches
from nuages.suite.figures import Asked, Made, Suite, queries

TOP = 3  # statements that are named


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A budget that was not kept."""

    name: str  # of the route or test
    words: str  # "asked 14 times in one request, 10 are allowed"
    by: str  # where the limit is from
    tests: tuple[str, ...] = ()  # in which a route was seen so
    top: tuple[tuple[int, Asked], ...] = ()  # the most frequent statements, with how often


def broken(suite: Suite, budgets: Budgets, recording: Recording | None) -> list[Broken]:
    """What ran over its limits; query times are of the recording, where it was needed."""
    return [
        *_tests(suite, budgets.tests),
        *_routes(suite, budgets),
        *(_query_times(recording, budgets) if recording else ()),
    ]


def unmatched(suite: Suite, budgets: Budgets) -> tuple[str, ...]:
    """The patterns of routes that no request of the run has matched."""
    asked = {route for figures in suite.tests.values() for route in figures.routes}
    return tuple(
        pattern for pattern in budgets.routes if not any(matches(route, pattern) for route in asked)
    )


def needs_recording(budgets: Budgets) -> bool:
    """Whether the time of single queries is limited."""
    return any(limits.query_ms is not None for limits in budgets.routes.values())


def limit(tables: Mapping[str, Limits], name: str, figure: str) -> tuple[float | None, str]:
    """A limit and the pattern that sets it: the name itself, else the longest one that does."""
    setting = {p: value for p, t in tables.items() if (value := getattr(t, figure)) is not None}
    if name in setting:
        return setting[name], name
    fitting = [pattern for pattern in setting if matches(name, pattern)]
    longest = max(fitting, key=len, default="")
    return setting.get(longest), longest


def _tests(suite: Suite, tables: Mapping[str, Limits]) -> Iterator[Broken]:
    for test, figures in sorted(suite.tests.items()):
        allowed, by = limit(tables, test, "max_queries")
        by = f'budgets.tests."{by}"'
        if figures.allowed is not None:
            allowed, by = figures.allowed, "its marker"
        if allowed is not None and figures.queries > allowed:
            yield Broken(
                name=test,
                words=f"{queries(figures.queries)}, {allowed:,.0f} allowed",
                by=by,
                top=_top((asked.calls, asked) for asked in figures.asked),
            )


def _routes(suite: Suite, budgets: Budgets) -> Iterator[Broken]:
    for route, tests in suite.routes().items():
        allowed, by = limit(budgets.routes, route, "max_queries")
        by = f'budgets.routes."{by}"'
        if allowed is None:
            allowed, by = budgets.max_queries, "budgets.max_queries"
        over = {
            test: most
            for test in tests
            if (most := suite.tests[test].routes[route]) > (allowed or 0)
        }
        if allowed is not None and over:
            worst = max(sorted(over), key=lambda test: over[test])
            asked = [one for one in suite.tests[worst].asked if one.route == route]
            yield Broken(
                name=route,
                words=f"{queries(over[worst])} in one request, {allowed:,.0f} allowed",
                by=by,
                tests=(worst, *sorted(set(over) - {worst})),
                top=_top((one.most, one) for one in asked),
            )
        allowed_ms, by = limit(budgets.routes, route, "response_ms")
        p95_ms = suite.p95_ms(route)
        if allowed_ms is not None and p95_ms > allowed_ms:
            words = f"p95 {p95_ms:,.1f} ms a response, {allowed_ms:,g} ms allowed"
            by = f'budgets.routes."{by}"'
            yield Broken(name=route, words=words, by=by, tests=tuple(tests))


def _query_times(recording: Recording, budgets: Budgets) -> Iterator[Broken]:
    for group in recording.groups:
        if group.scope.kind != "request":
            continue
        allowed_ms, by = limit(budgets.routes, group.scope.name, "query_ms")
        p95_ms = percentile_ms(group.histogram, 0.95, group.max_ns)
        if allowed_ms is not None and p95_ms > allowed_ms:
            yield Broken(
                name=group.scope.name,
                words=f"p95 {p95_ms:,.1f} ms a query, {allowed_ms:,g} ms allowed",
                by=f'budgets.routes."{by}"',
                tests=group.tests,
                top=((group.calls, _asked(group)),),
            )


def _asked(group: QueryGroup) -> Asked:
    place = group.location
    made = Made(
        sql=group.statement.sql,
        file=place.file if place else "",
        line=place.line if place else 0,
        function=place.function if place else "",
    )
    return Asked(made=made, route=group.scope.name, calls=group.calls, most=group.per_execution_max)


def _top(counted: Iterator[tuple[int, Asked]]) -> tuple[tuple[int, Asked], ...]:
    ordered = sorted(counted, key=lambda pair: (-pair[0], pair[1].made.sql))
    return tuple(ordered[:TOP])
