"""Fills the databases unit by unit, each in one transaction, and goes on where it was ended."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from nuages.errors import NuagesError
from nuages.populate import cycles
from nuages.populate.catalog import TableCatalog
from nuages.populate.columns import DAY
from nuages.populate.draft import TooMany, Work
from nuages.populate.inventory import Inventory, entry_of
from nuages.populate.keys import Segment, Sequence
from nuages.populate.like import Likeness
from nuages.populate.planning import TablePlan, plan
from nuages.populate.pooled import TablePool, read_all
from nuages.populate.progressing import Pace
from nuages.populate.schema import Table, Unit
from nuages.populate.target import FAILURES, Target
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
    read: dict[str, int] = field(default_factory=dict)  # label → rows read back through the ORM
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
        self._inventory = Inventory(units, targets)
        self._now = int(time.time()) // 86_400 * DAY  # of a whole day: the same seed, the same
        self.filled = Filled()
        for unit in units:
            is_ours = self._inventory.made(unit.label) or unit.label in asked
            if unit.is_reference and not is_ours:
                self.filled.skipped[unit.label] = REFERENCE

    def missing(self) -> dict[str, int]:
        """Label → rows still to be made."""
        left = {u.label: self._wanted.get(u.label, 0) - self._inventory.made(u.label)
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
            self._close_cycles(unit)
        for label in self.filled.rows:
            self._judge(label)
        self.filled.seconds = time.monotonic() - started
        return self.filled

    def _close_cycles(self, unit: Unit) -> None:
        """Also those of a run that was ended before it came to them."""
        target = self._targets[unit.alias]
        for reason in cycles.close(unit, self._inventory, target, self._seed):
            self.filled.short[unit.label] = reason

    def _fill(self, unit: Unit, rows: int) -> None:
        label = unit.label
        try:
            added, reason = self._filled(unit, rows)
        except NuagesError as error:
            if error.slug == "agent":  # the project's process is gone
                raise
            added, reason = 0, " ".join([error.message, *error.detail.splitlines()[-1:]])
        except FAILURES as error:  # rolled back: the schema is as it was
            added, reason = 0, f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        except Exception as error:  # a fault of ours in one model: the others are worth having
            added, reason = 0, f"nuages failed here, please report it: {error!r}"[:300]
        if added:
            self.filled.rows[label] = added
        if reason and self._inventory.made(label):
            self.filled.short[label] = reason
        elif not added:
            self.filled.skipped[label] = reason or "no rows could be made"

    def _judge(self, label: str) -> None:
        """Read a few rows back through the ORM, and let the models' own rules look at them."""
        told = self._session.call("judge", label=label)
        self.filled.read[label] = told["read"]
        if told["refused"]:
            self.filled.refused[label] = told["refused"]

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
        pools, flags = read_all(told["tables"])
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
        entries = self._inventory.entries(table.table)
        last = max((entry.until for entry in entries), default=self._now - YEARS * 365 * DAY)
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
            space=self._inventory.space,
            covered=self._inventory.covered(table.table),
            greatest=lambda column: target.greatest(table.table, column),
            trees_there=self._inventory.trees_there(table),
            busiest=self._like.busiest(table) if self._like else {},
        )

    def _write(self, unit: Unit, plans: list[TablePlan], target: Target) -> None:
        with target.filling({p.work.table.table: p.work.rows for p in plans}):
            for each in plans:
                last = each is plans[-1]
                self.filled.bytes_sent += target.write(each, self._pace.tick if last else _quiet)
                target.note(entry_of(unit, each))
                _advance(each, target)
            self._pace.say(f"{unit.label}: indexes and foreign keys")
        for each in plans:
            self._inventory.add(unit, each)


def _advance(plan: TablePlan, target: Target) -> None:
    """Let the sequences of automatic keys go on after those that were made."""
    for column in plan.work.table.columns:
        segment = plan.segments.get(column.column)
        if column.is_auto and isinstance(segment, Sequence):
            target.advance(plan.work.table.table, column.column, segment.base + segment.rows - 1)


def _linked(table: Table, segments: Mapping[tuple[str, str], Segment]) -> Segment | None:
    """The keys of the multi-table parent's rows that are made in the same go."""
    for column in table.columns:
        relation = column.relation
        if relation and relation.is_parent_link:
            found = segments.get((relation.table, relation.column))
            if found is not None:
                return found
    return None


def _quiet(rows: int) -> None:
    """Rows of a multi-table parent are not counted twice."""


def one_each(unit: Unit, catalog: TableCatalog) -> str | None:
    """The model of which a unit has one row each: by a required foreign key that is unique."""
    single = {u.columns[0] for u in catalog.uniques if len(u.columns) == 1 and not u.is_conditional}
    for column, relation in unit.relations:
        if column.column in single and not column.is_null:
            return relation.label
    return None
