"""Which generator makes each column of a table."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nuages.populate import columns as make
from nuages.populate import trees
from nuages.populate.catalog import UniqueSet
from nuages.populate.columns import DAY, Generator
from nuages.populate.draft import Draft, TooMany, Work
from nuages.populate.exclusions import exclude
from nuages.populate.keys import Segment, Sequence, Space
from nuages.populate.pooled import TablePool
from nuages.populate.schema import Column, Relation
from nuages.populate.uniques import Uniques


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
    return _Planner(Draft(work)).planned()


class _Planner:
    def __init__(self, draft: Draft) -> None:
        self._draft, self._work = draft, draft.work
        self._uniques = Uniques(draft)

    def planned(self) -> TablePlan:
        self._keys()
        self._tree()
        for unique in sorted(self._work.catalog.uniques, key=_order):
            self._uniques.satisfy(unique)
        for exclusion in self._work.catalog.exclusions:
            exclude(exclusion, self._draft, self._uniques)
        self._relations()
        self._generic()
        for column in self._draft.free():
            self._telling(column)
        kept = np.flatnonzero(~self._draft.excluded)
        pool = self._work.pool.taken(kept)
        for name in list(self._draft.done):
            self._keep_nulls(name, pool)
        return TablePlan(
            work=self._work,
            generators=self._draft.done,
            segments=self._draft.segments,
            covers=self._draft.covers,
            pool=pool,
            pooled=[c for c in self._work.catalog.types if c not in self._draft.done],
        )

    # Keys and trees.

    def _keys(self) -> None:
        for name, column in self._draft.columns.items():
            if column.relation and column.relation.is_parent_link and self._work.linked:
                self._draft.own(name, self._work.linked)
            elif column.is_auto:
                self._draft.own(name, Sequence(self._work.greatest(name) + 1, self._work.rows))

    def _tree(self) -> None:
        tree = self._work.table.tree
        if tree is None:
            return
        key = self._own_key()
        before = self._work.space(self._work.table.table, key)
        forest = trees.Forest(self._work.rows, self._work.trees_there)
        made = trees.generators(tree, forest, self._with_own(key), before.total)
        self._draft.done.update(made)
        self._draft.distinct.update(name for name in (tree.get("path"),) if name)

    def _own_key(self) -> str:
        """The primary key, which a tree's parents are known by; it need not be automatic."""
        for unique in self._work.catalog.uniques:
            if unique.is_primary and not self._draft.segments:
                self._uniques.satisfy(unique)
        if not self._draft.segments:
            raise TooMany(0, "the nodes of the tree have a key that cannot be computed")
        return next(iter(self._draft.segments))

    def _with_own(self, key: str) -> Space:
        return self._work.space(self._work.table.table, key).with_more(self._draft.segments[key])

    # What is left.

    def _relations(self) -> None:
        for column in self._draft.free():
            relation = column.relation
            if relation is None or relation.is_kept or relation.is_limited:
                continue
            self._draft.done[column.column] = self._related(column, relation)

    def _related(self, column: Column, relation: Relation) -> Generator:
        name, work = column.column, self._work
        if relation.table == work.table.table and relation.column in self._draft.segments:
            space = self._with_own(relation.column)
            first = space.total - work.rows
            return make.Above(
                space, first, self._draft.salt(name), is_null=self._draft.may_be_null(name)
            )
        if relation.is_later and self._draft.may_be_null(name):
            return make.Emptied()  # set at the end, as in the first run
        space = work.space(relation.table, relation.column)
        if space.total == 0:
            if self._draft.may_be_null(name):
                return make.Emptied()
            raise TooMany(0, f"{name} needs a {relation.label}, there is none")
        avoid = next(
            (
                generator
                for other, generator in self._draft.done.items()
                if isinstance(generator, make.Drawn) and self._draft.same_target(name, [other])
            ),
            None,
        )
        most = work.busiest.get(name)
        return make.Drawn(space, work.rows, self._draft.salt(name), avoid=avoid, most=most)

    def _generic(self) -> None:
        for key in self._work.unit.generic:
            if key.table != self._work.table.table or key.key_column in self._draft.done:
                continue
            spaces = [(t, self._work.space(table, column)) for _, table, column, t in key.targets]
            there = [(number, space) for number, space in spaces if space.total]
            if not there or key.key_column not in self._draft.columns:
                continue
            generic = make.Generic(there, self._work.rows, self._draft.salt(key.key_column))
            self._draft.done[key.type_column] = generic.type_of
            self._draft.done[key.key_column] = generic.key_of

    def _telling(self, column: Column) -> None:
        name, work = column.column, self._work
        if column.stamp:
            unit = DAY if column.family == "date" else 1
            lag = 30 * DAY if column.stamp == "updated" else 0
            salt = self._draft.salt("stamp")  # one for all: what changed did so after it was made
            self._draft.done[name] = make.Rising(work.since, work.until, work.rows, salt, unit, lag)
        elif (
            column.is_telling
            and column.mark
            and len(column.mark.beginnings) > 1
            and column.mark.capacity >= work.first + work.rows
        ):
            self._draft.done[name] = make.Marking(column.mark, self._draft.salt(name))

    def _keep_nulls(self, name: str, pool: TablePool) -> None:
        """Optional columns stay empty where the pool's row, which keeps the checks, has nothing."""
        column = self._draft.columns[name]
        generator = self._draft.done[name]
        nulls = pool.nulls.get(name)
        if nulls is None or not self._draft.may_be_null(name) or column.is_key:
            return
        told_apart = isinstance(generator, make.Above | make.Emptied | make.Scarce)
        if told_apart or nulls.all() or not nulls.any():
            return
        self._draft.done[name] = make.PoolNulls(generator, nulls)


def _order(unique: UniqueSet) -> tuple[bool, int, bool, str]:
    return (not unique.is_primary, len(unique.columns), unique.is_conditional, unique.name)
