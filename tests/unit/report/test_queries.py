"""Groups of one statement are added up, and told apart by line and by route."""

from __future__ import annotations

from dataclasses import replace

from nuages.model import ResultReuse
from nuages.report.queries import Queries, lineage, reuse_of, statements

from .sample_findings import COMMENTS, FEED
from .sample_recording import BY_AUTHOR, FLAGS, HOME, LIKE, MS, POSTS, PROFILES, RECORDING, group


def test_the_costliest_statement_comes_first():
    found = statements(RECORDING.groups)
    assert [one.statement for one in found][:2] == [LIKE, BY_AUTHOR]


def test_groups_are_added_up():
    one = Queries(groups=[
        group(max_ns=3 * MS, histogram=(0, 2), errors={"Timeout": 1}),
        group(max_ns=9 * MS, histogram=(0, 1, 5), wall_ns=80 * MS, per_execution_max=31,
              errors={"Timeout": 2}),
    ])  # fmt: skip
    assert (one.calls, one.rows, one.wall_ms, one.max_ms) == (400, 400, 200, 9)
    assert (one.mean_ms, one.most, one.histogram) == (0.5, 31, [0, 3, 5])
    assert one.errors == {"Timeout": 3}


def test_a_percentile_is_never_more_than_the_slowest():
    one = Queries(groups=[group(histogram=(0,) * 12 + (1,), max_ns=5 * MS)])
    assert one.p95_ms == 5


def test_places_and_routes_are_told_apart():
    one = Queries(groups=[group(), group(location=FLAGS), group(name=COMMENTS, wall_ns=500 * MS)])
    assert [site.groups[0].location for site in one.sites()] == [HOME, FLAGS]
    assert [(used.scope.name, used.calls) for used in one.by_scope()] == [
        (COMMENTS, 200),
        (FEED, 400),
    ]
    assert one.locations == [HOME, FLAGS]


def test_a_lineage_is_told_from_its_queryset():
    assert lineage(PROFILES) == "feed.Post → author → accounts.User"
    assert lineage(POSTS) == "feed.Post"
    assert lineage(None) == ""


def test_reuse_is_added_up_over_the_lines():
    one = RECORDING.reuse[0]
    told = reuse_of([one, replace(one, location=FLAGS)])
    assert told is not None
    assert (told.lookups, told.same, told.calls) == (180, 176, 186)
    assert told.kept == ((1, 20, 0), (60, 176, 4))


def test_what_was_never_asked_twice_has_no_reuse():
    assert reuse_of([]) is None
    assert reuse_of([ResultReuse(statement=LIKE, location=HOME, keys=3, calls=3)]) is None
