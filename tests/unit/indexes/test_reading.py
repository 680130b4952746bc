"""What is read off a statement: what it looks up, and what its parameters stand for."""

from __future__ import annotations

import pytest

from nuages.indexes.reading import Asked, Reading, read


def asked(sql: str, vendor: str = "postgresql") -> Asked:
    (one,) = reading(sql, vendor).asked
    return one


def reading(sql: str, vendor: str = "postgresql") -> Reading:
    found = read(sql, vendor)
    assert found is not None
    return found


def where(condition: str, rest: str = "") -> Asked:
    return asked(f'SELECT "p"."id" FROM "p" WHERE {condition}{rest}')


def columns(keys: object) -> list[str]:
    return [f"{key.function}:{key.column}".lstrip(":") for key in keys]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("condition", "part", "expected"),
    [
        ('"p"."a" = %s', "equal", ["a"]),
        ('("p"."a" = %s AND "p"."b" IN (%s))', "equal", ["a", "b"]),
        ('"p"."a" > %s AND "p"."b" BETWEEN %s AND %s', "ranged", ["a", "b"]),
        ('%s < "p"."a"', "ranged", ["a"]),
        ('UPPER("p"."a"::text) = UPPER(%s)', "equal", ["Upper:a"]),
        ('LOWER("p"."a") = %s', "equal", ["Lower:a"]),
        ('("p"."a" AT TIME ZONE %s)::date = %s', "equal", ["TruncDate:a"]),
        ('EXTRACT(MONTH FROM "p"."a" AT TIME ZONE %s) = %s', "equal", ["ExtractMonth:a"]),
        ('"p"."a"::text LIKE %s', "searched", ["a"]),
        ('UPPER("p"."a"::text) LIKE UPPER(%s)', "searched", ["Upper:a"]),
        ('"p"."a" @> %s', "contained", ["a"]),
        ('"p"."a" && %s::varchar(9)[]', "contained", ["a"]),
        ('"p"."a" ? %s', "contained", ["a"]),
        ('"p"."a" IN (SELECT "q"."id" FROM "q")', "joined", ["a"]),
    ],
)
def test_what_a_table_is_looked_up_by(condition, part, expected):
    first = reading(f'SELECT "p"."id" FROM "p" WHERE {condition}').asked[0]
    assert columns(getattr(first, part)) == expected


@pytest.mark.parametrize(
    "condition",
    [
        '("p"."a" = %s OR "p"."b" = %s)',
        'NOT ("p"."a" = %s)',
        '"p"."a" <> %s',
        '"p"."a" + "p"."b" = %s',
        '"p"."a" = "p"."b"',
        'COALESCE("p"."a", %s) = %s',
        '("p"."data" -> %s) = %s::jsonb',
    ],
)
def test_what_leads_to_no_rows(condition):
    assert where(condition) == Asked(table="p")


@pytest.mark.parametrize(
    ("condition", "test"),
    [
        ('"p"."a" IS NULL', "IS NULL"),
        ('"p"."a" IS NOT NULL', "IS NOT NULL"),
        ('NOT ("p"."a" IS NULL)', "IS NOT NULL"),
        ('"p"."a"', "IS TRUE"),
        ('NOT "p"."a"', "IS FALSE"),
        ('"p"."a" = true', "IS TRUE"),
        ('"p"."a" = false', "IS FALSE"),
    ],
)
def test_conditions_without_a_parameter(condition, test):
    (one,) = where(f'{condition} AND "p"."b" = %s').conditions
    assert (one.column, one.test) == ("a", test)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ('"p"."a" ASC', [("a", False, "")]),
        ('"p"."a" DESC, "p"."b" ASC', [("a", True, ""), ("b", False, "")]),
        ('"p"."a" DESC NULLS LAST', [("a", True, "LAST")]),
        ('"p"."a" ASC NULLS FIRST', [("a", False, "FIRST")]),
        ("2 DESC", []),
        ('"p"."a", UPPER("p"."b")', []),
    ],
)
def test_the_order(order, expected):
    found = where('"p"."c" = %s', f" ORDER BY {order} LIMIT 5")
    assert [(key.column, key.is_descending, key.nulls) for key in found.ordered] == expected
    assert found.is_limited


def test_an_order_over_two_tables_is_no_tables():
    sql = 'SELECT 1 FROM "p" INNER JOIN "q" ON ("p"."q_id" = "q"."id") ORDER BY "p"."a", "q"."b"'
    assert [one.ordered for one in reading(sql).asked] == [(), ()]


def test_a_join_looks_up_both_its_tables():
    sql = 'SELECT 1 FROM "p" INNER JOIN "q" U1 ON ("p"."q_id" = U1."id") WHERE U1."name" = %s'
    p, q = reading(sql).asked
    assert (p.table, columns(p.joined)) == ("p", ["q_id"])
    assert (q.table, columns(q.equal), columns(q.joined)) == ("q", ["name"], ["id"])


def test_a_subquery_looks_up_by_the_outer_row():
    sql = 'SELECT 1 FROM "p" WHERE EXISTS(SELECT 1 FROM "q" U0 WHERE U0."p_id" = ("p"."id"))'
    _, q = reading(sql).asked
    assert (q.table, columns(q.joined)) == ("q", ["p_id"])


@pytest.mark.parametrize(
    ("sql", "vendor"),
    [
        ("select * from Posts where State = %s", "postgresql"),
        ("SELECT `posts`.`id` FROM `posts` WHERE `posts`.`state` = %s", "mysql"),
        ('SELECT "posts"."id" FROM "posts" WHERE "posts"."state" = %s', "sqlite"),
        ('UPDATE "posts" SET "seen" = %s WHERE "posts"."state" = %s', "postgresql"),
        ('DELETE FROM "posts" WHERE "posts"."state" IN (%s)', "postgresql"),
        ("SELECT * FROM posts WHERE state = %(state)s", "postgresql"),
    ],
)
def test_every_dialect_and_verb(sql, vendor):
    found = asked(sql, vendor)
    assert (found.table, columns(found.equal)) == ("posts", ["state"])


def test_what_parameters_stand_for():
    sql = (
        'SELECT 1 FROM "p" WHERE "p"."a" = %s AND "p"."b" > %s AND "p"."b" <= %s '
        'AND ("p"."c"::text LIKE %s OR "p"."a" = %s) AND "p"."t" && %s LIMIT %s'
    )
    uses = [slot.use for slot in reading(sql).slots]
    assert uses == ["equal", "low", "high", "pattern", "equal", "contained", "other"]


def test_a_percent_in_a_text_is_no_parameter():
    found = reading('SELECT 1 FROM "p" WHERE "p"."a" = \'%s\' AND "p"."b" = %s')
    assert [slot.key.column for slot in found.slots if slot.key] == ["b"]


@pytest.mark.parametrize("sql", ["", "SELECT FROM WHERE (", "SELECT 1 FROM x WHERE ( …"])
def test_what_cannot_be_parsed(sql):
    assert read(sql, "postgresql") is None
