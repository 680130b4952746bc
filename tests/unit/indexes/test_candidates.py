"""Which indexes are worth a try, and which are there already."""

from __future__ import annotations

import pytest
from tests.unit.rules.databases import index, post

from nuages.indexes.candidates import candidates
from nuages.indexes.existing import included, keys_of, serves
from nuages.indexes.reading import read
from nuages.indexes.spelling import label
from nuages.model import Catalog, Index, IndexIdea, IndexKey, Table


def tried(condition: str, rest: str = "", *indexes: Index, **told: object) -> list[str]:
    """Labels of the candidates for a query of posts."""
    table = post(*indexes, **told)  # type: ignore[arg-type]
    where = f" WHERE {condition}" if condition else ""
    reading = read(f'SELECT "post"."id" FROM "post"{where}{rest}', "postgresql")
    assert reading is not None
    catalog = Catalog(vendor="postgresql", tables={"post": table})
    return [label(idea).removeprefix("post") for idea in candidates(reading, catalog)]


@pytest.mark.parametrize(
    ("condition", "rest", "expected"),
    [
        ('"post"."state" = %s', "", ["(state)"]),
        (
            '"post"."state" = %s',
            ' ORDER BY "post"."created" DESC LIMIT 9',
            ["(state, created DESC)", "(state)"],
        ),
        ('"post"."state" = %s AND "post"."created" > %s', "", ["(state, created)", "(state)"]),
        ('"post"."created" > %s', "", ["(created)"]),
        ("", ' ORDER BY "post"."created" DESC LIMIT 9', ["(created DESC)"]),
        ("", ' GROUP BY "post"."state"', ["(state)"]),
        (
            '"post"."closed" IS NULL AND "post"."state" = %s',
            "",
            ["(state) WHERE closed IS NULL", "(state)", "(closed) WHERE closed IS NULL"],
        ),
        ('NOT "post"."is_open"', "", ["(is_open) WHERE NOT is_open"]),
        ('UPPER("post"."title"::text) = UPPER(%s)', "", ["(UPPER(title))"]),
        (
            '("post"."created" AT TIME ZONE %s)::date = %s',
            "",
            ["(((created AT TIME ZONE 'UTC')::date))"],
        ),
        ('"post"."title"::text LIKE %s', "", ["(title gin_trgm_ops) USING gin"]),
        ('"post"."data" @> %s', "", ["(data) USING gin"]),
    ],
)
def test_in_the_order_of_use(condition, rest, expected):
    assert tried(condition, rest) == expected


def test_equal_columns_come_in_one_order_however_they_are_asked():
    one = tried('"post"."state" = %s AND "post"."author_id" = %s')
    other = tried('"post"."author_id" = %s AND "post"."state" = %s')
    assert one == other
    assert one[0] == "(author_id, state)"


@pytest.mark.parametrize(
    "condition",
    [
        '"post"."id" = %s',
        '"post"."id" IN (%s) AND "post"."state" = %s',
        '("post"."state" = %s OR "post"."title" = %s)',
        '"post"."nothing" = %s',
        '"post"."data" = %s',
        '"post"."author_id" LIKE %s',
        '"post"."title" @> %s',
    ],
)
def test_none(condition):
    assert tried(condition) == []


def test_none_for_an_order_without_a_limit():
    assert tried("", ' ORDER BY "post"."created"') == []


def test_none_on_small_tables():
    assert tried('"post"."state" = %s', rows=499) == []


@pytest.mark.parametrize(
    "existing",
    [
        index("a", "state"),
        index("a", "state", "created"),
        index("a", "state DESC"),
        index("a", "state", "title", is_unique=True),
    ],
)
def test_none_that_is_there(existing):
    assert tried('"post"."state" = %s', "", existing) == []


@pytest.mark.parametrize(
    "existing",
    [
        index("a", "created", "state"),
        index("a", "state", predicate="(closed IS NULL)"),
        index("a", "state", method="hash"),
        index("a", "state varchar_pattern_ops"),
        index("a", "lower(state::text)"),
    ],
)
def test_others_do_not_count(existing):
    assert tried('"post"."state" = %s', "", existing) == ["(state)"]


class TestWhatIsThere:
    UPPER = IndexIdea(table="post", keys=(IndexKey(column="title", function="Upper"),))
    MONTH = IndexIdea(
        table="post", keys=(IndexKey(column="created", function="ExtractMonth", zone="UTC"),)
    )

    @pytest.mark.parametrize(
        ("idea", "key"),
        [
            (UPPER, "upper((title)::text)"),
            (MONTH, "EXTRACT(month FROM (created AT TIME ZONE 'UTC'::text))"),
        ],
    )
    def test_an_expression_as_the_database_prints_it(self, idea, key):
        assert serves(index("a", key), idea)
        assert not serves(index("a", "title"), idea)

    def test_a_partial_index_whose_condition_is_asked_for(self):
        sql = '"post"."closed" IS NULL AND "post"."state" = %s'
        partial = index("a", "state", predicate="(closed IS NULL)")
        assert "(state) WHERE closed IS NULL" not in tried(sql, "", partial)

    def test_keys_with_commas_and_parentheses_in_them(self):
        one = index("a", "COALESCE(title, ','::text)", "created DESC NULLS LAST")
        assert keys_of(one) == ("COALESCE(title, ','::text)", "created DESC NULLS LAST")

    def test_what_is_stored_is_no_key(self):
        text = "CREATE INDEX a ON public.post USING btree (state) INCLUDE (title, created)"
        one = Index(name="a", columns=("state",), definition=text)
        assert (keys_of(one), included(one)) == (("state",), ("title", "created"))

    def test_sqlites_definitions(self):
        text = 'CREATE INDEX "a" ON "post" ("state", "created" DESC) WHERE "closed" IS NULL'
        one = Index(name="a", columns=("state", "created"), definition=text)
        assert keys_of(one) == ('"state"', '"created" DESC')

    def test_without_a_definition_the_columns_stand(self):
        assert keys_of(Index(name="a", columns=("state", "created DESC"))) == (
            "state",
            "created DESC",
        )


def test_tables_that_the_catalog_lacks():
    reading = read('SELECT 1 FROM "elsewhere" WHERE "elsewhere"."a" = %s', "postgresql")
    assert reading is not None
    assert candidates(reading, Catalog(vendor="postgresql", tables={"p": Table(name="p")})) == []
