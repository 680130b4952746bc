"""Statements have one form, whatever the number of their parameters."""

from __future__ import annotations

import pytest

from nuages.record import statements
from nuages.record.statements import make, normalise, verb_of


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM t WHERE a IN (%s, %s, %s)", "SELECT a FROM t WHERE a IN (%s)"),
        ("SELECT a FROM t WHERE a IN (%s)", "SELECT a FROM t WHERE a IN (%s)"),
        ("SELECT a FROM t WHERE a NOT IN (%s,%s)", "SELECT a FROM t WHERE a NOT IN (%s)"),
        ("SELECT 1 FROM t WHERE (a, b) IN ((%s, %s), (%s, %s))",
         "SELECT 1 FROM t WHERE (a, b) IN ((%s, %s))"),
        ("SELECT a FROM t WHERE a IN (%s::uuid, %s::uuid)",
         "SELECT a FROM t WHERE a IN (%s::uuid)"),
        ("SELECT a FROM t WHERE a IN (SELECT b FROM u WHERE c IN (%s, %s))",
         "SELECT a FROM t WHERE a IN (SELECT b FROM u WHERE c IN (%s))"),
        ("INSERT INTO t (a, b) VALUES (%s, %s), (%s, %s), (%s, NULL) RETURNING id",
         "INSERT INTO t (a, b) VALUES (%s, %s), … RETURNING id"),
        ("INSERT INTO t (a, b) VALUES (%s, %s)", "INSERT INTO t (a, b) VALUES (%s, %s)"),
        ("INSERT INTO t (a) VALUES (ST_GeomFromEWKB(%s::bytea)), (ST_GeomFromEWKB(%s::bytea))",
         "INSERT INTO t (a) VALUES (ST_GeomFromEWKB(%s::bytea)), …"),
        ("INSERT INTO t (a, b) SELECT %s, %s UNION ALL SELECT %s, %s",
         "INSERT INTO t (a, b) SELECT %s, %s UNION ALL …"),
        ('SAVEPOINT "s140_x1"', "SAVEPOINT s"),
        ("RELEASE SAVEPOINT `s140_x1`", "RELEASE SAVEPOINT s"),
        ('ROLLBACK TO SAVEPOINT "s140_x1"', "ROLLBACK TO SAVEPOINT s"),
        ("UPDATE t SET a = CASE WHEN (id = %s) THEN %s WHEN (id = %s) THEN %s ELSE NULL END"
         " WHERE id IN (%s, %s)",
         "UPDATE t SET a = CASE WHEN (id = %s) THEN %s ELSE NULL END WHERE id IN (%s, …)"),
        ("DELETE FROM t WHERE id IN (%s, %s, %s)", "DELETE FROM t WHERE id IN (%s, …)"),
        ("DELETE FROM t WHERE id IN (%s)", "DELETE FROM t WHERE id IN (%s)"),
        ("SELECT a FROM t LIMIT 21;", "SELECT a FROM t LIMIT 21"),
    ],
)  # fmt: skip
def test_repetition_is_folded(sql, expected):
    assert normalise(sql, is_raw=False) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a1 FROM t2 WHERE id = 17 AND b = 'it''s'",
         "SELECT a1 FROM t2 WHERE id = %s AND b = %s"),
        ('SELECT "col 3" FROM t WHERE x > 1.5', 'SELECT "col 3" FROM t WHERE x > %s'),
        ("SELECT * FROM t WHERE a IN (1, 2, 3)", "SELECT * FROM t WHERE a IN (%s)"),
        ("SELECT %s, $1 FROM t", "SELECT %s, $1 FROM t"),
    ],
)  # fmt: skip
def test_literals_are_taken_out_of_sql_that_a_person_wrote(sql, expected):
    assert normalise(sql, is_raw=True) == expected


def test_literals_of_the_orm_stay():
    assert normalise("SELECT 1 AS a FROM t LIMIT 1", is_raw=False) == "SELECT 1 AS a FROM t LIMIT 1"


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("  select 1", "SELECT"), ("/* who */ UPDATE t SET a = 1", "UPDATE"),
        ("(SELECT 1) UNION (SELECT 2)", "SELECT"), ("-- why\nDELETE FROM t", "DELETE"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "SELECT"),
        ("WITH x AS (SELECT 1) DELETE FROM t WHERE a IN (SELECT * FROM x)", "DELETE"), ("", ""),
    ],
)  # fmt: skip
def test_the_verb_is_that_of_the_main_statement(sql, verb):
    assert verb_of(sql) == verb


def test_transaction_control_is_known():
    for sql in ("BEGIN", 'SAVEPOINT "x"', "ROLLBACK", "COMMIT"):
        assert make(sql, "default", "sqlite", is_raw=True).is_transaction
    assert not make("SELECT 1", "default", "sqlite", is_raw=True).is_transaction


def test_a_statement_of_any_length_is_kept_to_a_bounded_one():
    statement = make("SELECT " + ", ".join(f"a{n}" for n in range(9999)), "x", "y", is_raw=False)
    assert len(statement.sql) < 10_100


def test_a_list_of_many_thousand_values_is_folded_in_no_time():
    sql = f"SELECT a FROM t WHERE a IN ({', '.join(['%s'] * 50_000)})"
    assert normalise(sql, is_raw=False) == "SELECT a FROM t WHERE a IN (%s)"


def test_of_a_very_long_text_only_the_beginning_is_looked_at():
    row = ", (%s)"
    begins = f"INSERT INTO t (a) VALUES (%s){row * 100_000}"
    one, other = (make(begins + row * n, "default", "sqlite", is_raw=False) for n in (0, 50_000))
    assert one == other
    assert one.verb == "INSERT"


def test_texts_are_remembered_until_they_are_too_many_or_too_long_together(monkeypatch):
    monkeypatch.setattr(statements, "SPELLINGS", 3)
    monkeypatch.setattr(statements, "CHARACTERS", 10)
    spellings = statements.Spellings()
    for text in ("a", "b", "c"):
        spellings.keep((text,), text, 1)
    assert len(spellings.known) == 3
    spellings.keep(("d",), "d", 1)
    assert list(spellings.known) == [("d",)]
    spellings.keep(("long",), "x" * 10, 1)
    assert list(spellings.known) == [("long",)]


def test_long_texts_are_known_again_without_being_kept():
    text = f"SELECT {'a, ' * statements.LONGEST} b"
    first = statements.number(text, "default", "sqlite", is_raw=False)
    assert statements.number("".join(text), "default", "sqlite", is_raw=False) == first
    assert text not in {key[0] for key in statements._spellings.known}
