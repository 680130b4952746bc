"""Rows that were filled, made more various: what was never empty or hidden is so now, for some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nuages.scratch import Scratch
from nuages.session import AgentSession
from nuages.stack.databases import start_postgres

PROJECT = Path(__file__).parent / "project"
pytestmark = pytest.mark.postgres
Ask = Callable[[str], list[Any]]


@pytest.fixture(scope="module")
def sockets() -> Iterator[str]:
    with Scratch() as scratch:
        databases = start_postgres(scratch.path)
        try:
            databases.create(["nuages_nasty", "nuages_archive"])
            yield str(databases.socket_dir)
        finally:
            databases.stop()


@pytest.fixture(scope="module")
def ask(sockets: str) -> Iterator[Ask]:
    """Rows of one query."""
    with psycopg.connect(
        host=sockets, user="nuages", dbname="nuages_nasty", autocommit=True
    ) as connection:
        yield lambda sql: connection.execute(sql.encode()).fetchall()


WATCHED = {
    "members": "SELECT id, is_active, is_staff, email FROM people_member ORDER BY id",
    "items": "SELECT published, count(*) FROM shop_item GROUP BY 1 ORDER BY 1",
    "first items": "SELECT published FROM shop_item ORDER BY id LIMIT 2",
    "orders": "SELECT count(*), count(customer_id), min(low) FROM shop_order",
    "order": "SELECT id FROM shop_order",
    "late": "SELECT count(*) FROM shop_order WHERE placed > now()",
    "leaderless": "SELECT count(*) FROM people_team WHERE captain_id IS NULL",
    "prices": "SELECT min(price) FROM shop_product",
    "seats": "SELECT id, seat FROM shop_ticket ORDER BY id",
}


@pytest.fixture(scope="module")
def varied(
    start: Any, sockets: str, ask: Ask, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, list[str]], dict[str, Any], dict[str, Any]]:
    """What `vary` said, and what was in the tables before and after."""
    session: AgentSession = start(
        PROJECT,
        "nasty.settings",
        NASTY_POSTGRES=sockets,
        NASTY_USER="nuages",
        NASTY_DATA=str(tmp_path_factory.mktemp("data")),
    )
    session.call("setup")
    session.call("migrate")
    session.call("fill", rows=200, seed=1)
    before = {name: ask(sql) for name, sql in WATCHED.items()}
    told = session.call("vary", seed=1, seconds=60)
    return told, before, {name: ask(sql) for name, sql in WATCHED.items()}


def test_flags_have_both_values(varied: Any) -> None:
    _, before, after = varied
    rows = [number for _, number in after["items"]]
    assert len(rows) == 2
    assert min(rows) > 0.15 * sum(rows)
    assert before["items"] != after["items"]


def test_keys_that_may_be_empty_are_for_some_rows(varied: Any) -> None:
    _, before, after = varied
    assert after["leaderless"][0][0] > before["leaderless"][0][0]


def test_dates_lie_ahead_for_some_rows(varied: Any) -> None:
    _, before, after = varied
    assert before["late"] == [(0,)]
    assert after["late"][0][0] > 10


def test_numbers_are_negative_where_validators_let_them_be(varied: Any) -> None:
    _, before, after = varied
    assert before["orders"][0][2] >= 0
    assert after["orders"][0][2] < 0
    assert after["prices"][0][0] > 0


def test_what_a_constraint_refuses_stays(varied: Any) -> None:
    """The customer of an order may be empty where there is a guest only: the other rows stay."""
    _, before, after = varied
    assert after["orders"][0][:2] == before["orders"][0][:2]
    assert after["seats"] == before["seats"]  # unique with the event


def test_who_asks_stays_who_they_are(varied: Any) -> None:
    told, before, after = varied
    assert "people.Member" not in told
    assert after["members"] == before["members"]


def test_the_first_rows_stay(varied: Any) -> None:
    _, before, after = varied
    assert after["first items"] == before["first items"]


def test_rows_come_in_the_order_they_were_in(varied: Any) -> None:
    _, before, after = varied
    assert after["order"] == sorted(before["order"])


def test_what_varies_is_told(varied: Any) -> None:
    told, *_ = varied
    assert "published" in told["shop.Item"]
    assert "id" not in told["shop.Item"]
    assert "slug" not in told["shop.Item"]
