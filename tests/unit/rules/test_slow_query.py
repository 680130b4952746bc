"""Which queries are slow, and which columns are worth an index."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import COMMAND, FEED, HOME, MS, POSTS, TEST, at, once, recorded
from tests.unit.rules.traffic import busy

from nuages.cases import Case
from nuages.model import Finding, QueryGroup
from nuages.rules import slow_query

BUCKET_4_MS = 12  # [4.1, 8.2) ms
BUCKET_33_MS = 15  # [32.8, 65.5) ms
BUCKET_65_MS = 16  # [65.5, 131) ms


def found(*groups: QueryGroup) -> list[Finding]:
    return list(slow_query.find(Case(recorded(*groups))))


def timed(counts: dict[int, int], max_ms: float, **changes: object) -> QueryGroup:
    """A query that fell so often into each bucket of the histogram."""
    histogram = tuple(counts.get(bucket, 0) for bucket in range(max(counts) + 1))
    calls = sum(histogram)
    return replace(
        once(POSTS),
        histogram=histogram,
        calls=calls,
        executions=calls,
        max_ns=int(max_ms * MS),
        wall_ns=int(sum(n * 2**bucket * 1000 for bucket, n in counts.items())),
        **changes,  # type: ignore[arg-type]
    )


def test_silent_where_the_machine_was_busy():
    slow = timed({BUCKET_33_MS: 20}, 33)
    recording = recorded(slow)
    assert list(slow_query.find(Case(recording)))
    assert list(slow_query.find(Case(busy(recording, 0.05))))
    assert not list(slow_query.find(Case(busy(recording, 0.3))))


def test_an_update_has_its_own_article():
    slow = timed({BUCKET_65_MS: 20}, 90)
    update = replace(slow.statement, verb="UPDATE", sql='UPDATE "blog" SET "n" = %s')
    (finding,) = found(replace(slow, statement=update))
    assert finding.message.startswith("An UPDATE on blog takes 90 ms")


def test_finds_a_query_whose_95th_percentile_is_over_the_budget():
    (finding,) = found(timed({BUCKET_65_MS: 20}, 90))
    assert finding.message == (
        "A SELECT on blog takes 90 ms of the 30 ms that a query may, in one GET /api/feed/"
    )
    assert finding.evidence.p95_ms == 90
    assert finding.confidence == 0.9
    assert finding.routes == ("GET /api/feed/",)
    assert "GET /api/feed/" in finding.hint
    assert "EXPLAIN" in finding.hint


def test_adds_up_the_routes_of_one_line():
    (finding,) = found(timed({BUCKET_65_MS: 2}, 90), timed({BUCKET_65_MS: 3}, 120, scope=HOME))
    assert finding.evidence.calls == 5
    assert finding.routes == ("GET /", "GET /api/feed/")


def test_one_slow_call_is_a_weak_sign():
    (finding,) = found(timed({BUCKET_65_MS: 1}, 90))
    assert finding.confidence < 0.5


@pytest.mark.parametrize(
    "group",
    [
        timed({BUCKET_4_MS: 100}, 8),
        timed({BUCKET_4_MS: 99, BUCKET_65_MS: 1}, 90),
        timed({BUCKET_4_MS: 16, BUCKET_65_MS: 1}, 90),
        timed({BUCKET_4_MS: 1, BUCKET_65_MS: 1}, 90),
        timed({BUCKET_65_MS: 1}, 70),
        timed({BUCKET_65_MS: 20}, 90, scope=replace(COMMAND, name="manage.py migrate")),
        timed({BUCKET_65_MS: 20}, 90, scope=replace(COMMAND, name="manage.py loaddata a.json")),
        timed({BUCKET_65_MS: 20}, 90, location=at(3, "blog/migrations/0001_initial.py")),
        timed({BUCKET_65_MS: 20}, 90, scope=TEST, location=at(3, "tests/test_feed.py")),
        timed({BUCKET_65_MS: 20}, 90, statement=replace(once(POSTS).statement, verb="CREATE")),
        timed({BUCKET_65_MS: 20}, 90, statement=replace(once(POSTS).statement, verb="COMMIT")),
    ],
)
def test_stays_silent(group):
    assert not found(group)


def test_the_remedy_names_the_index():
    sql = 'SELECT "p"."id" FROM "p" WHERE "p"."author_id" = %s'
    (finding,) = found(
        timed({BUCKET_65_MS: 20}, 90, statement=replace(once(POSTS).statement, sql=sql))
    )
    assert (finding.remedy.kind, finding.remedy.path) == ("index", "p(author_id)")
    assert finding.hint.endswith("and try an index on p(author_id)")
    assert finding.routes == (FEED.name,)
