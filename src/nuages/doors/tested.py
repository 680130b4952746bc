"""The project's own tests: its data, its logins, its mocks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from nuages.doors import Seen, Version, version
from nuages.errors import NuagesError
from nuages.fix import RunOutcome
from nuages.lab import CommandRun, Lab
from nuages.model import Coverage, Recording, RouteCoverage, RouteFigures, ScopeStats, Summary


class TestsDoor:
    """Runs one command, usually the tests, against every version."""

    __test__ = False  # not a test case, whatever pytest makes of its name

    def __init__(self, lab: Lab, argv: Sequence[str]) -> None:
        self._lab = lab
        self._argv = list(argv)
        self._latest: dict[Version, Recording] = {}

    def record(self) -> Seen:
        """Run the command as the project stands."""
        outcome = self._outcome({})
        return Seen(outcome=outcome, coverage=coverage(outcome.recording))

    def run(self, edits: Mapping[str, str]) -> RunOutcome:
        """Run the command with edits."""
        return self._outcome(edits)

    def summary(self, edits: Mapping[str, str]) -> Summary:
        """Figures of the requests that the tests made, from the run with these edits."""
        recording = self._latest.get(version(edits)) or self._outcome(edits).recording
        return summarise(recording)

    def _outcome(self, edits: Mapping[str, str]) -> RunOutcome:
        run = self._lab.command(self._argv, mode="deep", edits=edits)
        recording = self._checked(run)
        self._latest[version(edits)] = recording
        return RunOutcome(recording=recording, tests=outcomes(recording))

    def _checked(self, run: CommandRun) -> Recording:
        command = shlex.join(self._argv)
        if run.recording is None or not run.recording.processes:
            raise NuagesError(
                f"No process of `{command}` could be recorded (it ended with {run.exit_code}).",
                hint="Leave out -I, -E and wrappers that clear the environment.",
                detail=run.output[-3000:],
                slug="not-attached",
            )
        if not run.recording.groups:
            raise NuagesError(
                f"`{command}` ended with {run.exit_code} and made no query.",
                hint="Run it by hand first; name the tests that use the database.",
                detail=run.output[-3000:],
                slug="nothing-recorded",
            )
        return run.recording


def outcomes(recording: Recording) -> dict[str, bool]:
    """Test id → whether it passed each time."""
    return {
        stats.scope.name: not (set(stats.statuses) - {"passed", "skipped", "xfailed"})
        for stats in recording.scopes
        if stats.scope.kind == "test"
    }


def coverage(recording: Recording) -> Coverage:
    """Which routes the tests reached; the rest is not known without driving the site."""
    passed = outcomes(recording)
    routes = tuple(_route(s) for s in recording.scopes if s.scope.kind == "request")
    return Coverage(
        routes=routes,
        tests_passed=sum(passed.values()),
        tests_failed=len(passed) - sum(passed.values()),
    )


def _route(stats: ScopeStats) -> RouteCoverage:
    classes = {status[0] for status in stats.statuses}
    if "2" in classes:
        state, reason = ("reached", "") if stats.rows else ("empty", "no row was fetched")
    elif "3" in classes:
        state, reason = "redirected", "only redirects were seen"
    elif set(stats.statuses) <= {"401", "403"}:
        state, reason = "denied", "only 401 and 403 were seen"
    else:
        state, reason = "failed", "no request succeeded"
    return RouteCoverage(
        route=stats.scope.name,
        state=state,  # type: ignore[arg-type]
        reason=reason,
        statuses=dict(stats.statuses),
        requests=stats.executions,
        rows=stats.rows,
    )


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
        p50_ms=_percentile(stats.histogram, 0.50),
        p95_ms=_percentile(stats.histogram, 0.95),
    )


def _percentile(histogram: Sequence[int], share: float) -> float:
    """Upper edge in milliseconds of the bucket that holds the share; 0 without a histogram."""
    wanted, seen = share * sum(histogram), 0
    for bucket, count in enumerate(histogram):
        seen += count
        if count and seen >= wanted:
            return float(2 ** (bucket + 1)) / 1000
    return 0.0
