"""Drives the hard project on a real PostgreSQL, whose types and errors are its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nuages.answers import Request
from nuages.scratch import Scratch
from nuages.session import AgentSession
from nuages.stack.databases import start_postgres
from nuages.traffic.crawl import Limits, crawl, send

PROJECT = Path(__file__).parent / "project"
pytestmark = pytest.mark.postgres


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
def session(start: Any, sockets: str, tmp_path_factory: pytest.TempPathFactory) -> AgentSession:
    session: AgentSession = start(
        PROJECT,
        "nasty.settings",
        NASTY_POSTGRES=sockets,
        NASTY_USER="nuages",
        NASTY_DATA=str(tmp_path_factory.mktemp("data")),
    )
    session.call("setup")
    session.call("migrate")
    return session


@pytest.fixture(scope="module")
def filled(session: AgentSession) -> dict[str, Any]:
    done: dict[str, Any] = session.call("fill", rows=60)
    return done


def rows(sockets: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(host=sockets, user="nuages", dbname="nuages_nasty") as connection:
        return connection.execute(sql).fetchall()


def test_every_model_is_filled(filled: dict[str, Any]) -> None:
    unfilled = {label for label, why in filled["skipped"].items() if "bookkeeping" not in why}
    assert unfilled == {"shop.Egg", "shop.Hen"}
    assert filled["filled"]["ranges.Booking"] >= 20


def test_the_databases_own_types_hold_values(filled: dict[str, Any], sockets: str) -> None:
    sizes = "select distinct unnest(sizes) from ranges_booking"
    assert {size for (size,) in rows(sockets, sizes)} <= {"S", "L"}
    assert rows(sockets, "select count(*) from ranges_booking where isempty(during)") == [(0,)]


def test_the_next_row_gets_a_key(filled: dict[str, Any], sockets: str) -> None:
    following = "nextval(pg_get_serial_sequence('shop_order', 'id'))"
    ((last, following),) = rows(sockets, f"select max(id), {following} from shop_order")
    assert following > last


def test_it_is_driven(session: AgentSession, filled: dict[str, Any]) -> None:
    limits = Limits(per_route=1, requests=400)
    traffic = crawl(session, actors=session.call("actors"), limits=limits)
    states = [route.state for route in traffic.coverage.routes]
    assert states.count("reached") > 50
    broken = {a.request.path for a in traffic.answers if a.status >= 500}
    assert broken == {"/broken/", "/broken-transaction/"}


def test_a_failed_statement_does_not_reach_the_next_request(
    session: AgentSession, filled: dict[str, Any]
) -> None:
    assert send(session, Request(path="/broken-transaction/")).status == 500
    assert send(session, Request(path="/api/products/")).status == 200
