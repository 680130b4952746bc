"""A SQLite file that is being filled: rows by executemany, indexes made after them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from nuages.errors import NuagesError
from nuages.populate.catalog import TableCatalog, UniqueSet
from nuages.populate.columns import Chunk, Generator
from nuages.populate.ledger import LEDGER, Entry
from nuages.populate.made import Made
from nuages.populate.permutation import Permutation
from nuages.populate.plain import kind_of, listed, plain
from nuages.populate.planning import TablePlan

BATCH = 10_000
LISTED = 100_000


class SqliteTarget:
    """One file, by a connection of its own."""

    vendor = "sqlite"

    def __init__(self, path: str) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.connection.execute("PRAGMA foreign_keys = OFF")  # checked table by table instead
        self.connection.execute(LEDGER.replace("serial PRIMARY KEY", "integer PRIMARY KEY"))
        self._catalogs: dict[str, TableCatalog] = {}

    def close(self) -> None:
        self.connection.close()

    def data_folder(self) -> str | None:
        return str(Path(self.path).parent)

    def catalog(self, table: str) -> TableCatalog:
        """What the file says of a table, read once."""
        if table not in self._catalogs:
            rows = self.connection.execute(
                'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)', [table]
            ).fetchall()
            rows = [row for row in rows if not row[4]]
            keys = tuple(row[0] for row in sorted(rows, key=lambda row: row[3]) if row[3])
            primary = UniqueSet(name="primary key", columns=keys, is_primary=True)
            others = list(self._uniques(table, [row[0] for row in rows]))
            self._catalogs[table] = TableCatalog(
                table=table,
                types={row[0]: kind_of(row[1]) for row in rows},
                uniques=(*((primary,) if keys else ()), *others),
                required=frozenset(row[0] for row in rows if row[2] or row[3]),
                indexes=len(self._indexes(table)) + 1,
            )
        return self._catalogs[table]

    def _uniques(self, table: str, names: list[str]) -> Iterator[UniqueSet]:
        found = self.connection.execute(
            "SELECT l.name, l.partial, m.sql FROM pragma_index_list(?) l"
            " LEFT JOIN sqlite_master m ON m.name = l.name WHERE l.\"unique\" AND l.origin <> 'pk'",
            [table],
        ).fetchall()
        for name, is_partial, statement in found:
            told = self.connection.execute("SELECT name FROM pragma_index_info(?)", [name])
            columns = [row[0] for row in told]
            if None in columns:  # an expression
                columns = [n for n in names if re.search(rf"\b{re.escape(n)}\b", statement or "")]
            yield UniqueSet(name=name, columns=tuple(columns), is_conditional=bool(is_partial))

    def _indexes(self, table: str) -> list[tuple[str, str]]:
        return self.connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?"
            " AND sql IS NOT NULL",
            [table],
        ).fetchall()

    def entries(self) -> list[Entry]:
        """What earlier runs made, in their order."""
        found = self.connection.execute(
            "SELECT unit, table_name, first, rows, detail FROM nuages_populated ORDER BY id"
        ).fetchall()
        return [Entry.read(*row) for row in found]

    def greatest(self, table: str, column: str) -> int:
        """The greatest whole number in a column, 0 in an empty table."""
        found = self.connection.execute(
            f"SELECT max({_quoted(column)}) FROM {_quoted(table)}"
        ).fetchone()
        return int(found[0] or 0)

    def last_text(self, table: str, column: str) -> str:
        """The last text of a column in the order of its bytes."""
        found = self.connection.execute(
            f"SELECT max({_quoted(column)}) FROM {_quoted(table)}"
        ).fetchone()
        return str(found[0] or "")

    def listed(self, table: str, column: str, below: int | None = None) -> tuple[Made, int]:
        """(keys of rows that are there, how many); `below` leaves out those made by runs."""
        name = _quoted(column)
        known = f"{name} IS NOT NULL" + (f" AND {name} < {below}" if below is not None else "")
        found = self.connection.execute(
            f"SELECT {name} FROM {_quoted(table)} WHERE {known} ORDER BY 1 LIMIT {LISTED}"
        ).fetchall()
        return listed([row[0] for row in found], self.catalog(table).types[column]), len(found)

    @contextmanager
    def filling(self, tables: dict[str, int]) -> Iterator[None]:
        """One transaction, in which the tables' indexes go and come again."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            indexes = [index for table in tables for index in self._indexes(table)]
            for name, _ in indexes:
                self.connection.execute(f"DROP INDEX {_quoted(name)}")
            yield
            for _, statement in indexes:
                self.connection.execute(statement)
            for table in tables:
                self._check_keys(table)
                self.connection.execute(f"ANALYZE {_quoted(table)}")
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def _check_keys(self, table: str) -> None:
        query = f"PRAGMA foreign_key_check({_quoted(table)})"
        broken = self.connection.execute(query).fetchone()
        if broken:
            raise NuagesError(f"a row of {table} refers to no row of {broken[2]}", slug="database")

    def write(self, plan: TablePlan, tick: Callable[[int], None]) -> int:
        """Insert a table's rows; → 0, as nothing is sent anywhere."""
        work = plan.work
        types = work.catalog.types
        computed = [name for name in types if name in plan.generators]
        columns = ", ".join(map(_quoted, [*computed, *plan.pooled]))
        marks = ", ".join("?" * (len(computed) + len(plan.pooled)))
        statement = f"INSERT INTO {_quoted(work.table.table)} ({columns}) VALUES ({marks})"
        shuffle = Permutation(plan.pool.rows, work.seed)
        for start in range(0, work.rows, BATCH):
            rows = np.arange(start, min(start + BATCH, work.rows), dtype=np.int64)
            chunk = Chunk(rows=rows, first=work.first, pool=shuffle(rows % plan.pool.rows))
            values = [plain(*plan.generators[name](chunk), types[name]) for name in computed]
            values += [plan.pool.images[name][chunk.pool].tolist() for name in plan.pooled]
            self.connection.executemany(statement, zip(*values, strict=True))
            tick(len(rows))
        return 0

    def update(self, entry: Entry, key: str, keys: Generator, values: Generator) -> None:
        """Set the column that the entry closes, of the first of its rows."""
        table, column = entry.table, entry.closes
        types = self.catalog(table).types
        numbers = np.arange(entry.rows, dtype=np.int64)
        chunk = Chunk(rows=numbers, first=entry.first, pool=numbers)
        pairs = zip(
            plain(*values(chunk), types[column]), plain(*keys(chunk), types[key]), strict=True
        )
        with self.filling({}):
            self.connection.executemany(
                f"UPDATE {_quoted(table)} SET {_quoted(column)} = ? WHERE {_quoted(key)} = ?", pairs
            )
            self.note(entry)

    def note(self, entry: Entry) -> None:
        """Write down what was made, in the same transaction."""
        self.connection.execute(
            "INSERT INTO nuages_populated (unit, table_name, first, rows, detail)"
            " VALUES (?, ?, ?, ?, ?)",
            [entry.unit, entry.table, entry.first, entry.rows, json.dumps(entry.detail())],
        )

    def advance(self, table: str, column: str, last: int) -> None:
        """SQLite goes on after the greatest key by itself."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
