"""Proportions of another database: its ratios and distributions, never its names and texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from psycopg import sql

from nuages.populate import mysql
from nuages.populate.made import Ints
from nuages.populate.permutation import Permutation
from nuages.populate.places import Place
from nuages.populate.pooled import NULL, TablePool, parsed
from nuages.populate.schema import Table, Unit
from nuages.populate.target import FAILURES
from nuages.populate.treatment import quoted

FEW = 20  # different values in the pool, up to which their shares are worth having
POOL = 4000  # rows of a pool whose shares are those of the other database
ROUNDS = 20  # of proportional fitting; five are usually enough
_TIMEOUT = "60s"  # of a statement: it may be somebody's production


class Likeness:
    """What is read of the other database; a table it lacks tells nothing."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def ratios(self, units: tuple[Unit, ...], users: int) -> dict[str, int]:
        """Label → rows for so many users, by the other database's own ratio to its users."""
        with self._connected() as ask:
            counts = _own_rows(
                units, {unit.label: self._count(ask, unit.tables[-1].table) for unit in units}
            )
        of_users = max((counts[unit.label] for unit in units if unit.is_user), default=0)
        if not of_users:
            return {}
        return {
            label: max(round(count / of_users * users), min(count, 1))
            for label, count in counts.items()
            if count
        }

    def busiest(self, table: Table) -> dict[str, float]:
        """Foreign key → rows of its busiest parent, in means."""
        found = {}
        with self._connected() as ask:
            for column in table.columns:
                if column.relation is None:
                    continue
                name = sql.Identifier(column.column).as_string(None)
                rows = ask(
                    f"SELECT max(n), avg(n) FROM (SELECT count(*) AS n FROM {quoted(table.table)}"
                    f" WHERE {name} IS NOT NULL GROUP BY {name}) AS each_parent"
                )
                if rows and rows[0][0]:
                    found[column.column] = float(rows[0][0]) / float(rows[0][1])
        return found

    def weighted(self, table: Table, pool: TablePool) -> TablePool:
        """The pool with the other database's shares of the values that it knows itself."""
        weights = np.ones(pool.rows)
        margins = []
        for column in table.columns:
            if column.relation or column.column not in pool.images:
                continue
            values = pool.images[column.column].tolist()
            if not 1 < len(set(values)) <= FEW:
                continue
            shares = self._shares(table.table, column.column)
            members = [
                (np.array([value == wanted for value in values]), share)
                for wanted, share in shares.items()
                if wanted in set(values)
            ]
            if members:
                margins.append(members)
        for _ in range(ROUNDS if margins else 0):
            for members in margins:
                _fit(weights, members)
        return pool.taken(_drawn(weights)) if margins else pool

    def _shares(self, table: str, column: str) -> Mapping[Any, float]:
        """Value, as the pool spells it, → share of the rows."""
        name = sql.Identifier(column).as_string(None)
        query = f"SELECT {name}, count(*) FROM {quoted(table)} GROUP BY 1 LIMIT {FEW * 50}"
        try:
            found = dict(self._spelled(query))
        except FAILURES:
            return {}
        total = sum(found.values())
        return {value: count / total for value, count in found.items()} if total else {}

    def _spelled(self, query: str) -> Iterator[tuple[Any, int]]:
        if self._place.vendor != "postgresql":
            with self._connected() as ask:
                yield from ((value, int(count)) for value, count in ask(query))
            return
        with self._place.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{_TIMEOUT}'".encode())
            with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)".encode()) as copied:
                for value, count in parsed(b"".join(copied)):
                    yield (NULL if value == NULL else value), int.from_bytes(count[4:], "big")

    def _count(self, ask: Any, table: str) -> int:
        rows = ask(f"SELECT count(*) FROM {quoted(table)}")
        return int(rows[0][0]) if rows else 0

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """A function that asks, and gives nothing for what is not there."""
        if self._place.vendor == "sqlite":
            file = sqlite3.connect(f"file:{self._place.name}?mode=ro", uri=True)
            try:
                yield lambda query: _asked(file, query)
            finally:
                file.close()
            return
        if self._place.vendor == "mysql":
            server = mysql.connected(self._place)
            try:
                with server.cursor() as cursor:
                    cursor.execute("SET SESSION TRANSACTION READ ONLY")
                    cursor.execute("SET SESSION sql_mode = 'ANSI_QUOTES'")
                yield lambda query: _asked_mysql(server, query)
            finally:
                server.close()
            return
        with self._place.connect() as connection:
            connection.execute("SET default_transaction_read_only = on")
            connection.execute(f"SET statement_timeout = '{_TIMEOUT}'".encode())
            yield lambda query: _asked(connection, query)


def _own_rows(units: tuple[Unit, ...], counts: Mapping[str, int]) -> dict[str, int]:
    """Without the rows that multi-table children have in their parents' tables."""
    found = dict(counts)
    for unit in sorted(units, key=lambda unit: -len(unit.tables)):
        for parent in units:
            if parent.tables[-1].table in {table.table for table in unit.tables[:-1]}:
                found[parent.label] = max(found[parent.label] - found[unit.label], 0)
    return found


def _asked(connection: Any, query: str) -> list[Any]:
    try:
        return list(connection.execute(query).fetchall())
    except FAILURES:
        return []


def _asked_mysql(server: Any, query: str) -> list[Any]:
    try:
        with server.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())
    except FAILURES:
        return []


def _fit(weights: np.ndarray[Any, Any], members: list[tuple[Any, float]]) -> None:
    """Scale the weights so that each value has its share (Deming and Stephan, 1940)."""
    total = weights.sum()
    for mask, share in members:
        held = weights[mask].sum() / total
        if held > 0:
            weights[mask] *= max(share, 1e-6) / held


def _drawn(weights: np.ndarray[Any, Any]) -> Ints:
    """Rows of the pool as often as they weigh, mixed."""
    bounds = np.cumsum(weights) / weights.sum()
    chosen = np.searchsorted(bounds, (np.arange(POOL) + 0.5) / POOL)
    return np.minimum(chosen, len(weights) - 1)[Permutation(POOL, 1)(np.arange(POOL))]
