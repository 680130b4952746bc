"""Rows in PostgreSQL's binary COPY format, put together a batch at a time."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nuages.errors import NuagesError
from nuages.populate.catalog import RANGES
from nuages.populate.columns import Chunk, Emptied
from nuages.populate.made import (
    Bytes,
    Images,
    Made,
    Marked,
    Numbers,
    Objects,
    Spans,
    Texts,
    Uuids,
    objects,
)
from nuages.populate.planning import TablePlan
from nuages.populate.pooled import NULL

HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
END = struct.pack(">h", -1)
TEXTS = frozenset({"text", "varchar", "bpchar", "citext", "name"})
_VERSIONED = frozenset({"ltree", "lquery"})  # a byte 1 before the text (ltree_io.c)
_INTEGERS = {"int2": ">i2", "int4": ">i4", "int8": ">i8", "oid": ">u4"}
_FLOATS = {"float4": ">f4", "float8": ">f8"}
_LOWER_IS_IN = 0x02  # RANGE_LB_INC of rangetypes.h
_EPOCH_DAYS = 10_957  # from 1970 to 2000, where PostgreSQL counts from
_EPOCH = _EPOCH_DAYS * 86_400_000_000

Piece = Bytes | list[bytes]  # rows of equal length, or a row each


class UnknownType(NuagesError):  # noqa: N818  (said of a model that is not filled)
    """A type in which a computed value cannot be spelled here."""

    slug = "database"

    def __init__(self, made: Made, type_name: str) -> None:
        super().__init__(f"{type(made).__name__} cannot be written into a column of {type_name}")


@dataclass
class RowWriter:
    """Turns batches of a table's plan into bytes for COPY."""

    plan: TablePlan
    types: Mapping[str, str]

    def __post_init__(self) -> None:
        self._pooled = _glued(self.plan)
        self._computed = [c for c in self.types if c in self.plan.generators]

    @property
    def columns(self) -> list[str]:
        """The columns in the order in which they are written."""
        return [*self._computed, *self.plan.pooled]

    def batch(self, chunk: Chunk) -> bytes:
        """The rows of one batch."""
        rows = len(chunk.rows)
        pieces: list[Piece] = [count_of(len(self.columns), rows)]
        for column in self._computed:
            if isinstance(self.plan.generators[column], Emptied):
                pieces.append(np.broadcast_to(np.frombuffer(NULL, dtype=np.uint8), (rows, 4)))
                continue
            made, mask = self.plan.generators[column](chunk)
            spelled = encoded(made, self.types[column])
            pieces.extend(spelled if mask is None else [_emptied(spelled, mask)])
        if self.plan.pooled:
            pieces.append(self._pooled[chunk.pool].tolist())
        return interleaved(pieces, rows)


def count_of(columns: int, rows: int) -> Piece:
    """What every row begins with."""
    count = np.frombuffer(struct.pack(">h", columns), dtype=np.uint8)
    return np.broadcast_to(count, (rows, 2))


def _glued(plan: TablePlan) -> Objects:
    """The pool's columns, one piece a row."""
    parts = [plan.pool.images[name].tolist() for name in plan.pooled]
    return objects([b"".join(row) for row in zip(*parts, strict=True)])


def interleaved(pieces: list[Piece], rows: int) -> bytes:
    """The pieces of each row one after the other; neighbours of equal length become one first."""
    merged: list[list[bytes]] = []
    fixed: list[Bytes] = []
    for piece in [*pieces, []]:
        if isinstance(piece, np.ndarray):
            fixed.append(piece)
            continue
        if fixed:
            block = np.ascontiguousarray(np.concatenate(fixed, axis=1))
            if not merged and not piece:
                return block.tobytes()
            merged.append(_listed(block))
            fixed = []
        if piece:
            merged.append(piece)
    step = len(merged)
    out: list[bytes] = [b""] * (rows * step)
    for number, part in enumerate(merged):
        out[number::step] = part
    return b"".join(out)


def _listed(block: Bytes) -> list[bytes]:
    """A row of bytes each (tolist of plain bytes would cut trailing zeros off)."""
    found: list[bytes] = block.view(f"V{block.shape[1]}").ravel().tolist()
    return found


def _emptied(pieces: list[Piece], mask: npt.NDArray[np.bool_]) -> list[bytes]:
    """One piece a row, NULL where the mask says so."""
    lists = [_listed(np.ascontiguousarray(p)) if isinstance(p, np.ndarray) else p for p in pieces]
    whole = lists[0] if len(lists) == 1 else [b"".join(row) for row in zip(*lists, strict=True)]
    for row in np.flatnonzero(mask).tolist():
        whole[row] = NULL
    return whole


def encoded(made: Made, type_name: str) -> list[Piece]:
    """A column's values with their lengths."""
    if isinstance(made, Images):
        return [made.values.tolist()]
    if isinstance(made, Marked):
        return _marked(made) if type_name in TEXTS else [_texts(made.texts(), type_name)]
    if isinstance(made, Texts):
        return [_texts(made, type_name)]
    if isinstance(made, Uuids):
        return [_uuids(made, type_name)]
    if isinstance(made, Spans):
        return [_spans(made, type_name)]
    return [_numbers(made, type_name)]


def _marked(made: Marked) -> list[Piece]:
    width = made.tails.shape[1]
    heads = [beginning.encode() for beginning in made.mark.beginnings]
    pieces = objects([struct.pack(">i", len(head) + width) + head for head in heads])
    if len(heads) == 1:
        head = np.frombuffer(pieces[0], dtype=np.uint8)
        return [np.broadcast_to(head, (len(made.tails), len(head))), made.tails]
    return [pieces[made.beginnings].tolist(), made.tails]


def _texts(made: Texts, type_name: str) -> list[bytes]:
    if type_name in _VERSIONED:
        return [struct.pack(">i", len(t) + 1) + b"\1" + t for t in made.values.tolist()]
    if type_name not in TEXTS:
        raise UnknownType(made, type_name)
    return [struct.pack(">i", len(text)) + text for text in made.values.tolist()]


def _uuids(made: Uuids, type_name: str) -> Bytes:
    raw = made.values
    if type_name == "uuid":
        return _with_length(raw)
    if type_name in TEXTS:
        digits = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
        spelled = np.empty((len(raw), 32), dtype=np.uint8)
        spelled[:, 0::2], spelled[:, 1::2] = digits[raw >> 4], digits[raw & 15]
        return _with_length(spelled)
    raise UnknownType(made, type_name)


def _spans(made: Spans, type_name: str) -> Bytes:
    """A byte of flags, then both ends as values of their own (rangetypes.c, range_send)."""
    if type_name not in RANGES:
        raise UnknownType(made, type_name)
    flags = np.full((len(made.values), 1), _LOWER_IS_IN, dtype=np.uint8)
    ends = [_fixed(Numbers(values), RANGES[type_name]) for values in made.values.T]
    return _with_length(np.concatenate([flags, *ends], axis=1))


def _numbers(made: Numbers, type_name: str) -> Piece:
    if type_name in TEXTS:
        texts = (str(value).encode() for value in made.values.tolist())
        return [struct.pack(">i", len(text)) + text for text in texts]
    return _fixed(made, type_name)


def _fixed(made: Numbers, type_name: str) -> Bytes:
    values = made.values
    if type_name == "numeric":
        return _numeric(values)
    if type_name == "date":
        return _whole("int4", values - _EPOCH_DAYS)
    if type_name in ("timestamp", "timestamptz"):
        return _whole("int8", values - _EPOCH)
    if type_name not in _INTEGERS and type_name not in _FLOATS:
        raise UnknownType(made, type_name)
    return _whole(type_name, values)


def _whole(type_name: str, values: npt.NDArray[np.int64]) -> Bytes:
    form = _INTEGERS.get(type_name) or _FLOATS[type_name]
    size = int(form[-1])
    return _with_length(values.astype(form).view(np.uint8).reshape(-1, size))


def _numeric(values: npt.NDArray[np.int64]) -> Bytes:
    """Five digits of base 10,000; the server drops leading zeros (numeric.c, make_result)."""
    found = np.zeros((len(values), 9), dtype=">i2")
    found[:, 0], found[:, 1] = 5, 4
    found[:, 2] = np.where(values < 0, 0x4000, 0)
    rest = np.abs(values)
    for place in range(8, 3, -1):
        found[:, place] = rest % 10_000
        rest = rest // 10_000
    return _with_length(found.view(np.uint8).reshape(-1, 18))


def _with_length(raw: Bytes) -> Bytes:
    length = np.frombuffer(struct.pack(">i", raw.shape[1]), dtype=np.uint8)
    return np.concatenate([np.broadcast_to(length, (len(raw), 4)), raw], axis=1)


def decoded(images: list[bytes], type_name: str) -> Made:
    """Keys that the database gave, in a form that any column that refers to them can hold."""
    if type_name in _INTEGERS:
        width = int(_INTEGERS[type_name][-1])
        raw = np.frombuffer(b"".join(images), dtype=np.uint8).reshape(-1, 4 + width)[:, 4:]
        values = np.ascontiguousarray(raw).view(_INTEGERS[type_name]).ravel()
        return Numbers(values.astype(np.int64))
    if type_name == "uuid":
        return Uuids(np.frombuffer(b"".join(images), dtype=np.uint8).reshape(-1, 20)[:, 4:])
    if type_name in TEXTS:
        return Texts(objects([image[4:] for image in images]))
    return Images(objects(images))
