"""A database that was filled, given more rows: nothing that was there changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from nuages.scratch import Scratch
from nuages.session import AgentSession
from nuages.stack.databases import start_postgres

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
def fills(
    start: Any, sockets: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, Any], set[Any], set[Any]]:
    """What both fills say, and the many-to-many rows after each."""
    session: AgentSession = start(
        PROJECT,
        "nasty.settings",
        NASTY_POSTGRES=sockets,
        NASTY_USER="nuages",
        NASTY_DATA=str(tmp_path_factory.mktemp("data")),
    )
    session.call("setup")
    session.call("migrate")
    first = session.call("fill", rows=60, seed=1)
    before = links(sockets)
    second = session.call("fill", rows=240, seed=2, further=sorted(first["filled"]))
    return first, second, before, links(sockets)


def links(sockets: str) -> set[Any]:
    """Every row of every many-to-many table that Django made, as (table, columns)."""
    found: set[Any] = set()
    with psycopg.connect(host=sockets, user="nuages", dbname="nuages_nasty") as connection:
        for (table,) in connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relname LIKE 'shop\\_%\\_%'"
        ).fetchall():
            rows = connection.execute(f'SELECT t::text FROM "{table}" t').fetchall()
            found |= {(table, *row) for row in rows}
    return found


def test_what_was_filled_is_filled_further(fills: Any) -> None:
    first, second, *_ = fills
    assert set(first["filled"]) - set(second["filled"]) <= set(second["skipped"])
    grown = {
        label for label, rows in second["filled"].items() if rows >= 3 * first["filled"][label]
    }
    assert len(grown) > len(first["filled"]) / 2


def test_what_the_first_fill_left_alone_is_left_alone(fills: Any) -> None:
    first, second, *_ = fills
    assert second["filled"].keys() <= first["filled"].keys()


def test_links_are_added_and_none_is_lost(fills: Any) -> None:
    *_, before, after = fills
    assert before
    assert before < after
