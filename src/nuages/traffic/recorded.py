"""What a recording alone shows: the routes that were requested, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from nuages.histogram import percentile_ms
from nuages.model import (
    Coverage,
    Recording,
    RouteCoverage,
    RouteFigures,
    RouteState,
    ScopeStats,
    Statement,
    Summary,
)
from nuages.origins import is_work
from nuages.traffic.coverage import SAFE
from nuages.traffic.destructive import why_excluded
from nuages.traffic.mix import Excluded

OTHER = "(other)"  # the scope of what the recorder's bounds left without a name
NOT_REQUESTED = "no recorded test requests it"
WRITES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})


def outcomes(recording: Recording) -> dict[str, bool]:
    """Test id → whether it passed each time."""
    return {
        stats.scope.name: not (set(stats.statuses) - {"passed", "skipped", "xfailed"})
        for stats in recording.scopes
        if stats.scope.kind == "test" and stats.scope.name != OTHER
    }


def coverage(recording: Recording, *, routes: Iterable[Mapping[str, Any]] = ()) -> Coverage:
    """Which routes were requested; `routes`, as the agent lists them, are all that there are."""
    listed = tuple(routes)
    wrote = {group.scope.name for group in recording.groups if _takes_a_form(group.statement)}
    seen = tuple(
        _route(stats, wrote=stats.scope.name in wrote)
        for stats in recording.scopes
        if stats.scope.kind == "request"
    )
    jobs = sum(
        stats.executions
        for stats in recording.scopes
        if stats.scope.kind != "request" and is_work(stats.scope)
    )
    known = {entry.route.partition(" ")[2] for entry in seen}
    rest = {_named(entry): None for entry in listed if entry["route"] not in known}
    passed, failed = _counts(recording)
    return Coverage(
        routes=(
            *seen,
            *(RouteCoverage(route=r, state="not driven", reason=NOT_REQUESTED) for r in rest),
        ),
        is_whole=bool(listed),
        jobs=jobs,
        tests_passed=passed,
        tests_failed=failed,
    )


def _named(entry: Mapping[str, Any]) -> str:
    methods = [str(method).upper() for method in entry.get("methods") or ()]
    method = "GET" if "GET" in methods or not methods else methods[0]
    return f"{method} {entry['route']}"


def _counts(recording: Recording) -> tuple[int | None, int | None]:
    """Tests passed and failed, as the runner counted them, else as they were seen."""
    meta, seen = recording.meta, outcomes(recording)
    if "tests_passed" in meta:
        return int(meta["tests_passed"]), int(meta.get("tests_failed", "0"))
    passed = sum(seen.values())
    return (passed, len(seen) - passed) if seen else (None, None)


def _takes_a_form(statement: Statement) -> bool:
    """Whether it writes more than a message that the next page shows."""
    is_kept = statement.verb != "DELETE" and "django_session" in statement.sql
    return statement.verb in WRITES and not is_kept


def _route(stats: ScopeStats, *, wrote: bool) -> RouteCoverage:
    state, reason = _state(stats, wrote=wrote)
    return RouteCoverage(
        route=stats.scope.name,
        state=state,
        reason=reason,
        statuses=dict(stats.statuses),
        requests=stats.executions,
        rows=stats.rows,
    )


def _state(stats: ScopeStats, *, wrote: bool) -> tuple[RouteState, str]:
    """Where a redirect led is not recorded: a form that was taken is told by what it wrote."""
    classes = {status[0] for status in stats.statuses}
    if "2" in classes and stats.rows:
        return "reached", ""
    if "3" in classes and wrote and stats.scope.name.partition(" ")[0] not in SAFE:
        return "reached", ""
    if "2" in classes:
        return "empty", "no row was fetched"
    if "3" in classes:
        return "redirected", "only redirects were seen"
    if set(stats.statuses) <= {"401", "403"}:
        return "denied", "only 401 and 403 were seen"
    return "failed", "no request succeeded"


def summarise(recording: Recording) -> Summary:
    """Figures per route; times are means, as tests make few requests to a route."""
    requests = [stats for stats in recording.scopes if stats.scope.kind == "request"]
    executions = sum(stats.executions for stats in requests)
    return Summary(
        routes={stats.scope.name: _figures(stats) for stats in requests},
        queries_per_request=sum(s.queries for s in requests) / executions if executions else 0.0,
    )


def _figures(stats: ScopeStats) -> RouteFigures:
    n = max(stats.executions, 1)
    return RouteFigures(
        requests=stats.executions,
        queries=stats.queries / n,
        db_ms=stats.db_ns / n / 1e6,
        cpu_ms=stats.cpu_ns / n / 1e6,
        p50_ms=percentile_ms(stats.histogram, 0.50),
        p95_ms=percentile_ms(stats.histogram, 0.95),
    )


def weights(recording: Recording) -> dict[str, float]:
    """Requests by "GET /posts/<int:pk>/", of those that were answered well."""
    counted = {}
    for stats in recording.scopes:
        if stats.scope.kind == "request" and stats.scope.name != OTHER:
            good = sum(n for status, n in stats.statuses.items() if status[:1] in ("2", "3"))
            if good:
                counted[stats.scope.name] = float(good)
    return counted


def share_of(weights: Mapping[str, float], routes: Set[str]) -> float:
    """What part of the recorded requests went to these routes."""
    sent = sum(times for route, times in weights.items() if route in routes)
    return sent / (sum(weights.values()) or 1.0)


def unsent(weights: Mapping[str, float], routes: Set[str]) -> list[Excluded]:
    """Routes that were asked for, and that nobody knows how to ask for again."""
    missing = sorted((n, route) for route, n in weights.items() if route not in routes)
    return [Excluded(route=route, why=_why_unsent(route, n)) for n, route in reversed(missing)]


def _why_unsent(route: str, times: float) -> str:
    method, _, path = route.partition(" ")
    why = why_excluded(method, path)
    unknown = "its arguments and body are in no recording: write a request for it"
    return f"recorded {times:,.0f} ×; {why or unknown}"
