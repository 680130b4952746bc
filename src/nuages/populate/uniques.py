"""Unique sets: what makes a combination of columns different in every row."""

from __future__ import annotations

from collections.abc import Iterable

from nuages.populate import columns as make
from nuages.populate.catalog import UniqueSet
from nuages.populate.columns import DAY
from nuages.populate.draft import Draft, TooMany
from nuages.populate.keys import Hashed, Sequence, Space, Spelled
from nuages.populate.schema import Column, Relation

DATES = 2_900_000  # days until the year 9999
WHOLE = ("integer", "decimal", "float")


class Uniques:
    """Sees to it that the unique sets of a table hold, the smallest first."""

    def __init__(self, draft: Draft) -> None:
        self._draft, self._work = draft, draft.work

    def satisfy(self, unique: UniqueSet) -> None:
        """Give columns of the set generators that never repeat; TooMany where there is no room."""
        names = [name for name in unique.columns if name in self._draft.columns]
        if not names or self._draft.distinct & set(names) or self._always_null(names):
            return
        if len(names) == 1:
            if not (unique.is_conditional and self._is_scarce(names[0]) and self._avoided(unique)):
                self._single(self._draft.columns[names[0]])
        elif not self._carried(names):
            if unique.is_conditional and self._avoided(unique):
                return
            self._combined(names)

    def _always_null(self, names: list[str]) -> bool:
        """NULLs are different from one another."""
        return any(
            self._draft.columns[name].is_null and self._is_later(self._draft.columns[name])
            for name in names
        )

    def _is_later(self, column: Column) -> bool:
        relation = column.relation
        if relation is None or relation.table == self._work.table.table:
            return False
        return relation.is_later or self._work.space(relation.table, relation.column).total == 0

    def _is_scarce(self, name: str) -> bool:
        """Whether there are fewer rows to refer to than rows that refer."""
        relation = self._draft.columns[name].relation
        return relation is not None and self._parents(name, relation) < self._work.rows

    def _single(self, column: Column) -> None:
        name, work = column.column, self._work
        if column.relation is not None:
            self._one_each(column, column.relation)
        elif name in self._draft.done:
            return
        elif column.mark and column.mark.capacity >= work.first + work.rows:
            self._draft.own(
                name, Spelled(column.mark, self._draft.salt(name), work.first, work.rows)
            )
        elif column.mark:
            room = column.mark.capacity
            self.enough(room - work.first, f"{name} takes {room} different texts")
        elif column.family == "uuid":
            self._draft.own(name, Hashed(self._draft.salt(name), work.first, work.rows))
        elif column.family in WHOLE:
            base = max(work.greatest(name) + 1, column.low)
            self.enough(column.high - base + 1, f"{name} goes up to {column.high}")
            self._draft.own(name, Sequence(base, work.rows))
        elif column.family in ("date", "datetime"):
            self._dated(column)
        else:
            self._known_or_null(column)

    def _known_or_null(self, column: Column) -> None:
        """One active semester, and any number of others: NULLs are different from one another."""
        options = self._known(column.column)
        room = self._work.first + self._work.rows
        if self._draft.may_be_null(column.column) and column.is_null and 0 < options.size < room:
            self._draft.done[column.column] = make.Scarce(options)
            self._draft.distinct.add(column.column)
        else:
            self.listed([column.column])

    def enough(self, room: int, why: str) -> None:
        if room < self._work.rows:
            raise TooMany(max(room, 0), why)

    def _dated(self, column: Column) -> None:
        if column.family == "date":
            self.enough(DATES - self._work.first, f"{column.column} has a date a row")
            base = -10_000 + self._work.first
        else:
            base = self._work.since + self._work.first
        self._draft.done[column.column] = make.Counting(base)
        self._draft.distinct.add(column.column)

    def listed(self, names: list[str]) -> None:
        """Values that only the agent can make: as many rows as the pool has different ones."""
        options = [self._known(name) for name in names]
        combination = make.Combination(options, self._draft.salt("+".join(names)))
        room = combination.size - self._work.first
        self.enough(room, f"{', '.join(names)}: {combination.size} different values are known")
        for number, name in enumerate(names):
            self._draft.done[name] = combination.member(number)
        self._draft.distinct.update(names if len(names) == 1 else ())

    def _one_each(self, column: Column, relation: Relation) -> None:
        name, work = column.column, self._work
        space = work.space(relation.table, relation.column)
        start = max(self._work.covered.get(name, 0), _first_made(space))
        if not column.is_null or self._draft.done.get(name) is None:
            self.enough(space.total - start, f"{name} is one to one with {relation.label}")
        self._draft.done[name] = make.OneEach(space, start)
        self._draft.covers[name] = start + work.rows
        self._draft.distinct.add(name)
        segments = space.cut(start, work.rows)
        if len(segments) == 1:
            self._draft.segments[name] = segments[0]

    def _carried(self, names: list[str]) -> bool:
        """Whether one of the columns can be made different in every row."""
        work = self._work
        for column in self._among(names):
            if column.mark and column.mark.capacity >= work.first + work.rows:
                self._draft.done[column.column] = make.Marking(
                    column.mark, self._draft.salt(column.column)
                )
            elif column.family == "uuid":
                self._draft.done[column.column] = make.Identifier(self._draft.salt(column.column))
            else:
                continue
            self._draft.distinct.add(column.column)
            return True
        return False

    def _among(self, names: Iterable[str]) -> list[Column]:
        return [
            self._draft.columns[name]
            for name in names
            if name not in self._draft.done and not self._draft.columns[name].relation
        ]

    def _avoided(self, unique: UniqueSet) -> bool:
        """Whether rows of the pool are left that a conditional set is not about."""
        flags = self._work.flags.get(unique.name)
        if flags is None or not (~flags & ~self._draft.excluded).any():
            return False
        self._draft.excluded |= flags
        return True

    def _combined(self, names: list[str]) -> None:
        dealing, parent = self.dealt(names)
        others = [n for n in names if n != parent and n not in self._draft.done]
        whole = [
            n for n in others
            if self._draft.columns[n].family in (*WHOLE, "date", "datetime")
        ]  # fmt: skip
        if dealing is not None and whole:
            self._placed(self._draft.columns[whole[0]], dealing)
            return
        if not others and dealing is None:
            raise TooMany(0, f"no free column is left to keep {', '.join(names)} unique")
        if dealing is None and whole:
            self._single(self._draft.columns[whole[0]])
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
        self._draft.done[column.column] = make.Place(dealing, low, step)

    def _combine(self, others: list[str], dealing: make.Dealing | None, parent: str) -> None:
        options = [self._options(name) for name in others]
        avoids = bool(parent) and self._draft.same_target(parent, others)
        combination = make.Combination(
            options, self._draft.salt("+".join(others)), dealing, avoids_parent=avoids
        )
        if dealing is None:
            why = f"{', '.join(others)} have {combination.size} combinations"
            self.enough(combination.size - self._work.first, why)
        elif dealing.most > combination.size:
            dealing = self._dealt_evenly(parent, combination.size)
            combination = make.Combination(
                options, self._draft.salt("+".join(others)), dealing, avoids_parent=avoids
            )
        for number, name in enumerate(others):
            self._draft.done[name] = combination.member(number)

    def _options(self, name: str) -> make.Options:
        relation = self._draft.columns[name].relation
        if relation and not relation.is_limited and not relation.is_kept:
            space = self._work.space(relation.table, relation.column)
            if not space.total:
                raise TooMany(0, f"{name} needs a {relation.label}, there is none")
            return make.space_options(space)
        options = self._known(name)
        if options.size == 0:
            raise TooMany(0, f"no value is known for {name}")
        return options

    def _known(self, name: str) -> make.Options:
        """The values of a column that the agent could name, else those of the pool."""
        values = self._draft.columns[name].values
        if values:
            return make.text_options(values)
        return make.listed_options(self._work.pool.distinct(name))

    def dealt(self, names: list[str]) -> tuple[make.Dealing | None, str]:
        """The foreign key with most parents, its rows dealt to them."""
        for name in names:
            if name in self._draft.dealings:
                return self._draft.dealings[name], name
        usable = {}
        for name in names:
            relation = self._draft.columns[name].relation
            if (
                name in self._draft.done
                or relation is None
                or relation.is_limited
                or relation.is_kept
            ):
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
        relation = self._draft.columns[name].relation
        assert relation is not None
        space = self._work.space(relation.table, relation.column)
        start = self._start(name, space)
        if start >= space.total:
            raise TooMany(0, f"every {relation.label} has its rows already")
        if most is not None:
            room = most * (space.total - start)
            self.enough(room, f"{name} and the others have {room:,} combinations")
        dealing = make.Dealing(space, start, self._work.rows, self._draft.salt(name), most)
        self._draft.dealings[name] = dealing
        self._draft.done[name] = dealing
        self._draft.covers[name] = space.total
        return dealing

    def _dealt_evenly(self, name: str, most: int) -> make.Dealing:
        return self._deal(name, most)


def _first_made(space: Space) -> int:
    return space.listed if space.listed < space.total else 0
