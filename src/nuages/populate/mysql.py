"""A MySQL or MariaDB database that is being filled: rows by LOAD DATA LOCAL, out of a pipe."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import numpy as np

from nuages.errors import NuagesError
from nuages.populate.catalog import TableCatalog, UniqueSet
from nuages.populate.columns import Chunk, Generator
from nuages.populate.ledger import LEDGER, Entry
from nuages.populate.loading import Lines, piped
from nuages.populate.made import Made
from nuages.populate.places import Place
from nuages.populate.plain import kind_of, listed, plain
from nuages.populate.planning import TablePlan

LISTED = 100_000  # keys of rows that were there before, at most
UPDATED = 2_000  # rows of a statement

_COLUMNS = """
    SELECT column_name, column_type, is_nullable = 'NO' FROM information_schema.columns
    WHERE table_schema = database() AND table_name = %s AND extra NOT LIKE '%%GENERATED%%'
    ORDER BY ordinal_position
"""
_INDEXES = """
    SELECT index_name, column_name, non_unique FROM information_schema.statistics
    WHERE table_schema = database() AND table_name = %s ORDER BY index_name, seq_in_index
"""
_KEYS = """
    SELECT column_name, referenced_table_name, referenced_column_name
    FROM information_schema.key_column_usage WHERE table_schema = database()
    AND table_name = %s AND referenced_table_schema = database()
"""


class MysqlTarget:
    """One database, by a connection of its own."""

    vendor = "mysql"

    def __init__(self, place: Place) -> None:
        self.connection = connected(place)
        self._catalogs: dict[str, TableCatalog] = {}
        ledger = LEDGER.replace("id serial PRIMARY KEY", "id bigint AUTO_INCREMENT PRIMARY KEY")
        ledger = re.sub(r"\b(first|rows) bigint", r"`\1` bigint", ledger)
        self._ask(ledger.replace("detail text", "detail longtext"))

    def close(self) -> None:
        self.connection.close()

    def data_folder(self) -> str | None:
        """Where the server keeps its data; it may be on another machine."""
        return str(self._ask("SELECT @@datadir")[0][0])

    def catalog(self, table: str) -> TableCatalog:
        """What the server says of a table, read once."""
        if table not in self._catalogs:
            columns = self._ask(_COLUMNS, table)
            indexes = {
                name: list(parts)
                for name, parts in groupby(self._ask(_INDEXES, table), key=lambda row: str(row[0]))
            }
            self._catalogs[table] = TableCatalog(
                table=table,
                types={row[0]: kind_of(row[1]) for row in columns},
                uniques=tuple(
                    UniqueSet(
                        name=name,
                        columns=tuple(part[1] for part in parts if part[1]),
                        is_primary=name == "PRIMARY",
                    )
                    for name, parts in indexes.items()
                    if not parts[0][2]
                ),
                required=frozenset(row[0] for row in columns if row[2]),
                indexes=len(indexes),
            )
        return self._catalogs[table]

    def entries(self) -> list[Entry]:
        """What earlier runs made, in their order."""
        found = self._ask(
            "SELECT unit, table_name, `first`, `rows`, detail FROM nuages_populated ORDER BY id"
        )
        return [Entry.read(*row) for row in found]

    def greatest(self, table: str, column: str) -> int:
        """The greatest whole number in a column, 0 in an empty table."""
        return int(self._ask(f"SELECT max({_quoted(column)}) FROM {_quoted(table)}")[0][0] or 0)

    def last_text(self, table: str, column: str) -> str:
        """The last text of a column in the order of its bytes."""
        found = self._ask(f"SELECT max(binary {_quoted(column)}) FROM {_quoted(table)}")[0][0]
        return bytes(found or b"").decode()

    def listed(self, table: str, column: str, below: int | None = None) -> tuple[Made, int]:
        """(keys of rows that are there, how many); `below` leaves out those made by runs."""
        name = _quoted(column)
        known = f"{name} IS NOT NULL" + (f" AND {name} < {below}" if below is not None else "")
        found = self._ask(
            f"SELECT {name} FROM {_quoted(table)} WHERE {known} ORDER BY 1 LIMIT {LISTED}"
        )
        return listed([row[0] for row in found], self.catalog(table).types[column]), len(found)

    @contextmanager
    def filling(self, tables: dict[str, int]) -> Iterator[None]:
        """One transaction. DDL would end it, so the schema stays; its checks come after the rows.

        InnoDB fills secondary indexes behind the rows while `unique_checks` is off (MySQL's manual,
        "Bulk Data Loading for InnoDB Tables").
        """
        self._ask("SET SESSION foreign_key_checks = 0, unique_checks = 0")
        self.connection.begin()
        try:
            yield
            for table in tables:
                self._check_keys(table)
        except BaseException:
            self.connection.rollback()
            raise
        finally:
            self._ask("SET SESSION foreign_key_checks = 1, unique_checks = 1")
        self.connection.commit()
        for table in tables:
            self._ask(f"ANALYZE TABLE {_quoted(table)}")

    def _check_keys(self, table: str) -> None:
        for column, other, key in self._ask(_KEYS, table):
            broken = self._ask(
                f"SELECT 1 FROM {_quoted(table)} t LEFT JOIN {_quoted(other)} o"
                f" ON o.{_quoted(key)} = t.{_quoted(column)}"
                f" WHERE t.{_quoted(column)} IS NOT NULL AND o.{_quoted(key)} IS NULL LIMIT 1"
            )
            if broken:
                raise NuagesError(f"a row of {table} refers to no row of {other}", slug="database")

    def write(self, plan: TablePlan, tick: Callable[[int], None]) -> int:
        """Load a table's rows; → bytes sent."""
        lines = Lines(plan)
        statement = (
            "LOAD DATA LOCAL INFILE '{path}' INTO TABLE "
            f"{_quoted(plan.work.table.table)} CHARACTER SET utf8mb4"
            f" ({', '.join(lines.read_as(_quoted))}){lines.set(_quoted)}"
        )
        warned: list[Any] = []

        def load(path: str) -> None:
            with self.connection.cursor() as cursor:
                cursor.execute(statement.replace("{path}", path))
                cursor.execute("SHOW WARNINGS LIMIT 1")
                warned.extend(cursor.fetchall())

        sent = piped(lines.batches(tick), load)
        if warned:  # LOCAL makes an error of a row a warning, and leaves the row out or cuts it
            raise NuagesError(f"{plan.work.table.table}: {warned[0][2]}", slug="database")
        return sent

    def update(self, entry: Entry, key: str, keys: Generator, values: Generator) -> None:
        """Set the column that the entry closes, of the first of its rows."""
        table, column = entry.table, entry.closes
        types = self.catalog(table).types
        statement = f"UPDATE {_quoted(table)} SET {_quoted(column)} = %s WHERE {_quoted(key)} = %s"
        with self.filling({}):
            for start in range(0, entry.rows, UPDATED):
                numbers = np.arange(start, min(start + UPDATED, entry.rows), dtype=np.int64)
                chunk = Chunk(rows=numbers, first=entry.first, pool=numbers)
                made = [plain(*values(chunk), types[column]), plain(*keys(chunk), types[key])]
                with self.connection.cursor() as cursor:
                    cursor.executemany(statement, list(zip(*made, strict=True)))
            self.note(entry)

    def note(self, entry: Entry) -> None:
        """Write down what was made, in the same transaction."""
        with self.connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO nuages_populated (unit, table_name, `first`, `rows`, detail)"
                " VALUES (%s, %s, %s, %s, %s)",
                [entry.unit, entry.table, entry.first, entry.rows, json.dumps(entry.detail())],
            )

    def advance(self, table: str, column: str, last: int) -> None:
        """InnoDB goes on after the greatest key by itself."""

    def _ask(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall())


def connected(place: Place, *, database: bool = True) -> Any:
    """A connection that may send local rows; NuagesError without the driver or the server."""
    try:
        import pymysql
    except ImportError as error:
        raise NuagesError(
            "filling MySQL and MariaDB needs the package PyMySQL",
            hint="pip install 'nuages[mysql]'",
            slug="database",
        ) from error
    told: dict[str, Any] = {
        "unix_socket" if place.host.startswith("/") else "host": place.host or "localhost",
        "port": int(place.port or 3306), "user": place.user or None, "password": place.password,
        "database": place.name if database else None,
    }  # fmt: skip
    try:
        return pymysql.connect(
            **told, charset="utf8mb4", local_infile=True, autocommit=True, connect_timeout=10
        )
    except pymysql.Error as error:
        raise NuagesError(
            f"no connection to the database {place}: {error}",
            hint="does `mysql` reach it with the same host, port, user and password?",
            slug="database",
        ) from error


def make(place: Place) -> None:
    """Create a scratch database that is not there yet."""
    connection = connected(place, database=False)
    with connection.cursor() as cursor:
        name = _quoted(place.name)
        cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4")
    connection.close()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
