"""Values by a column's type: numbers in range, dates around now, one real file for all rows."""

from __future__ import annotations

import random
import re
import struct
import uuid
import zlib
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from nuages.agent.fill import words

UNKNOWN = object()  # no idea: leave it to the default

_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"^(Null)?BooleanField$", "boolean"),
    (r"^DateTimeField$", "datetime"),
    (r"^DateField$", "date"),
    (r"^TimeField$", "time"),
    (r"^DurationField$", "duration"),
    (r"^DecimalField$", "decimal"),
    (r"^FloatField$", "float"),
    (r"Integer(Field)?$|^IntegerField$", "integer"),
    (r"^UUIDField$", "uuid"),
    (r"^(GenericIPAddressField|IPAddressField)$", "ip"),
    (r"^(FileField|ImageField)$", "file"),
    (r"^FilePathField$", "path"),
    (r"^JSONField$", "json"),
    (r"^HStoreField$", "json"),
    (r"^BinaryField$", "binary"),
    (r"^ArrayField$", "array"),
    (r"RangeField$", "range"),
    (r"^SearchVectorField$", "vector"),
    (r"^(Geometry|Point|LineString|Polygon|Multi\w+)Field$", "geometry"),
    (r"^(CharField|TextField|SlugField|EmailField|URLField|CI\w+Field)$", "text"),
)
_COMPILED = tuple((re.compile(pattern), kind) for pattern, kind in _FAMILIES)
_AHEAD = re.compile(r"expir|until|_end|end_|ends|finish|due|deadline|go_?to|next|valid_to", re.I)
_PAST = re.compile(r"birth|dob|born", re.I)


@lru_cache(maxsize=50_000)  # asked for in every row of a pool
def family(field: Any) -> str:
    """The sort of values a field takes, by its internal type, else by its base classes."""
    names = [field.get_internal_type(), *(k.__name__ for k in type(field).__mro__)]
    for name in names:
        for pattern, kind in _COMPILED:
            if pattern.search(name):
                return kind
    return "other"


def lies_ahead(field: Any) -> bool:
    """Whether a date is by its name one to come: `expires_at`."""
    return bool(_AHEAD.search(field.name))


def make(kind: str, field: Any, number: int, rng: random.Random) -> Any:
    """A value of that family for row `number`; UNKNOWN for a type nothing is known about."""
    maker = _MAKERS.get(kind)
    return maker(field, number, rng) if maker else UNKNOWN


def _now() -> datetime:
    from django.utils import timezone

    return timezone.now()


def _moment(field: Any, number: int, rng: random.Random) -> datetime:
    """Within the last three months, later rows later; the future for what ends."""
    if _PAST.search(field.name):
        return _now() - timedelta(days=rng.randint(7000, 22000))
    if _AHEAD.search(field.name):
        return _now() + timedelta(days=rng.randint(20, 300), seconds=number)
    return _now() - timedelta(days=90 * (1 - (number % 1000) / 1000), seconds=rng.randint(0, 3600))


def _date(field: Any, number: int, rng: random.Random) -> date:
    if field.unique:
        return date(2000, 1, 1) + timedelta(days=number)
    return _moment(field, number, rng).date()


def _integer(field: Any, number: int, rng: random.Random) -> int:
    low, high = bounds(field)
    if field.unique or re.search(r"order|position|sort|rank|index|sequence", field.name, re.I):
        return low + number % (high - low + 1) if high - low < 10**9 else number
    if re.search(r"year", field.name, re.I) and low <= 2020 <= high:
        return rng.randint(2015, 2026)
    return rng.randint(max(low, 0) if high >= 0 else low, min(high, max(low, 0) + 200))


def bounds(field: Any) -> tuple[int, int]:
    """The least and the greatest whole number that column and validators take."""
    from django.db import connection

    try:
        low, high = connection.ops.integer_field_range(field.get_internal_type())
    except KeyError:  # a FloatField
        low, high = None, None
    low, high = (-(2**31) if low is None else low), (2**31 - 1 if high is None else high)
    for check in field.validators:
        limit = getattr(check, "limit_value", None)
        limit = limit() if callable(limit) else limit
        if not isinstance(limit, int | float | Decimal):
            continue
        if type(check).__name__ == "MinValueValidator":
            low = max(low, int(limit))
        if type(check).__name__ == "MaxValueValidator":
            high = min(high, int(limit))
    return (0 if low < 0 <= high else low), max(high, low)


def _decimal(field: Any, number: int, rng: random.Random) -> Decimal:
    places = field.decimal_places or 0
    whole = max((field.max_digits or 12) - places, 0)
    top = min(10**whole - 1, 500)
    if re.search(r"lat", field.name, re.I):
        top = min(top, 89)
    made = Decimal(number if field.unique else rng.randint(min(1, top), max(top, 1) if top else 0))
    return made + (Decimal(rng.randrange(10**places)).scaleb(-places) if places else 0)


def _float(field: Any, number: int, rng: random.Random) -> float:
    low, high = bounds(field)
    if field.unique:
        return float(number)
    return round(rng.uniform(low, min(high, low + 100)), 3)


def _ip(field: Any, number: int, rng: random.Random) -> str:
    if getattr(field, "protocol", "both").lower() == "ipv6":
        return f"fd00::{number % 65536:x}"
    return f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


def _file(field: Any, number: int, rng: random.Random) -> str:
    return stored_file(field.storage, "ImageField" in [k.__name__ for k in type(field).__mro__])


@lru_cache(maxsize=64)
def stored_file(storage: Any, image: bool) -> str:
    """The name of one small real file in a storage, written once and shared by all rows."""
    from django.core.files.base import ContentFile

    content = png() if image else b"A small file, so that pages find one.\n"
    try:
        name = "nuages/sample.png" if image else "nuages/sample.txt"
        return str(storage.save(name, ContentFile(content)))
    except Exception:
        return ""


def png(width: int = 16, height: int = 16) -> bytes:
    """A plain grey picture (PNG specification, sections 5 and 11.2)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x80" * width) * height)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def _json(field: Any, number: int, rng: random.Random) -> Any:
    made = field.get_default() if field.has_default() else {}
    return made if made or field.blank else {"made_up": "yes"}


def _array(field: Any, number: int, rng: random.Random) -> Any:
    from nuages.agent.fill import columns

    base = field.base_field
    base.name = base.name or field.name
    size = min(field.size or 2, 3)
    made = [columns.value(base, number + i, rng) for i in range(size)]
    return [] if any(item is columns.OMIT or item is None for item in made) else made


def _range(field: Any, number: int, rng: random.Random) -> Any:
    kind = field.get_internal_type()
    if "DateTime" in kind:
        start: Any = _now() + timedelta(days=number)
        return field.range_type(start, start + timedelta(hours=2))
    if "Date" in kind:
        start = date(2024, 1, 1) + timedelta(days=2 * number)
        return field.range_type(start, start + timedelta(days=1))
    return field.range_type(number * 10, number * 10 + 5)


def _geometry(field: Any, number: int, rng: random.Random) -> Any:
    x, y = rng.uniform(2, 3), rng.uniform(48, 49)
    shapes = {
        "POINT": f"POINT({x} {y})",
        "LINESTRING": f"LINESTRING({x} {y}, {x + 1} {y + 1})",
        "POLYGON": f"POLYGON(({x} {y}, {x + 1} {y}, {x} {y + 1}, {x} {y}))",
    }
    name = str(getattr(field, "geom_type", "POINT")).upper()
    plain = name.removeprefix("MULTI")
    shape = shapes.get(plain, shapes["POINT"])
    if name.startswith("MULTI"):
        kind, _, points = shape.partition("(")
        shape = f"MULTI{kind}(({points})"
    return f"SRID={getattr(field, 'srid', 4326)};{shape}"


_MAKERS: dict[str, Any] = {
    "datetime": _moment,
    "date": _date,
    "time": lambda field, number, rng: time(number % 24, rng.randrange(60)),
    "duration": lambda field, number, rng: timedelta(minutes=rng.randint(5, 600)),
    "decimal": _decimal,
    "float": _float,
    "integer": _integer,
    "uuid": lambda field, number, rng: uuid.UUID(int=rng.getrandbits(128), version=4),
    "ip": _ip,
    "file": _file,
    "path": lambda field, number, rng: "",
    "json": _json,
    "binary": lambda field, number, rng: b"nuages",
    "array": _array,
    "range": _range,
    "vector": lambda field, number, rng: " ".join(words.word(rng) for _ in range(12)),
    "geometry": _geometry,
}
