"""A table's plan while it is being made: which columns have their generator already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from nuages.populate import columns as make
from nuages.populate.catalog import TableCatalog
from nuages.populate.columns import Generator, Mask
from nuages.populate.keys import Segment, Space
from nuages.populate.pooled import TablePool
from nuages.populate.schema import Column, Table, Unit


class TooMany(Exception):  # noqa: N818  (not a failure: the plan is made again with fewer)
    """A unique set has room for so many rows only."""

    def __init__(self, rows: int, why: str) -> None:
        super().__init__(why)
        self.rows, self.why = rows, why


@dataclass(kw_only=True)
class Work:
    """One table's part of a run, before its columns are planned."""

    unit: Unit
    table: Table
    catalog: TableCatalog
    pool: TablePool
    flags: dict[str, Mask]  # of the pool's rows, by conditional unique index
    rows: int
    first: int  # number of the first row among all that were made here
    seed: int
    since: int  # microseconds: what the rows' dates lie between
    until: int
    space: Callable[[str, str], Space]  # (table, column) → its keys so far
    covered: dict[str, int]  # foreign key → parents that earlier runs dealt to
    greatest: Callable[[str], int]  # column → its greatest value, 0 for an empty table
    linked: Segment | None = None  # keys of the multi-table parent's rows
    trees_there: int = 0
    busiest: Mapping[str, float] = field(default_factory=dict)  # foreign key → in means, if told


class Draft:
    """What the parts of the planner write into."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.columns = {c.column: c for c in work.table.columns if c.column in work.catalog.types}
        self.done: dict[str, Generator] = {}
        self.segments: dict[str, Segment] = {}
        self.distinct: set[str] = set()  # columns that do not repeat by themselves
        self.dealings: dict[str, make.Dealing] = {}
        self.covers: dict[str, int] = {}
        self.excluded = np.zeros(work.pool.rows, dtype=bool)  # rows of the pool

    def salt(self, name: str) -> int:
        """A number of the seed's, the table's and the column's own."""
        text = f"{self.work.seed}:{self.work.table.table}:{name}"
        return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")

    def free(self) -> list[Column]:
        """The columns that have no generator yet."""
        return [column for name, column in self.columns.items() if name not in self.done]

    def own(self, name: str, segment: Segment) -> None:
        """A column that does not repeat, whose values other tables may hold."""
        self.segments[name] = segment
        self.done[name] = make.OwnKey(segment)
        self.distinct.add(name)

    def same_target(self, name: str, others: list[str]) -> bool:
        """Whether one foreign key leads where another one does."""
        first = self.columns[name].relation
        second = self.columns[others[0]].relation if len(others) == 1 else None
        if first is None or second is None:
            return False
        return (first.table, first.column) == (second.table, second.column)

    def may_be_null(self, name: str) -> bool:
        return name not in self.work.catalog.required
