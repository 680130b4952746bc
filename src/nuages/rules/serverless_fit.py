"""Routes that are seldom asked, then much, and that leave nothing behind: no server has to wait."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.file_writes import file_writes
from nuages.grounds.keeping import is_tests
from nuages.grounds.module_globals import changed_globals
from nuages.grounds.route_groups import is_route
from nuages.histogram import percentile_ms
from nuages.model import Evidence, Finding, Fix, Remedy, ScopeStats
from nuages.wording import percent

ID = "serverless-fit"

HOUR = 3_600  # seconds that have to be recorded before anything is said of bursts
ENOUGH_REQUESTS = 200
IDLE = 0.95  # of the seconds have no request
BURST = 20  # times the mean number of requests a second, in the second with most of them
SHORT_MS = 1_000  # at the 95th percentile
FEW_QUERIES = 3
LARGEST = 5_000_000  # bytes of a response; AWS Lambda takes 6 MB
GOOD = ("2", "3", "4")


def find(case: Case) -> Iterator[Finding]:
    """One finding per route; only of long recordings of a running site."""
    seconds = max((s.peaks.get("recorded_seconds", 0) for s in case.recording.scopes), default=0)
    if seconds < HOUR or is_tests(case.recording.groups):
        return
    busy = {call.scope for call in case.recording.calls if call.kind in ("module-state", "cache")}
    files = {write.location.file for write in file_writes(case.code)}
    files |= {each.defined.file for each in changed_globals(case.code)}
    for stats in case.recording.scopes:
        fits = is_route(stats) and stats.scope not in busy and _is_small(stats)
        if fits and _comes_in_bursts(stats, seconds) and not _is_in(stats, files):
            yield _finding(stats, seconds, case)


def _is_small(stats: ScopeStats) -> bool:
    return (
        stats.executions >= ENOUGH_REQUESTS
        and stats.queries <= FEW_QUERIES * stats.executions
        and percentile_ms(stats.histogram, 0.95) <= SHORT_MS
        and stats.peaks.get("response_bytes", 0) <= LARGEST
        and all(status.startswith(GOOD) for status in stats.statuses)
    )


def _comes_in_bursts(stats: ScopeStats, seconds: int) -> bool:
    busy = stats.counters.get("busy_seconds", 0)
    most = stats.peaks.get("in_one_second", 0)
    return 0 < busy <= (1 - IDLE) * seconds and most >= BURST * stats.executions / seconds


def _is_in(stats: ScopeStats, files: set[str]) -> bool:
    """Whether its view stands in a file, or an app, that keeps state or writes files."""
    package = stats.view.split(".")[0]
    return any(file.split("/")[0] == package for file in files)


def _finding(stats: ScopeStats, seconds: int, case: Case) -> Finding:
    busy, most = stats.counters["busy_seconds"], stats.peaks["in_one_second"]
    p95_ms = percentile_ms(stats.histogram, 0.95)
    return Finding(
        rule=ID,
        message=f"{stats.scope.name} was asked in {percent(busy / seconds, 1)} of the time, then "
        f"up to {most:,} times a second, takes {p95_ms:,.0f} ms (p95) and leaves nothing behind",
        hint="it could run as a function (AWS Lambda and the like) that costs nothing between the "
        "bursts; mind the time of a cold start, and the number of database connections",
        location=None,
        evidence=Evidence(
            requests=stats.executions,
            calls=stats.executions,
            per_request_max=1,
            share=case.share(stats.wall_ns),
            p95_ms=p95_ms,
            figures={
                "busy_seconds": busy,
                "recorded_seconds": seconds,
                "in_one_second": most,
                "queries": round(stats.queries / stats.executions, 2),
            },
        ),
        confidence=0.3,
        remedy=Remedy(kind="move"),
        routes=(stats.scope.name,),
        fix=Fix(status="none", reason="it is done in the deployment, and not in the code"),
    )
