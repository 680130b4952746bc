"""The agent's pool of a table: the values of each column as the database spells them."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nuages.populate.made import Objects, objects

_HEADER = 19  # signature, flags, length of the extension (PostgreSQL's manual, COPY)
NULL = struct.pack(">i", -1)


@dataclass(frozen=True)
class TablePool:
    """Images by column, of the rows that keep the table's check constraints."""

    images: Mapping[str, Objects]  # PostgreSQL: length and bytes; elsewhere plain values
    nulls: Mapping[str, npt.NDArray[np.bool_]]
    rows: int

    def taken(self, rows: npt.NDArray[np.int64]) -> TablePool:
        """Only these rows."""
        return TablePool(
            images={name: values[rows] for name, values in self.images.items()},
            nulls={name: values[rows] for name, values in self.nulls.items()},
            rows=len(rows),
        )

    def distinct(self, column: str) -> Objects:
        """The different values of a column, NULL left out."""
        values = self.images[column][~self.nulls[column]].tolist()
        return objects(list({_hashable(value): value for value in values}.values()))


def _hashable(value: Any) -> Any:
    return value if isinstance(value, bytes | str | int | float) else repr(value)


def read(told: Mapping[str, Any]) -> tuple[TablePool, list[bool], dict[str, list[bool]]]:
    """(all rows of the pool, which keep the checks, which each conditional index is about)."""
    columns = list(told["columns"])
    data = told["data"]
    rows = parsed(base64.b64decode(data)) if isinstance(data, str) else _plain(data)
    images, nulls = {}, {}
    for index, name in enumerate(columns):
        values = [row[index] for row in rows]
        empty = NULL if isinstance(data, str) else None
        images[name] = objects(values)
        nulls[name] = np.array([value == empty for value in values], dtype=bool)
    pool = TablePool(images=images, nulls=nulls, rows=len(rows))
    return pool, list(told["good"]), dict(told["flags"])


def read_all(told: Mapping[str, Any]) -> tuple[dict[str, TablePool], dict[str, dict[str, Any]]]:
    """Pools and flags by table, of the rows that keep every table's check constraints."""
    read_tables = {table: read(each) for table, each in told.items()}
    good = np.logical_and.reduce([np.array(g, dtype=bool) for _, g, _ in read_tables.values()])
    kept = np.flatnonzero(good if good.any() else np.ones_like(good))
    pools = {table: pool.taken(kept) for table, (pool, _, _) in read_tables.items()}
    flags = {
        table: {name: np.array(each, dtype=bool)[kept] for name, each in about.items()}
        for table, (_, _, about) in read_tables.items()
    }
    return pools, flags


def parsed(data: bytes) -> list[list[bytes]]:
    """The rows of a binary COPY, a field with its length before it."""
    rows: list[list[bytes]] = []
    at = _HEADER
    while True:
        (count,) = struct.unpack_from(">h", data, at)
        at += 2
        if count < 0:
            return rows
        row = []
        for _ in range(count):
            (length,) = struct.unpack_from(">i", data, at)
            end = at + 4 + max(length, 0)
            row.append(data[at:end])
            at = end
        rows.append(row)


def _plain(rows: list[list[Any]]) -> list[list[Any]]:
    return [[_value(value) for value in row] for row in rows]


def _value(value: Any) -> Any:
    return base64.b64decode(value["bytes"]) if isinstance(value, dict) else value
