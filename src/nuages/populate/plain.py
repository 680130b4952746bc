"""A column's values as Python's own, for databases that are not written in binary."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from nuages.populate.columns import Mask
from nuages.populate.made import Images, Made, Marked, Numbers, Spans, Texts, Uuids, objects

_KINDS = (
    (r"^char\(32\)|^uuid", "uuid"), (r"datetime|timestamp", "datetime"), (r"date", "date"),
    (r"blob|binary", "bytes"), (r"char|text|clob|json", "text"), (r"int|bool", "integer"),
    (r"real|floa|doub|deci|num", "number"),
)  # fmt: skip
_DAY_ONE = date(1970, 1, 1)
_MOMENT_ONE = datetime(1970, 1, 1)  # noqa: DTZ001  (the database holds it without a zone)


def plain(made: Made, mask: Mask | None, kind: str) -> list[Any]:
    """One value a row; `kind` is the column's type: "date", "datetime", "text", …"""
    values = _values(made, kind)
    if mask is not None:
        for row in mask.nonzero()[0].tolist():
            values[row] = None
    return values


def _values(made: Made, kind: str) -> list[Any]:
    if isinstance(made, Images):
        return list(made.values.tolist())
    if isinstance(made, Marked):
        made = made.texts()
    if isinstance(made, Texts):
        return [text.decode() for text in made.values.tolist()]
    if isinstance(made, Uuids):
        return [row.tobytes().hex() for row in made.values]
    assert not isinstance(made, Spans)
    return _numbers(made, kind)


def _numbers(made: Numbers, kind: str) -> list[Any]:
    values = made.values.tolist()
    if kind == "date":
        return [(_DAY_ONE + timedelta(days=value)).isoformat() for value in values]
    if kind == "datetime":
        return [str(_MOMENT_ONE + timedelta(microseconds=value)) for value in values]
    return [str(value) for value in values] if kind == "text" else values


def kind_of(declared: str) -> str:
    """What a declared type holds: "uuid", "datetime", "date", "bytes", "text", "integer", …"""
    lowered = declared.lower()
    return next((kind for pattern, kind in _KINDS if re.search(pattern, lowered)), "other")


def listed(values: list[Any], kind: str) -> Made:
    """Keys that the database gave."""

    if kind not in ("text", "uuid") and all(isinstance(value, int) for value in values):
        return Numbers(np.array(values, dtype=np.int64))
    if kind == "uuid" and values:
        raw = b"".join(bytes.fromhex(str(value).replace("-", "")) for value in values)
        return Uuids(np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16))
    if all(isinstance(value, str) for value in values):
        return Texts(objects([value.encode() for value in values]))
    return Images(objects(values))
