"""Which generator makes each column of a table, so that every unique set holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from nuages.populate import columns as make
from nuages.populate import trees
from nuages.populate.catalog import TableCatalog, UniqueSet
from nuages.populate.columns import DAY, Generator
from nuages.populate.keys import Hashed, Segment, Sequence, Space, Spelled
from nuages.populate.pooled import TablePool
from nuages.populate.schema import Column, Relation, Table, Unit

DATES = 2_900_000  # days until the year 9999
WHOLE = ("integer", "decimal", "float")


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
    flags: dict[str, np.ndarray]  # of the pool's rows, by conditional unique index
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


@dataclass(kw_only=True)
class TablePlan:
    """How a table is filled: generators by column; the others come from the pool together."""

    work: Work
    generators: dict[str, Generator]
    segments: dict[str, Segment]  # of columns that other tables' keys may lead to
    covers: dict[str, int]
    pool: TablePool
    pooled: list[str] = field(default_factory=list)


def plan(work: Work) -> TablePlan:
    """Raises TooMany when a unique set has room for fewer rows."""
    return _Planner(work).planned()


class _Planner:
    def __init__(self, work: Work) -> None:
        self._work = work
        self._columns = {c.column: c for c in work.table.columns if c.column in work.catalog.types}
        self._done: dict[str, Generator] = {}
        self._segments: dict[str, Segment] = {}
        self._distinct: set[str] = set()  # columns that do not repeat by themselves
        self._dealings: dict[str, make.Dealing] = {}
        self._covers: dict[str, int] = {}
        self._excluded = np.zeros(work.pool.rows, dtype=bool)

    def planned(self) -> TablePlan:
        self._keys()
        self._tree()
        for unique in sorted(self._work.catalog.uniques, key=_order):
            self._satisfy(unique)
        self._relations()
        self._generic()
        for column in self._free():
            self._telling(column)
        kept = np.flatnonzero(~self._excluded)
        pool = self._work.pool.taken(kept)
        for name in list(self._done):
            self._keep_nulls(name, pool)
        return TablePlan(
            work=self._work,
            generators=self._done,
            segments=self._segments,
            covers=self._covers,
            pool=pool,
            pooled=[c for c in self._work.catalog.types if c not in self._done],
        )

    def _salt(self, name: str) -> int:
        text = f"{self._work.seed}:{self._work.table.table}:{name}"
        return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")

    def _free(self) -> list[Column]:
        return [column for name, column in self._columns.items() if name not in self._done]

    def _own(self, name: str, segment: Segment) -> None:
        """A column that does not repeat, whose values other tables may hold."""
        self._segments[name] = segment
        self._done[name] = make.OwnKey(segment)
        self._distinct.add(name)

    # Keys and trees.

    def _keys(self) -> None:
        for name, column in self._columns.items():
            if column.relation and column.relation.is_parent_link and self._work.linked:
                self._own(name, self._work.linked)
            elif column.is_auto:
                self._own(name, Sequence(self._work.greatest(name) + 1, self._work.rows))

    def _tree(self) -> None:
        tree = self._work.table.tree
        if tree is None:
            return
        key = next(name for name in self._segments)
        before = self._work.space(self._work.table.table, key)
        forest = trees.Forest(self._work.rows, self._work.trees_there)
        made = trees.generators(tree, forest, self._with_own(key), before.total)
        self._done.update(made)
        self._distinct.update(name for name in (tree.get("path"),) if name)

    def _with_own(self, key: str) -> Space:
        return self._work.space(self._work.table.table, key).with_more(self._segments[key])

    # Unique sets.

    def _satisfy(self, unique: UniqueSet) -> None:
        names = [name for name in unique.columns if name in self._columns]
        if not names or self._distinct & set(names) or self._always_null(names):
            return
        if len(names) == 1:
            self._single(self._columns[names[0]])
        elif not self._carried(names):
            if unique.is_conditional and self._avoided(unique):
                return
            self._combined(names)

    def _always_null(self, names: list[str]) -> bool:
        """NULLs are different from one another."""
        return any(
            self._columns[name].is_null and self._is_later(self._columns[name]) for name in names
        )

    def _is_later(self, column: Column) -> bool:
        relation = column.relation
        if relation is None or relation.table == self._work.table.table:
            return False
        return relation.is_later or self._work.space(relation.table, relation.column).total == 0

    def _single(self, column: Column) -> None:
        name, work = column.column, self._work
        if column.relation is not None:
            self._one_each(column, column.relation)
        elif name in self._done:
            return
        elif column.mark and column.mark.capacity >= work.first + work.rows:
            self._own(name, Spelled(column.mark, self._salt(name), work.first, work.rows))
        elif column.mark:
            room = column.mark.capacity
            self._enough(room - work.first, f"{name} takes {room} different texts")
        elif column.family == "uuid":
            self._own(name, Hashed(self._salt(name), work.first, work.rows))
        elif column.family in WHOLE:
            base = max(work.greatest(name) + 1, column.low)
            self._enough(column.high - base + 1, f"{name} goes up to {column.high}")
            self._own(name, Sequence(base, work.rows))
        elif column.family in ("date", "datetime"):
            self._dated(column)
        else:
            self._listed([name])

    def _enough(self, room: int, why: str) -> None:
        if room < self._work.rows:
            raise TooMany(max(room, 0), why)

    def _dated(self, column: Column) -> None:
        if column.family == "date":
            self._enough(DATES - self._work.first, f"{column.column} has a date a row")
            base = -10_000 + self._work.first
        else:
            base = self._work.since + self._work.first
        self._done[column.column] = make.Counting(base)
        self._distinct.add(column.column)

    def _listed(self, names: list[str]) -> None:
        """Values that only the agent can make: as many rows as the pool has different ones."""
        options = [self._known(name) for name in names]
        combination = make.Combination(options, self._salt("+".join(names)))
        room = combination.size - self._work.first
        self._enough(room, f"{', '.join(names)}: {combination.size} different values are known")
        for number, name in enumerate(names):
            self._done[name] = combination.member(number)
        self._distinct.update(names if len(names) == 1 else ())

    def _one_each(self, column: Column, relation: Relation) -> None:
        name, work = column.column, self._work
        space = work.space(relation.table, relation.column)
        start = max(self._work.covered.get(name, 0), _first_made(space))
        if not column.is_null or self._done.get(name) is None:
            self._enough(space.total - start, f"{name} is one to one with {relation.label}")
        self._done[name] = make.OneEach(space, start)
        self._covers[name] = start + work.rows
        self._distinct.add(name)
        segments = space.cut(start, work.rows)
        if len(segments) == 1:
            self._segments[name] = segments[0]

    def _carried(self, names: list[str]) -> bool:
        """Whether one of the columns can be made different in every row."""
        work = self._work
        for column in self._among(names):
            if column.mark and column.mark.capacity >= work.first + work.rows:
                self._done[column.column] = make.Marking(column.mark, self._salt(column.column))
            elif column.family == "uuid":
                self._done[column.column] = make.Identifier(self._salt(column.column))
            else:
                continue
            self._distinct.add(column.column)
            return True
        return False

    def _among(self, names: Iterable[str]) -> list[Column]:
        return [
            self._columns[name]
            for name in names
            if name not in self._done and not self._columns[name].relation
        ]

    def _avoided(self, unique: UniqueSet) -> bool:
        """Whether rows of the pool are left that a conditional set is not about."""
        flags = self._work.flags.get(unique.name)
        if flags is None or not (~flags & ~self._excluded).any():
            return False
        self._excluded |= flags
        return True

    def _combined(self, names: list[str]) -> None:
        dealing, parent = self._dealt(names)
        others = [n for n in names if n != parent and n not in self._done]
        whole = [
            n for n in others
            if self._columns[n].family in (*WHOLE, "date", "datetime")
        ]  # fmt: skip
        if dealing is not None and whole:
            self._placed(self._columns[whole[0]], dealing)
            return
        if not others and dealing is None:
            raise TooMany(0, f"no free column is left to keep {', '.join(names)} unique")
        if dealing is None and whole:
            self._single(self._columns[whole[0]])
            return
        self._combine(others, dealing, parent)

    def _placed(self, column: Column, dealing: make.Dealing) -> None:
        """Positions of a parent's rows: 1, 2, 3 …"""
        low, high, step = max(column.low, 0), column.high, 1
        if column.low <= 1 <= column.high:
            low = 1
        if column.family in ("date", "datetime"):
            unit = DAY if column.family == "datetime" else 1
            low, high, step = self._work.since // DAY * unit, 1 << 62, unit
        if low + dealing.most > high:
            raise TooMany(
                max((high - low) // 2 * dealing.space.total // 20, 1),
                f"{column.column} goes up to {high} for each parent",
            )
        self._done[column.column] = make.Place(dealing, low, step)

    def _combine(self, others: list[str], dealing: make.Dealing | None, parent: str) -> None:
        options = [self._options(name) for name in others]
        avoids = bool(parent) and self._same_target(parent, others)
        combination = make.Combination(
            options, self._salt("+".join(others)), dealing, avoids_parent=avoids
        )
        if dealing is None:
            why = f"{', '.join(others)} have {combination.size} combinations"
            self._enough(combination.size - self._work.first, why)
        elif dealing.most > combination.size:
            dealing = self._dealt_evenly(parent, combination.size)
            combination = make.Combination(
                options, self._salt("+".join(others)), dealing, avoids_parent=avoids
            )
        for number, name in enumerate(others):
            self._done[name] = combination.member(number)

    def _options(self, name: str) -> make.Options:
        relation = self._columns[name].relation
        if relation and not relation.is_limited and not relation.is_kept:
            return make.space_options(self._work.space(relation.table, relation.column))
        options = self._known(name)
        if options.size == 0:
            raise TooMany(0, f"no value is known for {name}")
        return options

    def _known(self, name: str) -> make.Options:
        """The values of a column that the agent could name, else those of the pool."""
        values = self._columns[name].values
        if values:
            return make.text_options(values)
        return make.listed_options(self._work.pool.distinct(name))

    def _same_target(self, parent: str, others: list[str]) -> bool:
        first = self._columns[parent].relation
        second = self._columns[others[0]].relation if len(others) == 1 else None
        if first is None or second is None:
            return False
        return (first.table, first.column) == (second.table, second.column)

    def _dealt(self, names: list[str]) -> tuple[make.Dealing | None, str]:
        """The foreign key with most parents, its rows dealt to them."""
        for name in names:
            if name in self._dealings:
                return self._dealings[name], name
        usable = {}
        for name in names:
            relation = self._columns[name].relation
            if name in self._done or relation is None or relation.is_limited or relation.is_kept:
                continue
            if relation.table != self._work.table.table:
                usable[name] = self._parents(name, relation)
        if not usable:
            return None, ""
        # The one with most parents: its rows are few each, so the others need few values. Where
        # rows were dealt before, again to the parents of the same column, those that are new.
        before = [name for name in usable if name in self._work.covered]
        name = max(before or usable, key=lambda n: usable[n])
        return self._deal(name, None), name

    def _parents(self, name: str, relation: Relation) -> int:
        space = self._work.space(relation.table, relation.column)
        return space.total - self._start(name, space)

    def _start(self, name: str, space: Space) -> int:
        """Parents that were dealt to before are full: another row might repeat one of theirs."""
        if name in self._work.covered:
            return self._work.covered[name]
        made = _first_made(space)
        return made if made < space.total else 0

    def _deal(self, name: str, most: int | None) -> make.Dealing:
        relation = self._columns[name].relation
        assert relation is not None
        space = self._work.space(relation.table, relation.column)
        start = self._start(name, space)
        if start >= space.total:
            raise TooMany(0, f"every {relation.label} has its rows already")
        if most is not None:
            room = most * (space.total - start)
            self._enough(room, f"{name} and the others have {room:,} combinations")
        dealing = make.Dealing(space, start, self._work.rows, self._salt(name), most)
        self._dealings[name] = dealing
        self._done[name] = dealing
        self._covers[name] = space.total
        return dealing

    def _dealt_evenly(self, name: str, most: int) -> make.Dealing:
        return self._deal(name, most)

    # What is left.

    def _relations(self) -> None:
        for column in self._free():
            relation = column.relation
            if relation is None or relation.is_kept or relation.is_limited:
                continue
            self._done[column.column] = self._related(column, relation)

    def _related(self, column: Column, relation: Relation) -> Generator:
        name, work = column.column, self._work
        if relation.table == work.table.table and relation.column in self._segments:
            space = self._with_own(relation.column)
            first = space.total - work.rows
            return make.Above(space, first, self._salt(name), is_null=self._may_be_null(name))
        space = work.space(relation.table, relation.column)
        if space.total == 0:
            if self._may_be_null(name):
                return make.Emptied()
            raise TooMany(0, f"{name} needs a {relation.label}, there is none")
        avoid = next(
            (
                generator
                for other, generator in self._done.items()
                if isinstance(generator, make.Drawn) and self._same_target(name, [other])
            ),
            None,
        )
        return make.Drawn(space, work.rows, self._salt(name), avoid=avoid)

    def _may_be_null(self, name: str) -> bool:
        return name not in self._work.catalog.required

    def _generic(self) -> None:
        for key in self._work.unit.generic:
            if key.table != self._work.table.table or key.key_column in self._done:
                continue
            spaces = [(t, self._work.space(table, column)) for _, table, column, t in key.targets]
            there = [(number, space) for number, space in spaces if space.total]
            if not there or key.key_column not in self._columns:
                continue
            generic = make.Generic(there, self._work.rows, self._salt(key.key_column))
            self._done[key.type_column] = generic.type_of
            self._done[key.key_column] = generic.key_of

    def _telling(self, column: Column) -> None:
        name, work = column.column, self._work
        if column.stamp:
            unit = DAY if column.family == "date" else 1
            lag = 30 * DAY if column.stamp == "updated" else 0
            salt = self._salt("stamp")  # one for all: what changed did so after it was made
            self._done[name] = make.Rising(work.since, work.until, work.rows, salt, unit, lag)
        elif column.is_telling and column.mark and len(column.mark.beginnings) > 1:
            if column.mark.capacity >= work.first + work.rows:
                self._done[name] = make.Marking(column.mark, self._salt(name))

    def _keep_nulls(self, name: str, pool: TablePool) -> None:
        """Optional columns stay empty where the pool's row, which keeps the checks, has nothing."""
        column = self._columns[name]
        generator = self._done[name]
        nulls = pool.nulls.get(name)
        if nulls is None or not self._may_be_null(name) or column.is_key:
            return
        if isinstance(generator, make.Above | make.Emptied) or nulls.all() or not nulls.any():
            return
        self._done[name] = make.PoolNulls(generator, nulls)


def _first_made(space: Space) -> int:
    return space.listed if space.listed < space.total else 0


def _order(unique: UniqueSet) -> tuple[bool, int, bool, str]:
    return (not unique.is_primary, len(unique.columns), unique.is_conditional, unique.name)
