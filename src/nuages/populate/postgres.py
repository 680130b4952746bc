"""A PostgreSQL database that is being filled: its catalog, its keys, and rows by COPY."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from psycopg import sql
from psycopg.copy import QueuedLibpqWriter

from nuages.populate import binary
from nuages.populate.catalog import Exclusion, TableCatalog, UniqueSet
from nuages.populate.columns import Chunk, Generator
from nuages.populate.ledger import LEDGER, Entry
from nuages.populate.made import Made
from nuages.populate.permutation import Permutation
from nuages.populate.planning import TablePlan
from nuages.populate.pooled import parsed
from nuages.populate.treatment import (
    Connection,
    execute,
    put_up,
    quoted,
    taken_down,
    treatment,
)

BATCH = 25_000  # rows; larger ones leave the processor's cache, smaller ones wait for Python
LISTED = 100_000  # keys of rows that were there before, at most
MEMORY = "256MB"  # to build an index with

_COLUMNS = """
    SELECT a.attname, coalesce(b.typname, t.typname), a.attnotnull
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attgenerated = ''
    ORDER BY a.attnum
"""
_UNIQUES = """
    SELECT c.relname, i.indisprimary, i.indpred IS NOT NULL,
           array(SELECT pg_get_indexdef(i.indexrelid, k, true)
                 FROM generate_series(1, i.indnkeyatts) k),
           coalesce(pg_get_expr(i.indexprs, i.indrelid), ''),
           array(SELECT pg_get_expr(d.adbin, d.adrelid)
                 FROM pg_attribute a JOIN pg_attrdef d
                   ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                 WHERE a.attrelid = i.indrelid AND a.attgenerated <> ''
                   AND a.attnum = ANY (i.indkey))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indisunique AND i.indrelid = %s::regclass
"""
_EXCLUSIONS = """
    SELECT conname,
           array(SELECT pg_get_indexdef(conindid, k, true)
                 FROM generate_series(1, cardinality(conexclop)) k),
           array(SELECT o.oprname::text FROM unnest(conexclop) WITH ORDINALITY AS x (oid, place)
                 JOIN pg_operator o ON o.oid = x.oid ORDER BY place)
    FROM pg_constraint WHERE contype = 'x' AND conrelid = %s::regclass
"""


class PostgresTarget:
    """One database, by a connection of its own."""

    vendor = "postgresql"

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self.connection = connect()
        self._catalogs: dict[str, TableCatalog] = {}
        self.connection.execute(LEDGER)

    def close(self) -> None:
        self.connection.close()

    def catalog(self, table: str) -> TableCatalog:
        """What the catalog says of a table, read once."""
        if table not in self._catalogs:
            name = [quoted(table)]
            columns = self.connection.execute(_COLUMNS, name).fetchall()
            names = [row[0] for row in columns]
            self._catalogs[table] = TableCatalog(
                table=table,
                types={row[0]: row[1] for row in columns},
                uniques=tuple(
                    _unique(row, names) for row in self.connection.execute(_UNIQUES, name)
                ),
                exclusions=tuple(
                    _exclusion(row, names)
                    for row in self.connection.execute(_EXCLUSIONS, name)
                    if "&&" in row[2]
                ),
                required=frozenset(row[0] for row in columns if row[2]),
                indexes=self._number(
                    "SELECT count(*) FROM pg_index WHERE indrelid = "
                    + sql.Literal(name[0]).as_string(None)
                    + "::regclass"
                ),
            )
        return self._catalogs[table]

    def entries(self) -> list[Entry]:
        """What earlier runs made, in their order."""
        found = self.connection.execute(
            "SELECT unit, table_name, first, rows, detail FROM nuages_populated ORDER BY id"
        ).fetchall()
        return [Entry.read(*row) for row in found]

    def data_folder(self) -> str | None:
        """Where the server keeps its data, if it tells; it may be on another machine."""
        found = self.connection.execute(
            "SELECT setting FROM pg_settings WHERE name = 'data_directory'"
        ).fetchone()
        return str(found[0]) if found else None

    def count(self, table: str) -> int:
        return self._number(f"SELECT count(*) FROM {quoted(table)}")

    def greatest(self, table: str, column: str) -> int:
        """The greatest whole number in a column, 0 in an empty table."""
        name = sql.Identifier(column).as_string(None)
        return self._number(f"SELECT coalesce(max({name}), 0) FROM {quoted(table)}")

    def last_text(self, table: str, column: str) -> str:
        """The last text of a column in the order of its bytes."""
        name = sql.Identifier(column).as_string(None)
        found = self.connection.execute(
            f"SELECT coalesce(max({name} COLLATE \"C\"), '') FROM {quoted(table)}".encode()
        ).fetchone()
        return str(found[0]) if found else ""

    def _number(self, statement: str) -> int:
        found = self.connection.execute(statement.encode()).fetchone()
        return int(found[0]) if found and found[0] is not None else 0

    def listed(self, table: str, column: str, below: int | None = None) -> tuple[Made, int]:
        """(keys of rows that are there, how many); `below` leaves out those made by runs."""
        name = sql.Identifier(column).as_string(None)
        known = f"{name} IS NOT NULL" + (f" AND {name} < {below}" if below is not None else "")
        query = f"SELECT {name} FROM {quoted(table)} WHERE {known} ORDER BY 1 LIMIT {LISTED}"
        statement = f"COPY ({query}) TO STDOUT (FORMAT BINARY)".encode()
        with self.connection.cursor() as cursor, cursor.copy(statement) as copied:
            data = b"".join(copied)
        images = [row[0] for row in parsed(data)]
        return binary.decoded(images, self.catalog(table).types[column]), len(images)

    @contextmanager
    def filling(self, tables: dict[str, int]) -> Iterator[None]:
        """Around the rows of some tables: what slows them down is taken down and put up again.

        One transaction: whatever ends the run, the schema is whole, before or after.
        """
        with self.connection.transaction():
            execute(self.connection, [
                f"SET LOCAL maintenance_work_mem = '{MEMORY}'",
                "SET LOCAL max_parallel_maintenance_workers = 2",
                "SET LOCAL lock_timeout = '30s'",
                "SET LOCAL statement_timeout = 0",
            ])  # fmt: skip
            plans = [treatment(self.connection, table, rows) for table, rows in tables.items()]
            self._fresh = {plan.table for plan in plans if plan.is_fresh}
            execute(self.connection, taken_down(plans))
            yield
            execute(self.connection, put_up(plans))
            execute(self.connection, [f"ANALYZE {plan.table}" for plan in plans])

    def write(self, plan: TablePlan, tick: Callable[[int], None]) -> int:
        """Copy a table's rows; → bytes sent."""
        work = plan.work
        table = quoted(work.table.table)
        writer = binary.RowWriter(plan, work.catalog.types)
        statement = self.copy(table, writer.columns)
        sent = 0
        shuffle = Permutation(plan.pool.rows, work.seed)
        with (
            self.connection.cursor() as cursor,
            cursor.copy(statement.encode(), writer=QueuedLibpqWriter(cursor)) as copy,
        ):
            copy.write(binary.HEADER)
            for start in range(0, work.rows, BATCH):
                rows = np.arange(start, min(start + BATCH, work.rows), dtype=np.int64)
                pool = shuffle(rows % plan.pool.rows)
                data = writer.batch(Chunk(rows=rows, first=work.first, pool=pool))
                copy.write(data)
                sent += len(data)
                tick(len(rows))
            copy.write(binary.END)
        return sent

    def copy(self, table: str, columns: list[str]) -> str:
        """The statement that takes rows of these columns; the table's name is quoted."""
        names = sql.SQL(", ").join(map(sql.Identifier, columns)).as_string(None)
        freeze = ", FREEZE" if table in self._fresh else ""
        return f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY{freeze})"

    def update(self, entry: Entry, key: str, keys: Generator, values: Generator) -> None:
        """Set the column that the entry closes, of the first of its rows."""
        table, column = entry.table, entry.closes
        types = self.catalog(table).types
        names = [sql.Identifier(name).as_string(None) for name in (key, column)]
        with self.connection.transaction():
            execute(self.connection, [
                f"CREATE TEMP TABLE nuages_later ON COMMIT DROP AS SELECT {', '.join(names)}"
                f" FROM {quoted(table)} WITH NO DATA"
            ])  # fmt: skip
            filled = "COPY nuages_later FROM STDIN (FORMAT BINARY)"
            with self.connection.cursor() as cursor, cursor.copy(filled) as copy:
                copy.write(binary.HEADER)
                for start in range(0, entry.rows, BATCH):
                    numbers = np.arange(start, min(start + BATCH, entry.rows), dtype=np.int64)
                    chunk = Chunk(rows=numbers, first=entry.first, pool=numbers)
                    pieces = [binary.count_of(2, len(chunk.rows))]
                    for name, generate in ((key, keys), (column, values)):
                        pieces.extend(binary.encoded(generate(chunk)[0], types[name]))
                    copy.write(binary.interleaved(pieces, len(chunk.rows)))
                copy.write(binary.END)
            execute(self.connection, [
                f"UPDATE {quoted(table)} AS t SET {names[1]} = n.{names[1]}"
                f" FROM nuages_later n WHERE n.{names[0]} = t.{names[0]}",
                f"ANALYZE {quoted(table)}",
            ])  # fmt: skip
            self.note(entry)

    def note(self, entry: Entry) -> None:
        """Write down what was made, in the same transaction."""
        self.connection.execute(
            "INSERT INTO nuages_populated (unit, table_name, first, rows, detail)"
            " VALUES (%s, %s, %s, %s, %s)",
            [entry.unit, entry.table, entry.first, entry.rows, json.dumps(entry.detail())],
        )

    def advance(self, table: str, column: str, last: int) -> None:
        """Let the column's sequence go on after the last value."""
        found = self.connection.execute(
            "SELECT pg_get_serial_sequence(%s, %s)", [quoted(table), column]
        ).fetchone()
        if found and found[0]:
            self.connection.execute("SELECT setval(%s, %s)", [found[0], max(last, 1)])


def _unique(row: tuple[Any, ...], names: list[str]) -> UniqueSet:
    name, is_primary, is_conditional, keys, expressions, generated = row
    plain = {_unquoted(key) for key in keys}
    # A column that the database computes is as distinct as what it is computed from.
    expressions = "\n".join([expressions, *generated])
    spoken = [n for n in names if n in plain or _mentions(expressions, n)]
    return UniqueSet(
        name=name, columns=tuple(spoken), is_conditional=is_conditional, is_primary=is_primary
    )


def _exclusion(row: tuple[Any, ...], names: list[str]) -> Exclusion:
    """Columns in the order in which an expression speaks of them: the beginning comes first."""
    name, keys, operators = row
    told = list(zip(keys, operators, strict=True))
    overlapping = next(key for key, operator in told if operator == "&&")
    return Exclusion(
        name=name,
        stretch=tuple(_in_order(overlapping, names)),
        equal=tuple(n for key, operator in told if operator == "=" for n in _in_order(key, names)),
    )


def _in_order(expression: str, names: list[str]) -> list[str]:
    found = {n: m.start() for n in names if (m := _mention(expression, n))}
    return sorted(found, key=lambda n: found[n])


def _unquoted(key: str) -> str:
    return key[1:-1].replace('""', '"') if key.startswith('"') else key


def _mentions(expressions: str, name: str) -> bool:
    return bool(_mention(expressions, name))


def _mention(expressions: str, name: str) -> re.Match[str] | None:
    return re.search(rf'(?<![\w"])"?{re.escape(name)}"?(?![\w"])', expressions)
