"""What a report says of a whole run: its headline, each route's change, the order of things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nuages.model import (
    Coverage,
    Finding,
    Fix,
    Location,
    RouteCoverage,
    RouteFigures,
    RouteState,
    Summary,
    TuneResult,
    UnderLoad,
)
from nuages.report import under_load
from nuages.report.figures import change_of_ms, count, ms_with_unit, plural

STATES: tuple[RouteState, ...] = (
    "reached", "empty", "redirected", "denied", "failed", "not driven",
)  # fmt: skip
STATE_MEANING: dict[RouteState, str] = {
    "reached": "answered 2xx, with rows, or took a form",
    "empty": "answered 2xx, but read no rows",
    "redirected": "answered with a redirect only",
    "denied": "answered 401 or 403 to every actor",
    "failed": "answered 4xx or 5xx, or raised",
    "not driven": "no request was issued",
}


def execution(finding: Finding) -> str:
    """What one execution that a finding was seen in is called: a request, a test, …"""
    if not finding.routes:
        return "test" if finding.tests else "execution"
    # A route has its pattern behind its method, other scopes are commands and tasks.
    is_request = all(" /" in route or "(unmatched)" in route for route in finding.routes)
    return "request" if is_request else "execution"


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteChange:
    """One route's figures on both sides; None where it was not measured."""

    route: str
    before: RouteFigures | None
    after: RouteFigures | None

    @property
    def db_ms_total(self) -> float:
        """Database time of all its requests before, in milliseconds."""
        return self.before.db_ms * self.before.requests if self.before else 0

    @property
    def saved_ms(self) -> float:
        """Database time saved over all its requests, in milliseconds; negative when it grew."""
        if self.before is None or self.after is None:
            return 0
        return (self.before.db_ms - self.after.db_ms) * self.before.requests

    @property
    def changed(self) -> bool:
        """Whether its queries changed: they are exact, times are not."""
        if self.before is None or self.after is None:
            return True
        return abs(self.before.queries - self.after.queries) >= 0.05

    @property
    def is_worse(self) -> bool:
        """Whether its requests make more queries, as where it redirects before it needs any."""
        if self.before is None or self.after is None:
            return False
        return self.after.queries >= self.before.queries + 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """The run in one sentence and its figures, per request and as (before, after)."""

    sentence: str
    queries: tuple[float, float]
    told_apart: frozenset[str]  # of db_ms and cpu_ms
    db_ms: tuple[float, float]
    cpu_ms: tuple[float, float]
    requests: int
    verified: int
    findings: int
    load: UnderLoad | None = None


def headline(result: TuneResult) -> Headline:
    """The figures of a run; times are means of the routes' medians, weighted by requests."""
    figures = Headline(
        sentence="",
        queries=(result.before.queries_per_request, result.after.queries_per_request),
        told_apart=result.told_apart,
        db_ms=_weighted(result, "db_ms"),
        cpu_ms=_weighted(result, "cpu_ms"),
        requests=sum(figures.requests for figures in result.before.routes.values()),
        verified=len(verified_fixes(result.findings)),
        findings=len(result.findings),
        load=result.load,
    )
    return replace(figures, sentence=_sentence(figures))


def _sentence(figures: Headline) -> str:
    if not figures.requests:
        found = plural(figures.findings, "finding") if figures.findings else "nothing found"
        return f"No request was measured, so there are no figures per request; {found}."
    if figures.verified:
        queries, queries_after = figures.queries
        time = "database time: no difference shown"
        if "db_ms" in figures.told_apart:
            time = f"database {change_of_ms(*figures.db_ms)} per request"
        fixes = plural(figures.verified, "verified fix", "verified fixes")
        counted = f"{count(queries)} → {count(queries_after)} queries per request, {time}"
        if figures.load is not None:
            loaded = "; ".join(filter(None, (under_load.latencies(figures.load), counted)))
            return f"{under_load.knees(figures.load)} after {fixes}; {loaded}."
        return f"{counted}, after {fixes}."
    held = f"{under_load.knees(figures.load)}; " if figures.load is not None else ""
    level = held + (
        f"{plural(figures.queries[0], 'query', 'queries')} per request, "
        f"database {ms_with_unit(figures.db_ms[0])} per request"
    )
    if figures.findings:
        return f"{plural(figures.findings, 'finding')}, no fix verified; unchanged: {level}."
    return f"Nothing to report: {level}."


def _weighted(result: TuneResult, figure: str) -> tuple[float, float]:
    """Both sides over the routes that both measured, so that they speak of the same requests."""
    routes = result.before.routes.keys() & result.after.routes.keys()
    weights = {route: result.before.routes[route].requests for route in sorted(routes)}
    return _mean(result.before, weights, figure), _mean(result.after, weights, figure)


def _mean(summary: Summary, weights: dict[str, int], figure: str) -> float:
    total = sum(weights.values())
    if not total:
        return 0.0
    figures = [(getattr(summary.routes[route], figure), n) for route, n in weights.items()]
    return float(sum(value * n for value, n in figures) / total)


def route_changes(result: TuneResult) -> list[RouteChange]:
    """Every route of either side: the most database time saved first, then the most spent."""
    before, after = result.before.routes, result.after.routes
    changes = [
        RouteChange(route=route, before=before.get(route), after=after.get(route))
        for route in before.keys() | after.keys()
    ]
    return sorted(changes, key=lambda c: (-c.saved_ms, -c.db_ms_total, c.route))


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by what they cost, hazards last; however they came, in the same order."""
    return sorted(findings, key=_rank)


def _rank(finding: Finding) -> tuple[bool, float, int, str, tuple[str, str, int, int], str]:
    return (
        finding.concern == "hazard",
        -finding.evidence.wall_ms,
        -finding.evidence.calls,
        finding.rule,
        _place(finding.location),
        finding.message,
    )


def _place(location: Location | None) -> tuple[str, str, int, int]:
    if location is None:
        return ("", "", 0, 0)
    return (location.root, location.file, location.line, location.column or 0)


def verified_fixes(findings: Iterable[Finding]) -> list[tuple[Fix, list[int]]]:
    """The verified fixes of ranked findings, each with the numbers (from 1) of what it removes."""
    fixes: dict[str, tuple[Fix, list[int]]] = {}
    for number, finding in enumerate(ranked(findings), start=1):
        if finding.fix.status == "verified":
            key = finding.fix.diff or f"finding {number}"
            fixes.setdefault(key, (finding.fix, []))[1].append(number)
    return list(fixes.values())


def states(coverage: Coverage) -> dict[RouteState, int]:
    """How many routes are in each state, the states in their fixed order, none left out."""
    found = Counter(route.state for route in coverage.routes)
    return {state: found[state] for state in STATES}


UNKNOWN_REST = "Routes that nobody requested are not known here; nuages tune lists them all."


def judged(coverage: Coverage) -> str:
    """What the findings rest on: "104 requests, 117 tests, 4 commands and tasks"."""
    requests = sum(route.requests for route in coverage.routes)
    tests = (coverage.tests_passed or 0) + (coverage.tests_failed or 0)
    jobs = plural(coverage.jobs, "command or task", "commands and tasks")
    said = [
        plural(requests, "request") if requests else "",
        plural(tests, "test") if tests else "",
        jobs if coverage.jobs else "",
    ]
    return ", ".join(filter(None, said))


def missed(coverage: Coverage) -> list[RouteCoverage]:
    """The routes that were not reached, those that failed first, by state, reason and name."""
    routes = [route for route in coverage.routes if route.state != "reached"]
    return sorted(
        routes,
        key=lambda r: (r.state != "failed", STATES.index(r.state), reason(r), r.route),
    )


def reason(route: RouteCoverage) -> str:
    """Why a route is in its state, from its answers when nobody said."""
    return route.reason or answers(route) or "no reason recorded"


def answers(route: RouteCoverage) -> str:
    """The statuses it answered with: "200 ×12, 404 ×1"."""
    return ", ".join(f"{status} ×{count(n)}" for status, n in sorted(route.statuses.items()))


def place(location: Location) -> str:
    """Where a location is, as editors and terminals open it: "feed/views.py:48:17"."""
    root = "" if location.root in ("", ".") else f"{location.root.rstrip('/')}/"
    column = "" if location.column is None else f":{location.column + 1}"
    return f"{root}{location.file}:{location.line}{column}"


def places(finding: Finding) -> Iterator[tuple[str, Location]]:
    """The places of a finding, each line once: where it arises, what triggers it, its origin."""
    seen = set()
    for role, location in (
        ("location", finding.location),
        ("trigger", finding.trigger),
        ("created_at", finding.created_at),
    ):
        line = location and (location.root, location.file, location.line)
        if location is not None and line not in seen:
            seen.add(line)
            yield role, location
