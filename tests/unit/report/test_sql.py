"""SQL gets a line per clause, and nothing else changes."""

from __future__ import annotations

import pytest

from nuages.report.highlight import sql_tokens
from nuages.report.sql import CHARACTERS, brief, readable


def test_clauses_begin_lines():
    sql = (
        'SELECT "a"."id" FROM "a" LEFT OUTER JOIN "b" ON ("a"."id" = "b"."a_id") '
        'WHERE "a"."x" = %s GROUP BY "a"."id" ORDER BY 1 DESC LIMIT 21'
    )
    assert [line.split()[0] for line in readable(sql).split("\n")] == [
        "SELECT", "FROM", "LEFT", "WHERE", "GROUP", "ORDER", "LIMIT"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT (SELECT 1 FROM b WHERE c) AS d",
        "SELECT 'x FROM y WHERE z'",
        'SELECT "odd FROM name"',
        "SELECT 'open FROM",
        "BEGIN",
        "",
    ],
)
def test_subqueries_literals_and_names_stay_whole(sql):
    assert readable(sql).replace("\n", " ") == sql
    assert not readable(sql).count("\n") or "open" in sql


def test_a_long_statement_is_cut_and_says_so():
    sql = "SELECT " + "a, " * 5_000
    assert readable(sql).endswith(f" … {len(sql) - CHARACTERS:,} more characters")


def test_tokens_keep_every_character():
    sql = 'SELECT "a"."b", %s, \'it\'\'s\' FROM "t" -- 💥 \x00'
    assert "".join(token.text for token in sql_tokens(sql)) == sql
    assert "k" in {token.kind for token in sql_tokens(sql)}


def test_a_statement_in_a_line_has_neither_columns_nor_quotes():
    sql = 'SELECT "a"."id", "a"."name", "a"."other", "a"."more" FROM "a" WHERE "a"."id" = %s'
    assert brief(sql) == "SELECT … FROM a WHERE id = %s"


def test_tables_are_named_where_there_are_two():
    sql = 'SELECT "a"."id" FROM "a" INNER JOIN "b" ON ("a"."b_id" = "b"."id") WHERE "b"."x" > 1.5'
    assert brief(sql) == "SELECT a.id FROM a INNER JOIN b ON (a.b_id = b.id) WHERE b.x > 1.5"


def test_a_count_says_that_it_counts():
    sql = 'SELECT COUNT(*) AS "__count" FROM "feed_comment" WHERE "feed_comment"."post_id" = %s'
    assert brief(sql) == "SELECT COUNT(*) AS __count FROM feed_comment WHERE post_id = %s"


def test_a_long_statement_in_a_line_is_cut():
    text = brief(f"SELECT 1 AS a FROM t WHERE {' AND '.join(f't.c{n} = %s' for n in range(60))}")
    assert len(text) <= 120
    assert text.endswith("…")
    assert brief("") == ""
