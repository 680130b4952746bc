"""SQL gets a line per clause, and nothing else changes."""

from __future__ import annotations

import pytest

from nuages.report.highlight import sql_tokens
from nuages.report.sql import CHARACTERS, readable


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
