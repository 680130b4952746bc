"""The headline and the order of things say what the figures say."""

from __future__ import annotations

from dataclasses import replace

from nuages.model import Fix, Location, RouteCoverage, RouteFigures, Summary
from nuages.report.changes import (
    answers,
    execution,
    headline,
    missed,
    place,
    places,
    ranked,
    reason,
    route_changes,
    states,
    verified_fixes,
)

from .samples import COVERAGE, EMPTY, FEED, FINDINGS, TUNED


def unfixed(result):
    findings = [replace(finding, fix=Fix(status="none")) for finding in result.findings]
    return replace(result, findings=tuple(findings), after=result.before)


def one_route(requests: int, db_ms: float) -> RouteFigures:
    return RouteFigures(requests=requests, queries=2, db_ms=db_ms, cpu_ms=1, p50_ms=1, p95_ms=2)


def test_the_headline_of_a_run_that_fixed_something():
    assert headline(TUNED).sentence == (
        "78 → 30 queries per request, database 17 → 8 ms per request, after 6 verified fixes."
    )


def test_the_headline_says_plainly_that_nothing_was_fixed():
    assert headline(unfixed(TUNED)).sentence == (
        "12 findings, no fix verified; unchanged: 78 queries per request, "
        "database 17 ms per request."
    )


def test_the_headline_says_plainly_that_nothing_was_found():
    result = replace(unfixed(TUNED), findings=())
    assert headline(result).sentence.startswith("Nothing to report: 78 queries per request")


def test_the_headline_says_plainly_that_nothing_was_measured():
    assert headline(EMPTY).sentence == (
        "No request was measured, so there are no figures per request; nothing found."
    )


def test_times_are_weighted_over_the_routes_that_both_sides_measured():
    before = Summary(routes={"GET /a/": one_route(3, 10), "GET /b/": one_route(1, 30)})
    after = Summary(routes={"GET /a/": one_route(3, 2), "GET /c/": one_route(9, 500)})
    assert headline(replace(EMPTY, before=before, after=after)).db_ms == (10, 2)


def test_routes_come_by_the_time_saved():
    changes = route_changes(TUNED)
    assert changes[0].route == FEED
    assert [c.saved_ms for c in changes] == sorted((c.saved_ms for c in changes), reverse=True)
    assert sum(change.changed for change in changes) == 6


def test_a_route_of_one_side_only_counts_as_changed():
    result = replace(EMPTY, after=Summary(routes={"GET /new/": one_route(1, 5)}))
    (change,) = route_changes(result)
    assert change.changed
    assert change.before is None


def test_findings_are_ranked_by_cost_however_they_come():
    assert ranked(reversed(FINDINGS)) == ranked(FINDINGS)


def test_one_edit_for_two_findings_is_one_verified_fix():
    assert [numbers for _, numbers in verified_fixes(FINDINGS)] == [
        [1], [4], [6, 7], [8], [10], [11]
    ]  # fmt: skip


def test_states_are_all_named():
    assert states(COVERAGE) == {
        "reached": 17, "empty": 1, "redirected": 1, "denied": 1, "failed": 1, "not driven": 4
    }  # fmt: skip
    assert [route.state for route in missed(COVERAGE)][:2] == ["failed", "empty"]


def test_a_reason_is_made_of_the_answers_when_nobody_gave_one():
    route = RouteCoverage(route="GET /", state="failed", statuses={"500": 1_200, "404": 2})
    assert answers(route) == "404 ×2, 500 ×1,200"
    assert reason(route) == answers(route)
    assert reason(RouteCoverage(route="GET /", state="not driven")) == "no reason recorded"


def test_places_read_as_editors_open_them():
    assert place(Location(file="a.py", line=3)) == "a.py:3"
    assert place(Location(file="a.py", line=3, column=0, root="libs/x")) == "libs/x/a.py:3:1"


def test_a_line_is_named_once():
    finding = replace(
        FINDINGS[0],
        created_at=replace(FINDINGS[0].location, column=2),
        trigger=Location(file="t.html", line=1),
    )
    assert [role for role, _ in places(finding)] == ["location", "trigger"]


def test_what_a_finding_was_seen_in_is_named_for_what_it_is():
    finding = FINDINGS[0]
    assert execution(finding) == "request"
    assert execution(replace(finding, routes=(), tests=("tests/test_feed.py::test_it",))) == "test"
    assert execution(replace(finding, routes=("manage.py digest",))) == "execution"
