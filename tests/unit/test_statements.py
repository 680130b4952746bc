"""What the text of a statement says."""

import pytest

from nuages.statements import is_batch, is_lookup_by_key, table

START = 'SELECT "b"."id" FROM "b"'


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        (START, "b"),
        ("SELECT `b`.`id` FROM `b` WHERE 1", "b"),
        ("select count(*) from b", "b"),
        ('SELECT "b"."id", (SELECT 1 FROM "c") FROM "b"', "c"),
        ("SELECT 1", ""),
        ('INSERT INTO "b" ("a") VALUES (%s)', "b"),
        ("UPDATE `b` SET `a` = %s", "b"),
        ('DELETE FROM "b" WHERE "b"."id" = %s', "b"),
    ],
)
def test_its_table(sql, name):
    assert table(sql) == name


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ('WHERE "b"."id" = %s LIMIT 21', True),
        ('WHERE "b"."slug" = %s', True),
        ('WHERE "b"."id" = %s AND "b"."live"', False),
        ('WHERE ("b"."id" = %s AND "b"."live")', False),
        ('WHERE "b"."id" > %s LIMIT 21', False),
        ('WHERE "b"."id" = %s ORDER BY "b"."at" DESC LIMIT 1', False),
        ("", False),
    ],
)
def test_a_lookup_by_key(rest, expected):
    assert is_lookup_by_key(f"{START} {rest}") is expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ('WHERE "b"."id" IN (%s, %s)', True),
        ('WHERE ("b"."live" AND "b"."id" IN (%s))', True),
        ('WHERE "b"."post_id" IN (%s, %s) ORDER BY "b"."at"', True),
        ('ORDER BY "b"."id" LIMIT 50 OFFSET 50', True),
        ('ORDER BY "b"."id" LIMIT 50', True),
        ('WHERE "b"."id" > %s ORDER BY "b"."id" ASC LIMIT 8', True),
        ('WHERE "b"."id" < %s ORDER BY "b"."id" DESC LIMIT 8', True),
        ('WHERE "b"."at" >= %s ORDER BY "b"."at" DESC LIMIT 8', False),
        ('WHERE "b"."post_id" = %s ORDER BY "b"."id" DESC LIMIT 8', False),
        ('WHERE ("b"."state" IN (%s, %s) AND "b"."post_id" = %s) ORDER BY "b"."at"', False),
        ('WHERE "b"."post_id" IN (SELECT "c"."id" FROM "c" WHERE "c"."a" = %s)', False),
        ('WHERE "b"."id" = %s LIMIT 21', False),
    ],
)
def test_a_batch(rest, expected):
    assert is_batch(f"{START} {rest}", rows_max=50) is expected
