"""Indexes in the words of PostgreSQL and of Django."""

from __future__ import annotations

import re

import pytest

from nuages.indexes.explain import described, executable, plan_of
from nuages.indexes.spelling import create_sql, django_index, index_name, label
from nuages.model import IndexCondition, IndexIdea, IndexKey

FIELDS = {"author_id": "author"}


def idea(*keys: IndexKey, **told: object) -> IndexIdea:
    return IndexIdea(table="blog_post", keys=keys, **told)  # type: ignore[arg-type]


def key(column: str, **told: object) -> IndexKey:
    return IndexKey(column=column, **told)  # type: ignore[arg-type]


NEWEST = key("created", is_descending=True)
OPEN = IndexCondition(column="closed", test="IS NULL")


@pytest.mark.parametrize(
    ("one", "django", "sql"),
    [
        (
            idea(key("author_id"), NEWEST),
            'models.Index(fields=["author", "-created"], name=…)',
            'USING btree ("author_id", "created" DESC)',
        ),
        (
            idea(key("state"), conditions=(OPEN,)),
            'models.Index(fields=["state"], name=…, condition=Q(closed__isnull=True))',
            'USING btree ("state") WHERE "closed" IS NULL',
        ),
        (
            idea(key("state"), conditions=(IndexCondition(column="is_spam", test="IS FALSE"),)),
            'models.Index(fields=["state"], name=…, condition=Q(is_spam=False))',
            'USING btree ("state") WHERE NOT "is_spam"',
        ),
        (
            idea(key("email", function="Upper")),
            'models.Index(Upper("email"), name=…)',
            'USING btree (UPPER("email"::text))',
        ),
        (
            idea(key("state"), key("created", is_descending=True, nulls="LAST")),
            'models.Index("state", F("created").desc(nulls_last=True), name=…)',
            'USING btree ("state", "created" DESC NULLS LAST)',
        ),
        (
            idea(key("created", function="TruncDate", zone="Europe/Paris")),
            'models.Index(TruncDate("created"), name=…)',
            """USING btree ((("created" AT TIME ZONE 'Europe/Paris')::date))""",
        ),
        (
            idea(key("title", opclass="gin_trgm_ops"), method="gin"),
            'GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name=…)',
            'USING gin ("title" gin_trgm_ops)',
        ),
        (
            idea(key("title", function="Upper", opclass="gin_trgm_ops"), method="gin"),
            'GinIndex(OpClass(Upper("title"), name="gin_trgm_ops"), name=…)',
            'USING gin (UPPER("title"::text) gin_trgm_ops)',
        ),
        (idea(key("data"), method="gin"), 'GinIndex(fields=["data"], name=…)', '("data")'),
    ],
)
def test_both_say_the_same(one, django, sql):
    assert re.sub(r'name="blog_[^"]*"', "name=…", django_index(one, FIELDS)) == django
    assert create_sql(one, "x").endswith(sql)


@pytest.mark.parametrize(
    "table",
    ["t", "blog_post", "a_very_long_application_and_a_model", '"schema"."post"', "_9odd", "9"],
)
def test_names_are_valid(table):
    name = index_name(IndexIdea(table=table, keys=(key("_state_of_the_thing"),)))
    assert re.fullmatch(r"[a-z]\w{0,29}", name)


def test_names_are_stable_and_tell_indexes_apart():
    assert index_name(idea(key("state"))) == index_name(idea(key("state")))
    others = [
        idea(key("state")),
        idea(key("state"), NEWEST),
        idea(key("state"), conditions=(OPEN,)),
    ]
    assert len({index_name(one) for one in others}) == 3


def test_a_label_is_for_readers():
    assert label(idea(key("state"), NEWEST, conditions=(OPEN,))) == (
        "blog_post(state, created DESC) WHERE closed IS NULL"
    )


@pytest.mark.parametrize(
    ("recorded", "sent"),
    [
        ("a = %s AND b = %(b)s", "a = %s AND b = %s"),
        ("a LIKE '%s' AND b = %s", "a LIKE '%%s' AND b = %s"),
        ("a %% 2 = %s", "a %% 2 = %s"),
        ('"50%" = %s', '"50%%" = %s'),
    ],
)
def test_statements_as_psycopg_takes_them(recorded, sent):
    assert executable(recorded) == sent


def test_a_plan_is_read_from_the_root_down():
    plan = plan_of(
        {
            "Plan": {
                "Node Type": "Limit",
                "Total Cost": 8.3,
                "Shared Hit Blocks": 3,
                "Shared Read Blocks": 1,
                "Plans": [
                    {"Node Type": "Index Scan", "Index Name": "x", "Relation Name": "post"},
                ],
            },
            "Execution Time": 0.25,
        }
    )
    assert plan.nodes == ("Limit", "  Index Scan using x")
    assert (plan.indexes, plan.cost, plan.ms, plan.buffers) == (frozenset({"x"}), 8.3, 0.25, 4)


def test_a_plan_is_told_as_a_tree_without_conditions():
    scan = {
        "Node Type": "Seq Scan", "Relation Name": "comment", "Actual Rows": 1500,
        "Actual Loops": 90, "Filter": "(body ~~ '%secret%')", "Parent Relationship": "SubPlan",
    }  # fmt: skip
    never = {"Node Type": "Index Scan", "Index Name": "x", "Actual Rows": 0, "Actual Loops": 0}
    root = {"Node Type": "Sort", "Actual Rows": 1, "Actual Loops": 1, "Plans": [scan, never]}
    assert described(plan_of({"Plan": root})) == (
        "Sort  (1 row)\n"
        "  SubPlan: Seq Scan on comment  (1,500 rows, 90 times)\n"
        "  Index Scan using x  (never run)"
    )
    long = {"Node Type": "Append", "Plans": [{"Node Type": "Result"}] * 50}
    assert described(plan_of({"Plan": long})).endswith("\n… and 11 more nodes")
