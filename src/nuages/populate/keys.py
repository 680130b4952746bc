"""The keys of a table as functions of a row's number, so that no row has to be remembered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from nuages.populate.made import Ints, Made, Numbers, joined, marked, uuids
from nuages.populate.schema import Mark

Place = tuple[str, str, str]  # alias, table, column


@dataclass(frozen=True)
class Sequence:
    """Whole numbers from `base` on."""

    base: int
    rows: int

    def made(self, offsets: Ints) -> Made:
        return Numbers(offsets + self.base)


@dataclass(frozen=True)
class Hashed:
    """UUIDs of the numbers from `first` on."""

    salt: int
    first: int
    rows: int

    def made(self, offsets: Ints) -> Made:
        return uuids(offsets + self.first, self.salt)


@dataclass(frozen=True)
class Spelled:
    """Marked texts of the numbers from `first` on."""

    mark: Mark
    salt: int
    first: int
    rows: int

    def made(self, offsets: Ints) -> Made:
        return marked(self.mark, offsets + self.first, self.salt)


@dataclass(frozen=True)
class Listed:
    """Keys of rows that were there before, read from the database."""

    keys: Made
    rows: int

    def made(self, offsets: Ints) -> Made:
        return self.keys.at(offsets)


Segment = Sequence | Hashed | Spelled | Listed


class Space:
    """All keys of one column: those found first, then those made, run by run."""

    def __init__(self, segments: list[Segment]) -> None:
        self._segments = [s for s in segments if s.rows]
        self._starts = np.cumsum([0, *(s.rows for s in self._segments)])

    @property
    def total(self) -> int:
        return int(self._starts[-1])

    @property
    def listed(self) -> int:
        """How many of them were found, not made."""
        return sum(s.rows for s in self._segments if isinstance(s, Listed))

    def with_more(self, segment: Segment) -> Space:
        """The same, and another run's keys after them."""
        return Space([*self._segments, segment])

    def cut(self, start: int, rows: int) -> list[Segment]:
        """The parts of segments that hold these keys."""
        found = []
        for segment, first in zip(self._segments, self._starts, strict=False):
            low, high = max(start - int(first), 0), min(start + rows - int(first), segment.rows)
            if low < high:
                found.append(_part(segment, low, high - low))
        return found

    def made(self, indices: Ints) -> Made:
        """The keys at these indices below the total."""
        if len(self._segments) == 1 or not len(indices):
            return self._segments[0].made(indices)
        where = np.searchsorted(self._starts, indices, side="right") - 1
        parts = []
        for number in np.unique(where):
            mask = where == number
            offsets = indices[mask] - self._starts[number]
            parts.append((mask, self._segments[number].made(offsets)))
        return joined(parts, len(indices))


def _part(segment: Segment, start: int, rows: int) -> Segment:
    if isinstance(segment, Sequence):
        return Sequence(segment.base + start, rows)
    if isinstance(segment, Listed):
        return Listed(segment.keys.at(np.arange(start, start + rows)), rows)
    return replace(segment, first=segment.first + start, rows=rows)


def to_plain(segment: Segment) -> dict[str, Any]:
    """As JSON, for the ledger."""
    assert not isinstance(segment, Listed)
    return {"kind": type(segment).__name__, **asdict(segment)}


def from_plain(told: Mapping[str, Any]) -> Segment:
    told = dict(told)
    kinds: dict[str, Callable[..., Segment]] = {
        "Sequence": Sequence, "Hashed": Hashed, "Spelled": Spelled,
    }  # fmt: skip
    kind = kinds[told.pop("kind")]
    if "mark" in told:
        mark = told.pop("mark")
        told["mark"] = Mark(**{**mark, "beginnings": tuple(mark["beginnings"])})
    return kind(**told)
