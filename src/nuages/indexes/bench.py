"""The bench that indexes are tried on: one database, one index at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any

import psycopg
from sqlglot import exp

from nuages.indexes.explain import Connection, Plan, executable, explain
from nuages.indexes.reading import Reading, read
from nuages.indexes.sampling import samples
from nuages.indexes.spelling import create_sql, quoted
from nuages.indexes.workload import Work
from nuages.model import IndexIdea, Statement

STATEMENT_MS = 3_000  # that one statement may take; a slower one takes at least that long
BUILD_MS = 20_000  # that an index may take to build
RUNS = 3  # of which the median counts, after one to warm up
SLOW_MS = 300.0  # from which on one run after the first is enough
FACTOR = 1.5  # times faster, at least
SAVED_MS = 1.0
WORSE = 1.25  # times slower, that no set of values may become
UNTOLD = 1 << 40  # pages, of a statement that was ended: more than any other's
COPIED = 3_000  # rows, by which the cost to writes is measured

Values = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Runs:
    """One statement's runs, by set of values."""

    statement: Statement
    sql: str
    values: Sequence[Values]
    times: Sequence[float]  # ms, the median of each set
    plans: Sequence[Plan]

    @property
    def ms(self) -> float:
        """The mean over the sets of values: nobody knows which of them the site asks for most."""
        return fmean(self.times)

    @property
    def buffers(self) -> int:
        return round(fmean(plan.buffers for plan in self.plans))


@dataclass(frozen=True, kw_only=True)
class Build:
    """An index that stands."""

    ms: float
    bytes: int


@dataclass(frozen=True, kw_only=True)
class WriteCost:
    """What an index costs the writes of its table."""

    added_ms: float = 0  # an INSERT, by row
    insert_ratio: float | None = None
    update_ratio: float | None = None  # of a column of the index; None where it could not be told


def is_faster(before: Runs, after: Runs) -> bool:
    """By a clear margin, with less read, and for no set of values clearly slower."""
    return (
        before.ms >= FACTOR * after.ms
        and before.ms - after.ms >= SAVED_MS
        and after.buffers < before.buffers
        and all(
            new <= WORSE * old + SAVED_MS
            for old, new in zip(before.times, after.times, strict=True)
        )
    )


class Bench:
    """Measures statements, with and without an index that it makes and drops."""

    NAME = "nuages_tried"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[Statement, Runs] = {}
        self._limit(STATEMENT_MS)
        self._has_trigrams = self._make_extension()

    def _limit(self, ms: int) -> None:
        self._connection.execute(f"SET statement_timeout = {ms}".encode())

    def _make_extension(self) -> bool:
        with suppress(psycopg.Error):
            self._connection.execute(b"CREATE EXTENSION IF NOT EXISTS pg_trgm")
            return True
        return False

    def before(self, work: Work, reading: Reading, zone: str) -> Runs:
        """The statement as the database stands, with values that the site may have asked for.

        psycopg.Error where there are none: with all of them it is far slower than it ever was.
        """
        statement = work.statement
        sql, reading = _as_select(statement, reading)
        values = samples(self._connection, reading, zone)
        runs = self._runs(statement, executable(sql), values)
        likely = [place for place, ms in enumerate(runs.times) if work.may_take(ms)]
        if not likely:
            raise psycopg.DataError("no values are known that the site may have asked for")
        self._known[statement] = replace(
            runs,
            values=[runs.values[place] for place in likely],
            times=[runs.times[place] for place in likely],
            plans=[runs.plans[place] for place in likely],
        )
        return self._known[statement]

    def known(self, statement: Statement) -> Runs | None:
        """As it was measured before any index."""
        return self._known.get(statement)

    def again(self, before: Runs) -> Runs:
        """The same with whatever index there is now."""
        return self._runs(before.statement, before.sql, before.values)

    def uses(self, before: Runs) -> bool:
        """Whether the planner takes the index for any of the values."""
        return any(
            self.NAME in explain(self._connection, before.sql, values, analyze=False).indexes
            for values in before.values
        )

    @contextmanager
    def index(self, idea: IndexIdea) -> Iterator[Build]:
        """Build it, tell the planner of it, drop it at the end; psycopg.Error if it can't be."""
        if any(key.opclass.endswith("trgm_ops") for key in idea.keys) and not self._has_trigrams:
            raise psycopg.NotSupportedError("there is no pg_trgm")
        self._limit(BUILD_MS)
        try:
            took = self._timed(create_sql(idea, self.NAME))
        finally:
            self._limit(STATEMENT_MS)
        try:
            if any(key.function for key in idea.keys):  # its values have no statistics yet
                self._connection.execute(f"ANALYZE {quoted(idea.table)}".encode())
            row = self._connection.execute(
                b"SELECT pg_relation_size(%s::regclass)", [self.NAME]
            ).fetchone()
            yield Build(ms=took, bytes=int(row[0]) if row else 0)
        finally:
            with suppress(psycopg.Error):
                self._connection.execute(f"DROP INDEX IF EXISTS {self.NAME}".encode())

    def _runs(self, statement: Statement, sql: str, values: Sequence[Values]) -> Runs:
        measured = [self._median(sql, each) for each in values]
        return Runs(
            statement=statement,
            sql=sql,
            values=values,
            times=[ms for ms, _ in measured],
            plans=[plan for _, plan in measured],
        )

    def _median(self, sql: str, values: Values) -> tuple[float, Plan]:
        try:
            plan = explain(self._connection, sql, values)
            count = 1 if plan.ms > SLOW_MS else RUNS
            runs = [explain(self._connection, sql, values) for _ in range(count)]
        except psycopg.errors.QueryCanceled:
            plan = explain(self._connection, sql, values, analyze=False)
            return STATEMENT_MS, replace(plan, buffers=UNTOLD)
        return median(run.ms for run in runs), runs[-1]

    def write_cost(self, idea: IndexIdea) -> WriteCost:
        """By the table's own rows, written to two copies of it, of which one has the index."""
        with suppress(psycopg.Error):
            try:
                return self._write_cost(idea)
            finally:
                self._connection.execute(b"DROP TABLE IF EXISTS nuages_plain, nuages_indexed")
        return WriteCost()

    def _write_cost(self, idea: IndexIdea) -> WriteCost:
        table = quoted(idea.table)
        copies = ("nuages_plain", "nuages_indexed")
        for copy in copies:
            self._connection.execute(
                f"CREATE TEMP TABLE {copy} (LIKE {table} INCLUDING INDEXES)".encode()
            )
        indexed = create_sql(idea, "nuages_written").replace(table, "nuages_indexed", 1)
        self._connection.execute(indexed.encode())
        inserts: dict[str, list[float]] = {copy: [] for copy in copies}
        for _ in range(RUNS + 1):
            for copy in copies:
                self._connection.execute(f"TRUNCATE {copy}".encode())
                text = f"INSERT INTO {copy} SELECT * FROM {table} LIMIT {COPIED}"
                inserts[copy].append(self._timed(text))
        plain, more = (min(inserts[copy]) for copy in copies)
        row = self._connection.execute(b"SELECT count(*) FROM nuages_plain").fetchone()
        written = int(row[0]) if row else 0
        return WriteCost(
            added_ms=max(more - plain, 0.0) / max(written, 1),
            insert_ratio=more / plain if plain else None,
            update_ratio=self._update_ratio(idea, copies),
        )

    def _update_ratio(self, idea: IndexIdea, copies: Sequence[str]) -> float | None:
        """Of writing another row's value into a column of the index: no longer a HOT update."""
        column = quoted(idea.keys[0].column)
        spent: dict[str, list[float]] = {copy: [] for copy in copies}
        with suppress(psycopg.Error):  # the value of another row may not be written twice
            for _ in range(RUNS):
                for copy in copies:
                    text = (
                        f"UPDATE {copy} SET {column} = other.v FROM (SELECT ctid AS place, "
                        f"lead({column}, 7, {column}) OVER (ORDER BY ctid) AS v FROM {copy}) "
                        f"AS other WHERE {copy}.ctid = other.place"
                    )
                    spent[copy].append(self._timed(text))
            plain, more = (min(spent[copy]) for copy in copies)
            return more / plain if plain else None
        return None

    def _timed(self, sql: str) -> float:
        started = time.perf_counter()
        self._connection.execute(sql.encode())
        return (time.perf_counter() - started) * 1e3


def _as_select(statement: Statement, reading: Reading) -> tuple[str, Reading]:
    """What is run of it: of an UPDATE or DELETE how it finds its rows, as nothing is changed."""
    tree = reading.tree
    if not isinstance(tree, exp.Update | exp.Delete):
        return statement.sql, reading
    where = tree.args.get("where")
    text = f"SELECT * FROM {tree.this.sql('postgres')}"
    if where is not None:
        text += f" {where.sql('postgres')}"
    found = read(text, statement.vendor)
    if found is None:
        raise psycopg.NotSupportedError("it cannot be read as a SELECT")
    return text, found
