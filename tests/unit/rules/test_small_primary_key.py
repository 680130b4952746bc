"""Which keys run out, and what has to grow with them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.rules.databases import TYPES, case, model, post

from nuages.model import Finding, Table
from nuages.rules import small_primary_key

INT = 2**31 - 1
COMMENT = Table(
    name="comment", columns={"post_id": "integer"}, references={"post_id": "post", "by": "author"}
)
LINKS = Table(name="post_tags", columns={"post_id": "integer"}, references={"post_id": "post"})


def found(key_max: int | None, kind: str = "integer", *more: Table, **told: Any) -> list[Finding]:
    table = post(columns={**TYPES, "id": kind}, key_max=key_max)
    return list(small_primary_key.find(case(table, *more, **{"is_production": True, **told})))


class TestFinds:
    def test_a_key_that_is_more_than_half_used(self):
        (finding,) = found(int(INT * 0.7))
        assert finding.message == "post.id (integer) has used 70 % of its 2,147,483,647 values"
        assert finding.concern == "hazard"
        assert finding.confidence == 0.95
        assert finding.hint == "make the key of blog.Post a BigAutoField(primary_key=True)"

    def test_every_column_that_holds_it(self):
        (finding,) = found(INT - 5, "integer", COMMENT, LINKS)
        assert finding.hint.endswith("comment.post_id, post_tags.post_id become bigint with it")
        assert finding.evidence.figures["referring_columns"] == 2

    def test_a_smallint(self):
        (finding,) = found(30_000, "smallint")
        assert "92 %" in finding.message

    def test_mysql_without_a_sign(self):
        (finding,) = found(3_000_000_000, "int(10) unsigned", vendor="mysql")
        assert "70 % of its 4,294,967,295" in finding.message

    def test_a_large_table_in_good_time_with_little_confidence(self):
        (finding,) = found(20_000_000)
        assert finding.confidence == 0.3

    def test_a_librarys_model(self):
        (finding,) = found(INT - 5, models=(model(file=""),))
        assert "default_auto_field" in finding.hint
        assert finding.location is None


class TestStaysSilent:
    @pytest.mark.parametrize(
        ("key_max", "kind"),
        [
            (40_000, "integer"),
            (INT * 1000, "bigint"),
            (INT - 5, "bigint"),
            (5, "smallint"),
            (INT - 5, "uuid"),
            (INT - 5, "character varying(20)"),
            (INT - 5, "bigint unsigned"),
        ],
    )
    def test_on_keys_with_room(self, key_max, kind):
        assert not found(key_max, kind)

    def test_on_sqlite_whose_keys_are_of_eight_bytes(self):
        assert not found(INT - 5, vendor="sqlite")


class TestRefuses:
    def test_where_the_highest_key_is_not_known(self):
        assert not found(None)

    def test_a_scratch_database_says_it_with_less_confidence(self):
        (finding,) = found(INT - 5, is_production=False)
        assert finding.confidence == 0.5

    def test_without_a_catalog(self):
        assert not list(small_primary_key.find(case()))
