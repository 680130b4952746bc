"""What makes the values of a column, a batch of rows at a time, from the rows' numbers alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from nuages.populate.fanout import Dealt, Skew, drawn, strided, strided_skewed
from nuages.populate.keys import Segment, Space
from nuages.populate.made import (
    Images,
    Ints,
    Made,
    Numbers,
    Objects,
    Texts,
    joined,
    marked,
    objects,
    uuids,
)
from nuages.populate.permutation import Permutation, below, fraction
from nuages.populate.schema import Mark

Mask = npt.NDArray[np.bool_]
Values = tuple[Made, Mask | None]  # the mask says which rows hold NULL
DAY = 86_400_000_000  # microseconds


@dataclass
class Chunk:
    """A batch of the rows that a run adds to a table."""

    rows: Ints  # from 0 in this run
    first: int  # number of the run's first row among all that were ever made in the table
    pool: Ints  # the row of the pool that each takes its other values from
    cache: dict[int, Any] = field(default_factory=dict)

    @property
    def numbers(self) -> Ints:
        return self.rows + self.first

    def once(self, owner: object, make: Callable[[], Any]) -> Any:
        """What several columns share is made once a batch."""
        if id(owner) not in self.cache:
            self.cache[id(owner)] = make()
        return self.cache[id(owner)]


class Generator(Protocol):
    """Makes a column's values."""

    def __call__(self, chunk: Chunk) -> Values: ...


@dataclass(frozen=True)
class OwnKey:
    """The key that this table's rows are known by."""

    segment: Segment

    def __call__(self, chunk: Chunk) -> Values:
        return self.segment.made(chunk.rows), None


@dataclass(frozen=True)
class OneEach:
    """A key that no other row has: of the parents in their order, from `start` on."""

    space: Space
    start: int

    def __call__(self, chunk: Chunk) -> Values:
        return self.space.made(chunk.rows + self.start), None


class Drawn:
    """A parent for each row by itself, busy ones more often."""

    def __init__(
        self,
        space: Space,
        children: int,
        salt: int,
        *,
        avoid: Drawn | None = None,
        most: float | None = None,
    ) -> None:
        """`most` is what the busiest parent has, in means, where that is known."""
        self.space = space
        self._skew = Skew(max(children, 1), space.total, times_mean=most)
        self._salt = salt
        self._avoid = avoid if space.total > 1 else None

    def indices(self, chunk: Chunk) -> Ints:
        found = drawn(chunk.numbers, self._skew, self._salt)
        if self._avoid is not None:
            same = found == self._avoid.indices(chunk)
            found[same] = (found[same] + 1) % self.space.total
        return found

    def __call__(self, chunk: Chunk) -> Values:
        return self.space.made(self.indices(chunk)), None


class Dealing:
    """Rows dealt to parents, shared by the columns of a unique set."""

    def __init__(
        self, space: Space, start: int, rows: int, salt: int, most: int | None = None
    ) -> None:
        self.space, self.start, self.salt = space, start, salt
        self._dealt = Dealt(rows, space.total - start, salt, most)
        self.most = self._dealt.most

    def of(self, chunk: Chunk) -> tuple[Ints, Ints]:
        """(index of the parent, place among its rows)."""
        found: tuple[Ints, Ints] = chunk.once(self, lambda: self._dealt(chunk.rows))
        return found[0] + self.start, found[1]

    def __call__(self, chunk: Chunk) -> Values:
        return self.space.made(self.of(chunk)[0]), None


@dataclass(frozen=True)
class Place:
    """A row's place among its parent's: positions, numbers, versions."""

    dealing: Dealing
    low: int
    step: int = 1

    def __call__(self, chunk: Chunk) -> Values:
        return Numbers(self.dealing.of(chunk)[1] * self.step + self.low), None


@dataclass(frozen=True)
class Options:
    """Another member of a unique set: how many values it has, and each by its index."""

    size: int
    made: Callable[[Ints], Made]
    is_space: bool = False


def listed_options(values: Objects) -> Options:
    return Options(len(values), lambda indices: Images(values[indices]))


def text_options(values: Sequence[str]) -> Options:
    known = objects([value.encode() for value in values])
    return Options(len(values), lambda indices: Texts(known[indices]))


def space_options(space: Space) -> Options:
    return Options(space.total, space.made, is_space=True)


class Combination:
    """Distinct combinations of the other members of a unique set, for each parent of a dealing.

    Without a dealing the combinations are distinct in the whole table.
    """

    def __init__(
        self,
        options: list[Options],
        salt: int,
        dealing: Dealing | None = None,
        *,
        avoids_parent: bool = False,
    ) -> None:
        self._options, self._salt, self._dealing = options, salt, dealing
        self.avoids_parent = avoids_parent and len(options) == 1 and options[0].size > 1
        self.size = int(np.prod([option.size for option in options], dtype=object))
        self.size -= self.avoids_parent

    def of(self, chunk: Chunk) -> list[Ints]:
        """The index of each member."""
        found: list[Ints] = chunk.once(self, lambda: self._digits(self._index(chunk)))
        return found

    def _index(self, chunk: Chunk) -> Ints:
        if self._dealing is None:
            return Permutation(self.size, self._salt)(chunk.numbers)
        parents, places = self._dealing.of(chunk)
        if self.avoids_parent:
            steps = strided(parents, places, self.size, self._salt)
            return (parents + 1 + steps) % (self.size + 1)
        if len(self._options) == 1 and self._options[0].is_space:
            return strided_skewed(parents, places, self.size, self._salt, self._dealing.most)
        return strided(parents, places, self.size, self._salt)

    def _digits(self, index: Ints) -> list[Ints]:
        found = []
        for option in self._options:
            found.append(index % option.size)
            index = index // option.size
        return found

    def member(self, number: int) -> Generator:
        """What makes one member's column."""
        return lambda chunk: (self._options[number].made(self.of(chunk)[number]), None)


@dataclass(frozen=True)
class Marking:
    """Distinct texts."""

    mark: Mark
    salt: int

    def __call__(self, chunk: Chunk) -> Values:
        return marked(self.mark, chunk.numbers, self.salt), None


@dataclass(frozen=True)
class Identifier:
    """Distinct UUIDs."""

    salt: int

    def __call__(self, chunk: Chunk) -> Values:
        return uuids(chunk.numbers, self.salt), None


@dataclass(frozen=True)
class Counting:
    """Distinct whole numbers from `base` on."""

    base: int
    step: int = 1

    def __call__(self, chunk: Chunk) -> Values:
        return Numbers(chunk.rows * self.step + self.base), None


@dataclass(frozen=True)
class Rising:
    """Moments from `since` to `until` (microseconds since 1970), later rows later."""

    since: int
    until: int
    rows: int
    salt: int
    unit: int = 1  # microseconds of the column's own: a day for dates
    lag: int = 0  # at most so much later: of what changes after it was made

    def __call__(self, chunk: Chunk) -> Values:
        span = self.until - self.since
        share = (chunk.rows + fraction(chunk.numbers, self.salt)) / self.rows
        moments = self.since + share * span
        if self.lag:
            late = fraction(chunk.numbers, self.salt + 1) ** 3
            moments = np.minimum(moments + late * self.lag, self.until)
        return Numbers(moments.astype(np.int64) // self.unit), None


@dataclass(frozen=True)
class Above:
    """Another row of the table, an earlier one; a share of the rows is at the top."""

    space: Space  # with this run's rows
    first: int  # index of the run's first row in the space
    salt: int
    is_null: bool
    tops: float = 0.3

    def __call__(self, chunk: Chunk) -> Values:
        share = fraction(chunk.numbers, self.salt) ** 2
        index = (share * (chunk.rows + self.first)).astype(np.int64)
        top = fraction(chunk.numbers, self.salt + 1) < self.tops
        top |= chunk.rows + self.first == 0
        if self.is_null:
            return self.space.made(index), top
        index[top] = (chunk.rows + self.first)[top]  # its own parent
        return self.space.made(index), None


class Generic:
    """A generic key: which target, and which of its rows."""

    def __init__(self, targets: list[tuple[int, Space]], children: int, salt: int) -> None:
        self._targets, self._salt = targets, salt
        share = max(children // max(len(targets), 1), 1)
        self._skews = [Skew(share, space.total) for _, space in targets]

    def _which(self, chunk: Chunk) -> Ints:
        return below(chunk.numbers, len(self._targets), self._salt)

    def type_of(self, chunk: Chunk) -> Values:
        numbers = np.array([number for number, _ in self._targets], dtype=np.int64)
        return Numbers(numbers[self._which(chunk)]), None

    def key_of(self, chunk: Chunk) -> Values:
        which = self._which(chunk)
        parts = []
        for index, (_, space) in enumerate(self._targets):
            mask = which == index
            chosen = drawn(chunk.numbers[mask], self._skews[index], self._salt + index + 2)
            parts.append((mask, space.made(chosen)))
        return joined(parts, len(which)), None


@dataclass(frozen=True)
class Scarce:
    """The few values that a unique column knows, of the first rows; NULL in the others."""

    options: Options

    def __call__(self, chunk: Chunk) -> Values:
        size = self.options.size
        return self.options.made(chunk.numbers % size), chunk.numbers >= size


@dataclass(frozen=True)
class Emptied:
    """NULL in every row, whatever the type."""

    def __call__(self, chunk: Chunk) -> Values:
        return Numbers(np.zeros(len(chunk.rows), dtype=np.int64)), np.ones(len(chunk.rows), bool)


class PoolNulls:
    """A generator's values, empty where the row of the pool is."""

    def __init__(self, inner: Generator, nulls: Mask) -> None:
        self._inner, self._nulls = inner, nulls

    def __call__(self, chunk: Chunk) -> Values:
        made, mask = self._inner(chunk)
        empty = self._nulls[chunk.pool]
        return made, empty if mask is None else mask | empty
