"""The first page: the run in a sentence and a few figures, coverage in a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nuages.model import Coverage, Finding, Recording
from nuages.report.changes import STATE_MEANING, Headline, headline, states
from nuages.report.contents import Contents
from nuages.report.figures import count, ms_with_unit, plural
from nuages.report.routes import shown_scopes


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """What one request cost, before and after; the same where nothing was compared."""

    name: str
    unit: str
    before: float
    after: float
    is_told_apart: bool = True  # else the difference may as well be chance


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The head of the page."""

    lead: str
    levels: tuple[Level, ...]
    is_measured: bool
    verified: int  # fixes
    coverage: str
    costs: tuple[int, ...]  # numbers of the findings that cost time, from 0
    hazards: tuple[int, ...]


def overview(contents: Contents) -> Overview:
    """The overview of a run, or of a recording alone."""
    costs, hazards = _by_concern(contents.findings)
    coverage = coverage_line(contents.coverage)
    if contents.run is not None:
        told = headline(contents.run)
        return Overview(
            lead=told.sentence, levels=_compared(told), is_measured=bool(told.requests),
            verified=told.verified, coverage=coverage, costs=costs, hazards=hazards,
        )  # fmt: skip
    levels = _recorded(contents.recording)
    return Overview(
        lead=_lead(contents), levels=levels, is_measured=bool(levels), verified=0,
        coverage=coverage, costs=costs, hazards=hazards,
    )  # fmt: skip


def coverage_line(coverage: Coverage) -> str:
    """How much was reached, in a line."""
    found = states(coverage)
    total = sum(found.values())
    if not total:
        return "No route is known."
    kind = "route" if coverage.is_whole else "requested route"
    rest = ", ".join(f"{count(n)} {name}" for name, n in found.items() if n and name != "reached")
    reached = f"{count(found['reached'])} of {plural(total, kind)} {STATE_MEANING['reached']}"
    return f"{reached}; {rest}." if rest else f"{reached}."


def _by_concern(findings: Sequence[Finding]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    costs = tuple(n for n, finding in enumerate(findings) if finding.concern == "time")
    hazards = tuple(n for n, finding in enumerate(findings) if finding.concern == "hazard")
    return costs, hazards


def _compared(told: Headline) -> tuple[Level, ...]:
    return (
        Level(name="Queries per request", unit="", before=told.queries[0], after=told.queries[1]),
        Level(
            name="Database per request",
            unit="ms",
            before=told.db_ms[0],
            after=told.db_ms[1],
            is_told_apart="db_ms" in told.told_apart,
        ),
        Level(
            name="CPU per request",
            unit="ms",
            before=told.cpu_ms[0],
            after=told.cpu_ms[1],
            is_told_apart="cpu_ms" in told.told_apart,
        ),
    )


def _recorded(recording: Recording) -> tuple[Level, ...]:
    """Means over the requests, or over what else there was where there were none."""
    requests = [stats for stats in recording.scopes if stats.scope.kind == "request"]
    one = "request" if requests else "execution"
    scopes = requests or shown_scopes(recording)
    executions = sum(stats.executions for stats in scopes)
    if not executions:
        return ()
    figures = (
        ("Queries", "", sum(stats.queries for stats in scopes) / executions),
        ("Database", "ms", sum(stats.db_ns for stats in scopes) / executions / 1e6),
        ("CPU", "ms", sum(stats.cpu_ns for stats in scopes) / executions / 1e6),
    )
    return tuple(
        Level(name=f"{name} per {one}", unit=unit, before=value, after=value)
        for name, unit, value in figures
    )


def _lead(contents: Contents) -> str:
    findings = plural(len(contents.findings), "finding") if contents.findings else "Nothing found"
    if not contents.recording.scopes:
        return f"{findings} in settings and code; nothing was run, so no time can be told."
    scopes = shown_scopes(contents.recording)
    executions = sum(stats.executions for stats in scopes)
    wall_ms = sum(stats.wall_ns for stats in scopes) / 1e6
    one = "request" if all(stats.scope.kind == "request" for stats in scopes) else "execution"
    each = f", {ms_with_unit(wall_ms / executions)} each" if executions else ""
    return (
        f"{findings} in {plural(executions, one)}, which took {ms_with_unit(wall_ms)} in all{each}."
    )
