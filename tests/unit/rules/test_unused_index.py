"""Which indexes served nobody, and when that can be told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.rules.databases import case, index, model, post
from tests.unit.rules.recordings import FEED, POSTS, in_loop, recorded

from nuages.model import Finding, Index, Table
from nuages.rules import unused_index

MB = 1_000_000
USED = index("post_title", "title", scans=900, bytes=20 * MB)
IDLE = index("post_state", "state", scans=0, bytes=30 * MB)
PRODUCTION = {"is_production": True, "counted_days": 45.0}


def found(*indexes: Index, rows: int = 2_000_000, **told: Any) -> list[Finding]:
    return list(unused_index.find(case(post(*indexes, rows=rows), **{**PRODUCTION, **told})))


class TestFinds:
    def test_an_index_without_a_scan_in_production(self):
        (finding,) = found(USED, IDLE)
        assert finding.message == "post_state on post (30 MB) served no query in 45 days"
        assert finding.evidence.figures["index_mb"] == 30
        assert finding.confidence == 0.8
        assert finding.remedy.kind == "drop_index"
        assert "RemoveIndexConcurrently" in finding.hint

    def test_a_foreign_keys_index_with_caution(self):
        (finding,) = found(USED, index("post_author", "author_id", scans=0, bytes=30 * MB))
        assert finding.confidence == 0.4
        assert "only if rows of author are never deleted" in finding.hint

    def test_the_second_index_of_a_text(self):
        like = index("post_like", "title varchar_pattern_ops", scans=0, bytes=30 * MB)
        (finding,) = found(USED, like)
        assert "Django makes it for LIKE" in finding.hint
        assert finding.confidence == 0.5

    def test_after_much_recorded_traffic(self):
        traffic = recorded(
            in_loop(POSTS, 1, executions=20_000, sql='SELECT "post"."id" FROM "post"', scope=FEED)
        )
        (finding,) = found(USED, IDLE, is_production=False, recording=traffic)
        assert finding.message.endswith("served no query in this run")
        assert finding.confidence == 0.5


class TestStaysSilent:
    @pytest.mark.parametrize(
        "kept",
        [
            USED,
            index("new", "state", scans=None, bytes=30 * MB),
            index("tiny", "state", scans=0, bytes=8192),
            index("one", "state", scans=0, bytes=30 * MB, is_unique=True),
            index("con", "state", scans=0, bytes=30 * MB, is_constraint=True),
        ],
    )
    def test_on_what_is_used_small_or_a_constraint(self, kept):
        assert not found(USED, kept)

    def test_on_a_table_that_nobody_reads_here(self):
        unread = Table(name="post", rows=2_000_000, indexes=(IDLE,))
        assert not list(unused_index.find(case(unread, **PRODUCTION)))

    def test_on_small_tables(self):
        assert not found(USED, IDLE, rows=900)

    def test_on_libraries_tables(self):
        assert not found(USED, IDLE, models=(model(file=""),))


class TestRefuses:
    def test_young_statistics(self):
        assert not found(USED, IDLE, counted_days=3.0)

    def test_statistics_of_unknown_age(self):
        assert not found(USED, IDLE, counted_days=None)

    def test_a_scratch_database_that_little_was_asked_of(self):
        traffic = recorded(in_loop(POSTS, 1, executions=500, sql='SELECT 1 FROM "post"'))
        assert not found(USED, IDLE, is_production=False, recording=traffic)

    def test_traffic_that_asked_for_other_tables(self):
        traffic = recorded(in_loop(POSTS, 1, executions=20_000, sql='SELECT 1 FROM "author"'))
        assert not found(USED, IDLE, is_production=False, recording=traffic)
