"""Values of a column for a batch of rows, before any database's spelling of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nuages.populate.permutation import Permutation, below, mixed
from nuages.populate.schema import Mark

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Objects = npt.NDArray[np.object_]
_GROUP = 3  # digits looked up at once


@dataclass(frozen=True)
class Numbers:
    """Whole numbers; of dates days, of moments microseconds, since 1970."""

    values: Ints

    def at(self, rows: Ints) -> Numbers:
        return Numbers(self.values[rows])


@dataclass(frozen=True)
class Uuids:
    """Sixteen bytes a row."""

    values: Bytes

    def at(self, rows: Ints) -> Uuids:
        return Uuids(self.values[rows])


@dataclass(frozen=True)
class Texts:
    """UTF-8 a row, as Python's bytes."""

    values: Objects

    def at(self, rows: Ints) -> Texts:
        return Texts(self.values[rows])


@dataclass(frozen=True)
class Marked:
    """Texts by a mark: which beginning, and the digits with the ending, a row of equal length."""

    mark: Mark
    beginnings: Ints
    tails: Bytes

    def at(self, rows: Ints) -> Marked:
        return Marked(self.mark, self.beginnings[rows], self.tails[rows])

    def texts(self) -> Texts:
        heads = np.array([b.encode() for b in self.mark.beginnings], dtype=object)
        tails = np.ascontiguousarray(self.tails)
        flat = tails.view(f"V{tails.shape[1]}").ravel().tolist()
        pairs = zip(heads[self.beginnings].tolist(), flat, strict=True)
        return Texts(objects([head + bytes(tail) for head, tail in pairs]))


@dataclass(frozen=True)
class Spans:
    """Ranges of such numbers, of PostgreSQL only: two a row, the second not in the range."""

    values: Ints

    def at(self, rows: Ints) -> Spans:
        return Spans(self.values[rows])


@dataclass(frozen=True)
class Images:
    """Values as the database gave them, which only it can read."""

    values: Objects

    def at(self, rows: Ints) -> Images:
        return Images(self.values[rows])


Made = Numbers | Uuids | Texts | Marked | Images | Spans


def objects(values: list[Any]) -> Objects:
    """An array of Python objects, whatever they are."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def joined(parts: list[tuple[npt.NDArray[np.bool_], Made]], rows: int) -> Made:
    """One column of parts, each for the rows of its mask."""
    if len(parts) == 1:
        return parts[0][1]
    plain = [(mask, made.texts() if isinstance(made, Marked) else made) for mask, made in parts]
    first = plain[0][1]
    shape = (rows, *first.values.shape[1:])
    found = np.empty(shape, dtype=first.values.dtype)
    for mask, made in plain:
        found[mask] = made.values
    return type(first)(found)


def marked(mark: Mark, numbers: Ints, salt: int) -> Marked:
    """Distinct texts for distinct numbers below the mark's capacity."""
    mixed_up = Permutation(mark.capacity, salt)(numbers).astype(np.uint64)
    ending = np.frombuffer(mark.ending.encode(), dtype=np.uint8)
    tails = np.empty((len(numbers), mark.width + len(ending)), dtype=np.uint8)
    at = mark.width
    while at > 0:
        size = min(_GROUP, at)
        table = _digits(mark.alphabet, size)
        base = np.uint64(len(table))
        tails[:, at - size : at] = table[(mixed_up % base).astype(np.intp)]
        mixed_up //= base
        at -= size
    tails[:, mark.width :] = ending
    return Marked(mark, below(numbers, len(mark.beginnings), salt + 1), tails)


@lru_cache(maxsize=64)
def _digits(alphabet: str, size: int) -> Bytes:
    """All numbers of so many digits, a row each."""
    letters = np.frombuffer(alphabet.encode(), dtype=np.uint8)
    grids = np.meshgrid(*[letters] * size, indexing="ij")
    return np.stack([grid.ravel() for grid in grids], axis=1)


def uuids(numbers: Ints, salt: int) -> Uuids:
    """Version 4 by its bits, distinct by construction but for chances of 2**-120."""
    words = np.empty((len(numbers), 2), dtype=">u8")
    words[:, 0] = mixed(numbers, salt)
    words[:, 1] = mixed(numbers, salt + 1)
    raw = words.view(np.uint8).reshape(-1, 16)
    raw[:, 6] = (raw[:, 6] & 0x0F) | 0x40
    raw[:, 8] = (raw[:, 8] & 0x3F) | 0x80
    return Uuids(raw)
