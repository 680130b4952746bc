"""What requests write and lock, before and after an edit."""

from __future__ import annotations

from nuages.fix.effects import lost_effect
from nuages.model import QueryGroup, Recording, Scope, Statement

ROUTE = "POST /tickets/"
INSERT = 'INSERT INTO "entry" ("text") VALUES (%s)'
LOCK = 'SELECT "ticket"."id" FROM "ticket" WHERE "ticket"."id" = %s FOR UPDATE'


def ran(*statements: tuple[str, int], route: str = ROUTE) -> Recording:
    return Recording(
        groups=tuple(
            QueryGroup(
                scope=Scope(kind="request", name=route),
                statement=Statement(sql=sql, verb=sql.split()[0]),
                location=None,
                calls=1,
                rows=rows,
            )
            for sql, rows in statements
        )
    )


def test_a_table_that_is_no_longer_written_is_named() -> None:
    said = lost_effect([ROUTE], ran((INSERT, 1)), ran())
    assert said == "POST /tickets/ no longer inserts entry"


def test_a_lock_that_is_gone_is_named() -> None:
    unlocked = LOCK.removesuffix(" FOR UPDATE")
    said = lost_effect([ROUTE], ran((LOCK, 1)), ran((unlocked, 1)))
    assert said == "POST /tickets/ no longer locks ticket"


def test_fewer_inserted_rows_are_told() -> None:
    assert "before 6" in lost_effect([ROUTE], ran((INSERT, 6)), ran((INSERT, 5)))


def test_one_insert_of_all_rows_is_the_same() -> None:
    assert not lost_effect([ROUTE], ran((INSERT, 3), (INSERT, 3)), ran((INSERT, 6)))


def test_other_routes_are_left_alone() -> None:
    assert not lost_effect([ROUTE], ran((INSERT, 1), route="POST /other/"), ran())
