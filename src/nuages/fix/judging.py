"""How far a run with an edit shows that the edit is right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from nuages.answers import Verdict
from nuages.edits import place_of
from nuages.fix.edited import Edited
from nuages.fix.effects import lost_effect
from nuages.fix.gains import MEASURES, SETTINGS, Here, fetched_later
from nuages.lineage import LOOP, Loads
from nuages.loops import Loop, find_loops
from nuages.model import (
    Finding,
    Fix,
    Load,
    Location,
    QueryGroup,
    Recording,
    RemedyKind,
    Scope,
    ScopeStats,
)

Lines = Callable[[Location], range]  # where a place of the old text is in the new one

# Edits of a loop itself: nothing of it is left, and its requests make fewer queries.
TOTALS: frozenset[RemedyKind] = frozenset({
    "annotate", "in_bulk", "bulk_create", "bulk_update", "hoist",
})  # fmt: skip
OF_ALL: frozenset[RemedyKind] = frozenset({"setting", "remove"})  # they reach every request
SLOWER, NOISE_MS = 2, 50  # times as long in the database, and what one run differs by itself
NOT_REACHED = "no test reaches the line"


def judge_replay(
    finding: Finding,
    before: Recording,
    after: Recording,
    verdicts: Iterable[Verdict],
    edited: Edited,
) -> Fix:
    """Verified when the answers are the same and its cost went down; else what is missing."""
    reached = [verdict for verdict in verdicts if verdict.route in finding.routes]
    if changed := what_changed(finding.routes, before, after, reached):
        return refused(changed)
    same = [verdict for verdict in reached if verdict.is_same]
    if not same:
        reason = reached[0].reason if reached else "none of its requests was issued again"
        return _proposed(finding, f"the answers could not be compared: {reason}")
    note = "" if all(v.result == "same" for v in same) else " up to order"
    shown = f"{_many(len(same), 'answer')} the same{note}"
    return _by_gain(finding, before, after, edited, shown)


def what_changed(
    routes: Collection[str], before: Recording, after: Recording, verdicts: Iterable[Verdict]
) -> str:
    """Which answer of these routes changed, or what they no longer write or lock; or ""."""
    for verdict in verdicts:
        if verdict.route in routes and verdict.result == "different":
            asked = f"{verdict.request.method} {verdict.request.path} as {verdict.request.actor}"
            return f"the answer to {asked} changes: {verdict.reason}"
    return lost_effect(routes, before, after)


def judge_tests(
    finding: Finding,
    before: Recording,
    after: Recording,
    passed_before: Mapping[str, bool],
    passed_after: Mapping[str, bool],
    edited: Edited,
) -> Fix:
    """Verified when the tests that reach the line still pass and its cost went down."""
    reaching = [name for name in finding.tests if passed_before.get(name)]
    broken = [name for name in reaching if not passed_after.get(name)]
    if broken:
        return refused(f"{broken[0]} passes before and fails after")
    if not reaching:
        missing = "no test that reaches the line passes" if finding.tests else NOT_REACHED
        return _proposed(finding, missing)
    passes = "passes" if len(reaching) == 1 else "pass"
    shown = f"its {_many(len(reaching), 'test')} {passes}"
    return _by_gain(finding, before, after, edited, shown)


def refused(reason: str) -> Fix:
    return Fix(status="refused", reason=reason)


def _by_gain(
    finding: Finding, before: Recording, after: Recording, edited: Edited, shown: str
) -> Fix:
    """By what the kind of its edit is for: fewer queries, or less of each."""
    place = place_of(finding)
    if finding.remedy.kind in OF_ALL:
        return _by_setting(finding, before, after, shown)
    if finding.remedy.kind in TOTALS:
        return _by_total(finding, before, after, edited, shown)
    measure = MEASURES.get(finding.remedy.kind)
    if measure is None or place is None:
        return _by_queries(finding, before, after, edited, shown)
    scopes = frozenset(group.scope for group in before.groups if touches(group, place))
    was = measure.of(before, _within(place, _lines_of(place)), scopes)
    if was is None:
        return _proposed(finding, "the run to compare with did not reach the line")
    here = _within(place, edited.lines(place))
    good = frozenset(stats.scope for stats in _stats(after, {*scopes}) if succeeded(stats))
    now = measure.of(after, here, good)
    if now is None:
        return _proposed(finding, "the edited expression did not run in a successful request")
    figures = f"{_figure(was)} → {_figure(now)} {measure.noun}"
    if now >= was:
        return refused(f"{figures}: no fewer")
    if later := fetched_later(after, here):
        return refused(f"what it leaves out is read: {later} queries more in one execution")
    return replace(finding.fix, status="verified", reason=f"{figures}, {shown}")


def database_ns(recording: Recording, place: Location, edited: Edited) -> int:
    """Time of all queries that ran at a place, or on a queryset that was created there."""
    here = _within(place, edited.lines(place))
    return sum(
        group.wall_ns
        for group in recording.groups
        if here(group.location) or any(here(load.created_at) for load in ancestry(group))
    )


def touches(group: QueryGroup, place: Location) -> bool:
    """Whether a query ran at a place, or on a queryset that was created there."""
    here = _within(place, _lines_of(place))
    return here(group.location) or any(load.created_at == place for load in ancestry(group))


def _lines_of(place: Location) -> range:
    return range(place.line, (place.end_line or place.line) + 1)


def _within(place: Location, lines: range) -> Here:
    def here(other: Location | None) -> bool:
        if other is None or (other.root, other.file) != (place.root, place.file):
            return False
        if place.kind == "class":  # one that gets a `queryset` is seen at that line from then on
            inside = f"{other.function}.".startswith(f"{place.function}.")
            return inside or other.line in lines
        return other.line in lines

    return here


def _by_queries(
    finding: Finding, before: Recording, after: Recording, edited: Edited, shown: str
) -> Fix:
    loops = [loop for loop in find_loops(before) if _is_of(finding, loop)]
    if not loops:
        return _proposed(finding, "the run to compare with did not repeat its loop")
    groups = [group for loop in loops for group in loop.groups]
    scopes = {group.scope for group in groups}
    root = loops[0].lineage.root if loops[0].lineage else None
    assert root is not None
    if not _ran(root, scopes, after, edited):
        return _proposed(finding, "the edited expression did not run in a successful request")
    left = _left(finding, root, scopes, after, edited)
    if left >= LOOP:
        return refused(f"{left} of its queries are left in one execution")
    was, now = _queries(before, scopes), _queries(after, scopes)
    per = "a request" if all(scope.kind == "request" for scope in scopes) else "an execution"
    if now >= was:
        return refused(f"{_figure(was)} queries {per} before, {_figure(now)} after: no fewer")
    if worse := _worse(root, scopes, before, after, edited):
        return refused(worse)
    executions = sum(stats.executions for stats in _stats(before, scopes))
    figures = f"{_figure(was)} → {_figure(now)} queries {per}"
    return replace(
        finding.fix,
        status="verified",
        reason=f"{figures}, {shown}",
        queries_before=round(was * executions),
        queries_after=round(now * executions),
    )


def _by_total(
    finding: Finding, before: Recording, after: Recording, edited: Edited, shown: str
) -> Fix:
    """Of an edit that changes the loop: its queries are gone, and no others came in their place."""
    place = finding.location
    assert place is not None
    here = _within(place, _lines_of(place))
    loops = [g for g in before.groups if here(g.location) and g.per_execution_max >= LOOP]
    if finding.remedy.kind == "annotate":  # of one queryset; others may lead there as well
        loops = [g for g in loops if any(x.created_at == finding.created_at for x in ancestry(g))]
    scopes = {group.scope for group in loops}
    if not scopes:
        return _proposed(finding, "the run to compare with did not repeat its loop")
    good = {stats.scope for stats in _stats(after, scopes) if succeeded(stats)}
    ran = [g for g in after.groups if edited.is_new(g.location) or edited.is_new(g.created_at)]
    if not any(group.scope in good for group in ran):
        return _proposed(finding, "the edited expression did not run in a successful request")
    there = _within(place, edited.lines(place))
    left = [g for g in after.groups if there(g.location) and g.scope in scopes]
    if most := max((g.per_execution_max for g in left if g.loops), default=0):
        return refused(f"{most} of its queries are left in one execution")
    was, now = _queries(before, scopes), _queries(after, scopes)
    if now >= was:
        return refused(f"{_figure(was)} queries before, {_figure(now)} after: no fewer")
    took, takes = _db_ms(before, scopes), _db_ms(after, scopes)
    if takes > took * SLOWER + NOISE_MS:
        return refused(f"{_figure(took)} → {_figure(takes)} ms in the database: slower")
    per = "a request" if all(scope.kind == "request" for scope in scopes) else "an execution"
    executions = sum(stats.executions for stats in _stats(before, scopes))
    return replace(
        finding.fix,
        status="verified",
        reason=f"{_figure(was)} → {_figure(now)} queries {per}, {shown}",
        queries_before=round(was * executions),
        queries_after=round(now * executions),
    )


def _by_setting(finding: Finding, before: Recording, after: Recording, shown: str) -> Fix:
    """Of a setting: what it costs on the finding's routes went down."""
    setting = SETTINGS.get(finding.rule)
    scopes = frozenset(Scope(kind="request", name=route) for route in finding.routes)
    good = frozenset(stats.scope for stats in _stats(after, {*scopes}) if succeeded(stats))
    if setting is None or not good:
        return _proposed(finding, "no run shows what it costs")
    was, now = (setting.of(run, finding.remedy.code, good) for run in (before, after))
    figures = f"{was:,.2f} → {now:,.2f} {setting.noun} a request"
    if not was:
        return _proposed(finding, "the run to compare with did not show what it costs")
    if now > was / 2:
        return refused(f"{figures}: not half as much")
    return replace(finding.fix, status="verified", reason=f"{figures}, {shown}")


def _db_ms(recording: Recording, scopes: set[Scope]) -> float:
    """Milliseconds in the database, per execution of these scopes."""
    stats = _stats(recording, scopes)
    executions = sum(one.executions for one in stats)
    return sum(one.db_ns for one in stats) / 1e6 / executions if executions else 0.0


def _is_of(finding: Finding, loop: Loop) -> bool:
    return (
        loop.lineage is not None
        and loop.can_be_fetched_together
        and loop.created_at == finding.created_at
        and loop.lineage.path == finding.remedy.path
    )


def _ran(root: Load, scopes: set[Scope], after: Recording, edited: Edited) -> bool:
    """Whether the queryset at the root was executed where a request or a test succeeded."""
    good = {stats.scope for stats in _stats(after, scopes) if succeeded(stats)}
    return any(
        group.scope in good and any(_is_root(load, root, edited) for load in ancestry(group))
        for group in after.groups
    )


def _left(
    finding: Finding, root: Load, scopes: set[Scope], after: Recording, edited: Edited
) -> int:
    """How often one execution still goes row by row along the path from that root."""
    loads = Loads(after.groups)
    left = 0
    for group in after.groups:
        if group.scope not in scopes or group.load is None or group.load.how != "query":
            continue
        lineage = loads.trace(group)
        if lineage is None or lineage.root is None or lineage.path != finding.remedy.path:
            continue
        if _is_root(lineage.root, root, edited):
            left = max(left, group.per_execution_max)
    return left


def _worse(
    root: Load, scopes: set[Scope], before: Recording, after: Recording, edited: Edited
) -> str:
    """Which other request runs the queryset in a loop of its own, and now fetches more; or ""."""
    for stats in after.scopes:
        scope = stats.scope
        if scope.kind != "request" or scope in scopes or not _ran(root, {scope}, after, edited):
            continue
        was, now = _queries(before, {scope}), _queries(after, {scope})
        if now >= was + LOOP:
            figures = f"{_figure(was)} → {_figure(now)} queries a request"
            return f"{scope.name} does not need the rows, and would fetch them: {figures}"
    return ""


def _is_root(load: Load, root: Load, edited: Edited) -> bool:
    """Whether a load of the new version is the one that the finding hangs on."""
    place, old = load.created_at, root.created_at
    if place is None or old is None or load.model != root.model:
        return False
    if (place.root, place.file) != (old.root, old.file):
        return False
    # A class that gets a `queryset` is now seen at that line.
    return old.kind == "class" or place.line in edited.lines(old)


def ancestry(group: QueryGroup) -> Iterable[Load]:
    """The load of a query's rows, and those that it hangs on, the nearest first."""
    load = group.load
    while load is not None:
        yield load
        load = load.parent


def succeeded(stats: ScopeStats) -> bool:
    """Whether an execution came to a good end; a form that was sent answers with a redirect."""
    if stats.scope.kind == "request":
        reads = stats.scope.name.startswith(("GET ", "HEAD "))
        good = ("2",) if reads else ("2", "3")
        return any(status.startswith(good) for status in stats.statuses)
    return stats.scope.kind != "test" or "passed" in stats.statuses or not stats.statuses


def _stats(recording: Recording, scopes: set[Scope]) -> list[ScopeStats]:
    return [stats for stats in recording.scopes if stats.scope in scopes]


def _queries(recording: Recording, scopes: set[Scope]) -> float:
    """Queries per execution of these scopes."""
    stats = _stats(recording, scopes)
    executions = sum(one.executions for one in stats)
    return sum(one.queries for one in stats) / executions if executions else 0.0


def _proposed(finding: Finding, missing: str) -> Fix:
    return replace(finding.fix, status="proposed", reason=f"not verified: {missing}")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _figure(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")
