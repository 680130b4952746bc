"""Fills the databases unit by unit, each in one transaction, and goes on where it was ended."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg

from nuages.errors import NuagesError
from nuages.populate.catalog import TableCatalog
from nuages.populate.columns import DAY, Drawn, Generator, OneEach, OwnKey
from nuages.populate.draft import TooMany, Work
from nuages.populate.keys import Listed, Segment, Sequence, Space
from nuages.populate.ledger import Entry
from nuages.populate.like import Likeness
from nuages.populate.planning import TablePlan, plan
from nuages.populate.pooled import TablePool, read
from nuages.populate.progressing import Pace
from nuages.populate.schema import Relation, Table, Unit
from nuages.populate.target import Target
from nuages.session import AgentSession

POOL = 1000  # rows of each model that the project's own code makes
POOL_SECONDS = 15.0
REFERENCE = "has rows, which belong to no user: reference data"
YEARS = 2  # of history that the rows' dates are spread over


@dataclass(kw_only=True)
class Filled:
    """What a run did."""

    rows: dict[str, int] = field(default_factory=dict)  # label → rows added
    skipped: dict[str, str] = field(default_factory=dict)  # label → why
    refused: dict[str, dict[str, int]] = field(default_factory=dict)  # label → why full_clean() did
    short: dict[str, str] = field(default_factory=dict)  # label → why not as many as wanted
    bytes_sent: int = 0
    seconds: float = 0.0


class Filling:
    """One run over the units of a project."""

    def __init__(
        self,
        session: AgentSession,
        units: tuple[Unit, ...],
        targets: Mapping[str, Target],
        wanted: Mapping[str, int],
        pace: Pace,
        seed: int,
        *,
        asked: Collection[str] = (),
        like: Likeness | None = None,
        until: float | None = None,
    ) -> None:
        """`asked` names models to fill though they have reference data.

        `until`, of the monotonic clock, is when no further model is begun.
        """
        self._until = until
        self._like = like
        self._session, self._units, self._targets = session, units, targets
        self._wanted, self._pace, self._seed = wanted, pace, seed
        self._alias = {table.table: unit.alias for unit in units for table in unit.tables}
        self._entries: dict[str, list[Entry]] = {}  # by table
        self._made: dict[str, int] = {}  # by unit
        self._spaces: dict[tuple[str, str], Space] = {}
        self._now = int(time.time()) // 86_400 * DAY  # of a whole day: the same seed, the same
        for target in targets.values():
            for entry in target.entries():
                self._remember(entry)
        self.filled = Filled()
        for unit in units:
            if unit.is_reference and unit.label not in self._made and unit.label not in asked:
                self.filled.skipped[unit.label] = REFERENCE

    def _remember(self, entry: Entry) -> None:
        self._entries.setdefault(entry.table, []).append(entry)
        own = {unit.label: unit.tables[-1].table for unit in self._units}
        if own.get(entry.unit) == entry.table:
            self._made[entry.unit] = self._made.get(entry.unit, 0) + entry.rows

    def missing(self) -> dict[str, int]:
        """Label → rows still to be made."""
        left = {u.label: self._wanted.get(u.label, 0) - self._made.get(u.label, 0)
                for u in self._units if u.label not in self.filled.skipped}  # fmt: skip
        return {label: rows for label, rows in left.items() if rows > 0}

    def run(self) -> Filled:
        """Fill what is missing."""
        started = time.monotonic()
        missing = self.missing()
        self._pace.begin(missing)
        for unit in self._units:
            if self._until is not None and time.monotonic() > self._until:
                self.filled.skipped[unit.label] = "the time was over; the next run goes on here"
            elif unit.label in missing:
                self._pace.unit(unit.label, missing[unit.label])
                self._fill(unit, missing[unit.label])
        for unit in self._units:
            if unit.label in self.filled.rows:
                self._close_cycles(unit)
        for alias, target in self._targets.items():
            self._pace.say("analysing")
            target.analyze(sorted(t for t, where in self._alias.items()
                                  if where == alias and self._is_touched(t)))  # fmt: skip
        for label in self.filled.rows:
            self._judge(label)
        self.filled.seconds = time.monotonic() - started
        return self.filled

    def _is_touched(self, table: str) -> bool:
        labels = {unit.label for unit in self._units
                  for part in unit.tables if part.table == table}  # fmt: skip
        return any(label in self.filled.rows for label in labels)

    def _fill(self, unit: Unit, rows: int) -> None:
        label = unit.label
        try:
            added, reason = self._filled(unit, rows)
        except NuagesError as error:
            if error.slug == "agent":  # the project's process is gone
                raise
            added, reason = 0, " ".join([error.message, *error.detail.splitlines()[-1:]])
        except (psycopg.Error, sqlite3.Error) as error:  # rolled back: the schema is as it was
            added, reason = 0, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        if added:
            self.filled.rows[label] = added
            self._made[label] = self._made.get(label, 0) + added
        if reason and self._made.get(label):
            self.filled.short[label] = reason
        elif not added:
            self.filled.skipped[label] = reason or "no rows could be made"

    def _judge(self, label: str) -> None:
        """Read a few rows back through the ORM, and let the models' own rules look at them."""
        refused = self._session.call("judge", label=label)["refused"]
        if refused:
            self.filled.refused[label] = refused

    def _filled(self, unit: Unit, rows: int) -> tuple[int, str]:
        told = self._session.call(
            "pool",
            label=unit.label,
            size=min(POOL, rows),
            seed=self._seed,
            seconds=POOL_SECONDS,
            timeout=POOL_SECONDS * 8,
        )
        if not told["rows"]:
            return 0, str(told["reason"])
        pools, flags = _pools(told["tables"])
        if self._like is not None and not any(flags.values()):
            pools = {t.table: self._like.weighted(t, pools[t.table]) for t in unit.tables[-1:]} | {
                t.table: pools[t.table] for t in unit.tables[:-1]
            }
        target = self._targets[unit.alias]
        reason = ""
        while rows:
            try:
                plans = self._plans(unit, rows, pools, flags, target)
                break
            except TooMany as limit:
                rows, reason = min(limit.rows, rows - 1), limit.why
        else:
            return 0, reason
        self._write(unit, plans, target)
        return rows, reason

    def _plans(
        self,
        unit: Unit,
        rows: int,
        pools: Mapping[str, TablePool],
        flags: Mapping[str, dict[str, Any]],
        target: Target,
    ) -> list[TablePlan]:
        plans: list[TablePlan] = []
        segments: dict[tuple[str, str], Segment] = {}
        for table in unit.tables:
            work = self._work(unit, table, rows, pools[table.table], flags[table.table], target)
            work.linked = _linked(table, segments)
            made = plan(work)
            segments.update({(table.table, name): s for name, s in made.segments.items()})
            plans.append(made)
        return plans

    def _work(
        self,
        unit: Unit,
        table: Table,
        rows: int,
        pool: TablePool,
        flags: dict[str, Any],
        target: Target,
    ) -> Work:
        entries = self._entries.get(table.table, [])
        last = max((entry.until for entry in entries), default=self._now - YEARS * 365 * DAY)
        covered: dict[str, int] = {}
        for entry in entries:
            covered.update(entry.covers)
        return Work(
            unit=unit,
            table=table,
            catalog=target.catalog(table.table),
            pool=pool,
            flags=flags,
            rows=rows,
            first=sum(entry.rows for entry in entries),
            seed=self._seed,
            since=last,
            until=self._now if last < self._now else int(time.time() * 1e6),
            space=self._space,
            covered=covered,
            greatest=lambda column: target.greatest(table.table, column),
            trees_there=_trees(table, target),
            busiest=self._like.busiest(table) if self._like else {},
        )

    def _write(self, unit: Unit, plans: list[TablePlan], target: Target) -> None:
        with target.filling({p.work.table.table: p.work.rows for p in plans}):
            for each in plans:
                last = each is plans[-1]
                self.filled.bytes_sent += target.write(each, self._pace.tick if last else _quiet)
                target.note(_entry(unit, each))
            self._pace.say(f"{unit.label}: indexes and foreign keys")
        for each in plans:
            work = each.work
            self._remember_plan(unit, each)
            for column in work.table.columns:
                if column.is_auto:
                    target.advance(work.table.table, column.column)

    def _close_cycles(self, unit: Unit) -> None:
        """Foreign keys that had to wait for rows made later."""
        target = self._targets[unit.alias]
        for table in unit.tables:
            entry = next(
                (e for e in reversed(self._entries.get(table.table, [])) if e.unit == unit.label),
                None,
            )
            key = next((c.column for c in table.columns if c.is_key), None)
            for column in table.columns if entry and key else ():
                relation = column.relation
                if relation and relation.is_later and relation.table != table.table:
                    self._close(table.table, str(key), column.column, relation, entry, target)

    def _close(
        self,
        table: str,
        key: str,
        column: str,
        relation: Relation,
        entry: Entry | None,
        target: Target,
    ) -> None:
        space = self._space(relation.table, relation.column)
        assert entry is not None
        segment = entry.segments.get(key)
        if segment is None or not space.total:
            return
        is_single = any(u.columns == (column,) for u in target.catalog(table).uniques)
        rows = min(entry.rows, space.total) if is_single else entry.rows
        parents: Generator = OneEach(space, 0) if is_single else Drawn(space, rows, self._seed)
        try:
            target.update(table, key, column, rows, OwnKey(segment), parents)
        except (psycopg.Error, sqlite3.Error) as error:
            self.filled.short[entry.unit] = f"{column} is left empty: {str(error).splitlines()[0]}"

    def _remember_plan(self, unit: Unit, each: TablePlan) -> None:
        table = each.work.table.table
        self._entries.setdefault(table, []).append(_entry(unit, each))
        for name, column in [key for key in self._spaces if key[0] == table]:
            if column in each.segments:
                more = self._spaces[name, column].with_more(each.segments[column])
                self._spaces[name, column] = more
            else:
                del self._spaces[name, column]

    def _space(self, table: str, column: str) -> Space:
        """The keys of a column so far: of rows that were there, then of those made."""
        if (table, column) not in self._spaces:
            self._spaces[table, column] = self._read_space(table, column)
        return self._spaces[table, column]

    def _read_space(self, table: str, column: str) -> Space:
        alias = self._alias.get(table)
        target = self._targets[alias] if alias else next(iter(self._targets.values()))
        entries = self._entries.get(table, [])
        made = [entry.segments.get(column) for entry in entries]
        segments = [segment for segment in made if segment is not None]
        if len(segments) < len(made) or not segments:
            keys, rows = target.listed(table, column)
            return Space([Listed(keys, rows)])
        first = segments[0]
        before: list[Segment] = []
        if isinstance(first, Sequence):
            keys, rows = target.listed(table, column, below=first.base)
            before = [Listed(keys, rows)]
        return Space([*before, *segments])


def _pools(
    told: Mapping[str, Any],
) -> tuple[dict[str, TablePool], dict[str, dict[str, Any]]]:
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


def _linked(table: Table, segments: Mapping[tuple[str, str], Segment]) -> Segment | None:
    """The keys of the multi-table parent's rows that are made in the same go."""
    for column in table.columns:
        relation = column.relation
        if relation and relation.is_parent_link:
            found = segments.get((relation.table, relation.column))
            if found is not None:
                return found
    return None


def _entry(unit: Unit, each: TablePlan) -> Entry:
    work = each.work
    return Entry(
        unit=unit.label,
        table=work.table.table,
        first=work.first,
        rows=work.rows,
        segments={n: s for n, s in each.segments.items() if not isinstance(s, Listed)},
        covers=each.covers,
        until=work.until,
    )


def _trees(table: Table, target: Target) -> int:
    """The number of the last tree that is there."""
    tree = table.tree
    if tree is None:
        return 0
    if tree["kind"] == "nested":
        return target.greatest(table.table, tree["tree"])
    last = target.last_text(table.table, tree["path"])[: tree["step"]]
    number = 0
    for digit in last:
        number = number * len(tree["alphabet"]) + tree["alphabet"].index(digit)
    return number


def _quiet(rows: int) -> None:
    """Rows of a multi-table parent are not counted twice."""


def one_each(unit: Unit, catalog: TableCatalog) -> str | None:
    """The model of which a unit has one row each: by a required foreign key that is unique."""
    single = {u.columns[0] for u in catalog.uniques if len(u.columns) == 1 and not u.is_conditional}
    for column, relation in unit.relations:
        if column.column in single and not column.is_null:
            return relation.label
    return None
