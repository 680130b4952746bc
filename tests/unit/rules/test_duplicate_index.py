"""Which indexes are needless beside another."""

from __future__ import annotations

import pytest
from tests.unit.rules.databases import KEY, case, index, model, post
from tests.unit.rules.recordings import COMMAND, in_loop

from nuages.model import Finding, Index
from nuages.rules import duplicate_index

BOTH = index("post_author_state_uniq", "author_id", "state", is_unique=True, is_constraint=True)


def found(*indexes: Index, **told: object) -> list[Finding]:
    return list(duplicate_index.find(case(post(*indexes), **told)))  # type: ignore[arg-type]


class TestFinds:
    def test_the_same_index_twice(self):
        (finding,) = found(
            index("post_title_1a2b3c4d", "title"), index("post_title_again", "title")
        )
        assert finding.message == (
            "post_title_1a2b3c4d on post(title) is the same as post_title_again (title)"
        )
        assert finding.hint.startswith("drop db_index=True from Post.title")
        assert finding.remedy.kind == "drop_index"
        assert finding.confidence == 0.95
        assert finding.location
        assert (finding.location.file, finding.location.line) == ("blog/models.py", 12)

    def test_a_named_index_of_a_field_that_has_one_is_taken_out_of_meta(self):
        unique = index("post_title_key", "title", is_unique=True, is_constraint=True)
        (finding,) = found(index("post_title", "title"), unique)
        assert finding.hint.startswith('take the index "post_title" out of Meta of Post')

    def test_the_start_of_a_longer_one(self):
        (finding,) = found(index("post_state_idx", "state"), index("by", "state", "created DESC"))
        assert "is the start of by (state, created)" in finding.message
        assert finding.hint.startswith('take the index "post_state_idx" out of Meta of Post')
        assert finding.confidence == 0.75

    def test_a_foreign_keys_own_beside_a_unique_constraint(self):
        (finding,) = found(index("post_author_id_1a2b3c4d", "author_id"), BOTH)
        assert finding.hint.startswith("write db_index=False on Post.author")

    def test_what_the_primary_key_covers(self):
        (finding,) = found(index("post_id_idx", "id"))
        assert finding.message.endswith("is the same as post_pkey (id)")

    def test_a_single_column_read_backwards(self):
        (finding,) = found(index("down", "created DESC"), index("up", "created", "state"))
        assert "down on post(created)" in finding.message

    def test_two_alike_under_one_condition(self):
        where = {"predicate": "(closed IS NULL)"}
        (finding,) = found(index("a", "state", **where), index("b", "state", "created", **where))
        assert finding.remedy.path == "a"

    def test_of_three_alike_all_but_one(self):
        three = [index(name, "state") for name in ("a", "b", "c")]
        assert {finding.remedy.path for finding in found(*three)} == {"a", "b"}

    def test_the_one_that_is_read_is_kept(self):
        (finding,) = found(index("b", "state", scans=0), index("a", "state", scans=900))
        assert finding.remedy.path == "b"

    def test_writes_that_pay_for_it(self):
        insert = in_loop(
            None, 40, sql='INSERT INTO "post" ("id") VALUES (%s)', verb="INSERT", scope=COMMAND
        )
        (finding,) = found(index("a", "state"), index("b", "state"), groups=(insert,))
        assert finding.evidence.figures["writes"] == 40


class TestStaysSilent:
    @pytest.mark.parametrize(
        "pair",
        [
            (index("a", "title"), index("a_like", "title varchar_pattern_ops")),
            (index("a", "state"), index("b", "created", "state")),
            (index("a", "state", "created"), index("b", "state", "created DESC")),
            (index("a", "state"), index("b", "state", predicate="(closed IS NULL)")),
            (index("a", "state", predicate="(closed IS NULL)"), index("b", "state")),
            (index("a", "state", method="hash"), index("b", "state")),
            (index("a", "lower(title::text)"), index("b", "upper(title::text)")),
            (index("a", "title"), index("b", "lower(title::text)")),
            (index("a", "data", method="gin"), index("b", "data", "state", method="gin")),
            (index("a", "state", is_unique=True), index("b", "state", "created")),
            (BOTH, index("b", "author_id", "state", "created")),
            (index("a", 'title COLLATE "C"'), index("b", "title")),
        ],
    )
    def test_on_indexes_that_serve_something_else(self, pair):
        assert not found(*pair)

    def test_on_one_that_stores_more_columns(self):
        definition = "CREATE INDEX a ON public.post USING btree (state) INCLUDE (created)"
        stored = Index(name="a", columns=("state",), definition=definition)
        assert not found(stored, index("b", "state", "title"))

    def test_on_the_tables_of_libraries_and_of_links(self):
        twice = index("a", "state"), index("b", "state")
        assert not found(*twice, models=(model(file=""),))

    def test_on_one_index(self):
        assert not found(KEY)


class TestRefuses:
    def test_without_models(self):
        assert not found(index("a", "state"), index("b", "state"), models=())

    def test_without_a_catalog(self):
        assert not list(duplicate_index.find(case()))
