"""Catalogs as real databases give them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import pytest

from nuages.agent import catalog as reader
from nuages.catalogs import catalogs_from
from nuages.model import Catalog, Index, Table
from nuages.session import AgentSession

pytestmark = pytest.mark.postgres


@pytest.fixture
def tickets(catalogs: Mapping[str, Catalog]) -> Table:
    return catalogs["default"].tables["desk_ticket"]


def index(table: Table, name: str) -> Index:
    return next(index for index in table.indexes if index.name == name)


def test_a_table_with_its_size_and_columns(tickets: Table) -> None:
    assert tickets.rows == 50_000
    assert tickets.bytes > 5_000_000
    assert tickets.columns["state"] == "character varying(10)"
    assert tickets.columns["tags"] == "character varying(10)[]"
    assert tickets.references == {"team_id": "desk_team", "owner_id": "desk_team"}


def test_the_highest_key_is_the_rows_or_the_sequences(catalogs: Mapping[str, Catalog]) -> None:
    tables = catalogs["default"].tables
    assert (tables["desk_ticket"].key, tables["desk_ticket"].key_max) == ("id", 1_800_000_000)
    assert tables["desk_team"].key_max == 300  # its sequence was never asked
    assert tables["desk_tag"].columns["id"] == "smallint"


def test_indexes_with_what_tells_them_apart(tickets: Table) -> None:
    key = index(tickets, "desk_ticket_pkey")
    assert (key.is_primary, key.is_unique, key.is_constraint) == (True, True, True)
    spam = index(tickets, "ticket_spam")
    assert (spam.columns, spam.predicate, spam.method) == (("half",), "is_spam", "btree")
    assert index(tickets, "ticket_lower_email").columns == ("lower(email::text)",)
    again = index(tickets, "ticket_covered_again")
    assert again.bytes > 100_000
    assert again.scans == 0
    assert "USING btree (covered)" in again.definition


def test_scans_are_counted(agent: AgentSession, connection) -> None:
    connection.execute("SET enable_seqscan = off")
    connection.execute("SELECT count(*) FROM desk_ticket WHERE covered = 5")
    connection.execute("SELECT pg_stat_force_next_flush()" if _is_new(connection) else "SELECT 1")
    connection.close()
    found = catalogs_from(agent.call("catalog"))["default"].tables["desk_ticket"]
    assert sum(one.scans or 0 for one in found.indexes if one.columns == ("covered",)) >= 1


def _is_new(connection) -> bool:
    return connection.info.server_version >= 150_000


def test_production_is_read_in_a_transaction_that_cannot_write(agent: AgentSession) -> None:
    found = catalogs_from(agent.call("catalog", is_production=True))["default"]
    assert found.is_production
    assert found.counted_days is not None
    assert found.counted_days < 1


class TestSqlite:
    @pytest.fixture
    def table(self) -> Table:
        connection = sqlite3.connect(":memory:")
        connection.executescript("""
            CREATE TABLE author (id integer PRIMARY KEY);
            CREATE TABLE post (
                id integer NOT NULL PRIMARY KEY AUTOINCREMENT, title varchar(50) UNIQUE,
                author_id bigint REFERENCES author (id), closed datetime NULL);
            CREATE INDEX post_closed ON post (author_id, closed DESC) WHERE closed IS NULL;
            INSERT INTO post (id, title) VALUES (7, 'a'), (9, 'b');
        """)

        class Cursor:
            """As Django's, whose parameters are %s."""

            def execute(self, sql: str, parameters: object = ()) -> None:
                self.found = connection.execute(sql.replace("= %s", "= ?"), parameters)

            def fetchall(self) -> list[tuple[object, ...]]:
                return self.found.fetchall()

            def fetchone(self) -> tuple[object, ...]:
                return self.found.fetchone()

        return reader.sqlite(Cursor(), False).tables["post"]

    def test_its_key_columns_and_references(self, table: Table) -> None:
        assert (table.key, table.key_max, table.rows) == ("id", 9, 9)
        assert table.columns["author_id"] == "bigint"
        assert table.references == {"author_id": "author"}

    def test_its_indexes(self, table: Table) -> None:
        unique = next(one for one in table.indexes if one.is_unique)
        assert (unique.columns, unique.is_constraint, unique.scans) == (("title",), True, None)
        closed = index(table, "post_closed")
        assert closed.columns == ("author_id", "closed")
        assert closed.predicate == "closed IS NULL"
