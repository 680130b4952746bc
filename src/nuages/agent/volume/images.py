"""Rows as the database holds them: written by Django's own compiler, and read back."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

POOL = "nuages_pool"
_BATCH = 200  # rows a statement


def read_back(parts: list[tuple[Any, list[Any]]], alias: str) -> dict[str, dict[str, Any]]:
    """By table: {"columns": names, "data": their values, "good": whether check constraints hold,
    "flags": {conditional unique index: rows it is about}}, a list holding one entry a row.

    On PostgreSQL the data is what `COPY … TO STDOUT (FORMAT BINARY)` gives, in base64; elsewhere
    rows of plain values. Nothing of it is left in the database.
    """
    from django.db import connections, transaction

    connection = connections[alias]
    kind = {"postgresql": PostgresImage, "mysql": MysqlImage}.get(connection.vendor, PlainImage)
    found = {}
    for model, rows in parts:
        stored = _as_saved(model, rows)
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            image = kind(model, connection, cursor)
            with image.in_place():
                _insert(model, stored, alias)
            found[image.table] = image.read(len(rows))
            image.drop()
    return found


def _stored_fields(model: Any) -> list[Any]:
    return [
        field
        for field in model._meta.local_concrete_fields
        if not getattr(field, "generated", False) and "AutoField" not in field.get_internal_type()
    ]


def _as_saved(model: Any, rows: list[Any]) -> list[SimpleNamespace]:
    """The values that `save()` would write, taken while the model's queries still find its table:
    slugs and orders look there for what others have."""
    fields = _stored_fields(model)
    return [SimpleNamespace(**{f.attname: _saved(f, row) for f in fields}) for row in rows]


def _saved(field: Any, row: Any) -> Any:
    try:
        return field.pre_save(row, True)
    except Exception:
        return getattr(row, field.attname)


def _insert(model: Any, rows: list[Any], alias: str) -> None:
    from django.db.models import QuerySet

    fields = _stored_fields(model)
    if not fields or not rows:  # the key is all that such a table has
        _insert_defaults(model, len(rows), alias)
        return

    def insert(batch: list[Any]) -> None:
        QuerySet(model, using=alias)._insert(batch, fields=fields, raw=True, using=alias)

    taken: list[Any] = []
    for start in range(0, len(rows), _BATCH):
        stored, error = _taken(rows[start : start + _BATCH], insert, alias)
        taken += stored
    if not taken:
        raise error
    # What the database does not take gives way to what it took: a pool may repeat itself.
    for missing in range(len(rows) - len(taken)):
        insert([taken[missing % len(taken)]])


def _taken(rows: list[Any], insert: Callable[[list[Any]], None], alias: str) -> tuple[Any, Any]:
    """(the rows that the database took, why it did not take another)."""
    from django.db import transaction

    try:
        with transaction.atomic(using=alias):
            insert(rows)
        return rows, None
    except Exception as error:
        if len(rows) == 1:
            return [], error
    middle = len(rows) // 2
    first, why = _taken(rows[:middle], insert, alias)
    second, also = _taken(rows[middle:], insert, alias)
    return first + second, also or why


def _insert_defaults(model: Any, rows: int, alias: str) -> None:
    from django.db import connections

    connection = connections[alias]
    nothing = "() VALUES ()" if connection.vendor == "mysql" else "DEFAULT VALUES"
    with connection.cursor() as cursor:
        for _ in range(rows):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"INSERT INTO {table} {nothing}")


class PlainImage:
    """A temporary table like the model's, without its constraints."""

    def __init__(self, model: Any, connection: Any, cursor: Any) -> None:
        self._model, self._connection, self._cursor = model, connection, cursor
        self._quote = connection.ops.quote_name
        self.table = model._meta.db_table
        self.pool = self._quote(POOL)
        self._create()

    def _create(self) -> None:
        source = self._quote(self.table)
        self._cursor.execute(f"DROP TABLE IF EXISTS {self.pool}")
        self._cursor.execute(
            f"CREATE TEMPORARY TABLE {self.pool} AS SELECT * FROM {source} WHERE 1 = 0"
        )

    def drop(self) -> None:
        self._cursor.execute(f"DROP TABLE {self.pool}")

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """For the block the model's rows go into the temporary table."""
        self._model._meta.db_table = POOL
        try:
            yield
        finally:
            self._model._meta.db_table = self.table

    def read(self, rows: int) -> dict[str, Any]:
        """What `read_back` says of one table."""
        self._cursor.execute(f"SELECT * FROM {self.pool}")
        columns = [column[0] for column in self._cursor.description]
        data = [[_plain(value) for value in row] for row in self._cursor.fetchall()]
        return {"columns": columns, "data": data, "good": [True] * rows, "flags": {}}


class MysqlImage(PlainImage):
    """The same, with columns that may be empty."""

    def _create(self) -> None:
        self.drop()
        self._cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = database()"
            " AND table_name = %s ORDER BY ordinal_position",
            [self.table],
        )
        names = [self._quote(row[0]) for row in self._cursor.fetchall()]
        columns = ", ".join(f"IF(1 = 1, {name}, NULL) AS {name}" for name in names)
        self._cursor.execute(
            f"CREATE TEMPORARY TABLE {self.pool}"
            f" AS SELECT {columns} FROM {self._quote(self.table)} WHERE 1 = 0"
        )

    def drop(self) -> None:
        self._cursor.execute(f"DROP TEMPORARY TABLE IF EXISTS {self.pool}")


class PostgresImage(PlainImage):
    """The same, with what PostgreSQL's catalog says of the real table's constraints."""

    def _create(self) -> None:
        source = self._quote(self.table)
        self._cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{self.pool}")
        self._cursor.execute(f"CREATE TEMP TABLE {self.pool} (LIKE {source} INCLUDING DEFAULTS)")
        required = self._asked(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnotnull AND attnum > 0 AND NOT attisdropped",
            f"pg_temp.{self.pool}",
        )
        if required:
            dropped = ", ".join(f"ALTER {self._quote(name)} DROP NOT NULL" for (name,) in required)
            self._cursor.execute(f"ALTER TABLE {self.pool} {dropped}")

    def read(self, rows: int) -> dict[str, Any]:
        columns = [
            name
            for (name,) in self._asked(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
                " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                self._quote(self.table),
            )
        ]
        listed = ", ".join(map(self._quote, columns))
        data = self._copied(f"SELECT {listed} FROM {self.pool} ORDER BY ctid")
        checks = self._asked(
            "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid = %s::regclass",
            self._quote(self.table),
        )
        good = " AND ".join(f"(({check}) IS NOT FALSE)" for (check,) in checks) or "true"
        conditions = self._asked(
            "SELECT c.relname, pg_get_expr(i.indpred, i.indrelid) FROM pg_index i"
            " JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indisunique"
            " AND i.indpred IS NOT NULL AND i.indrelid = %s::regclass",
            self._quote(self.table),
        )
        return {
            "columns": columns,
            "data": base64.b64encode(data).decode(),
            "good": self._judged(good),
            "flags": {
                name: self._judged(f"coalesce(({condition}), false)")
                for name, condition in conditions
            },
        }

    def _judged(self, condition: str) -> list[bool]:
        """Whether a condition of the real table's holds, row by row."""
        self._cursor.execute(f"SELECT ({condition}) FROM {self.pool} ORDER BY ctid")
        return [bool(row[0]) for row in self._cursor.fetchall()]

    def _asked(self, statement: str, parameter: str) -> list[tuple[Any, ...]]:
        self._cursor.execute(statement, [parameter])
        return list(self._cursor.fetchall())

    def _copied(self, query: str) -> bytes:
        """By the project's own driver, psycopg 2 or 3."""
        statement = f"COPY ({query}) TO STDOUT (FORMAT BINARY)"
        raw = self._cursor.cursor
        if hasattr(raw, "copy_expert"):
            buffer = io.BytesIO()
            raw.copy_expert(statement, buffer)
            return buffer.getvalue()
        with raw.copy(statement) as copied:
            return b"".join(copied)


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
