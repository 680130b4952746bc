"""A value for any column that is no relation: by choices, name, type and validators."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from nuages.agent import matching
from nuages.agent.fill import types, words

OMIT = object()  # leave the column to its default
_SHOWN = re.compile(
    r"active|enable|publish|public|visib|approv|verif|confirm|availab|listed|valid|live|ready|"
    r"shipping_required|success|open|online",
    re.I,
)
_HIDDEN = re.compile(
    r"draft|delet|hidden|hide|archiv|disab|private|spam|bann|block|cancel|remov|suspen|lock|"
    r"expired|reject|trash|muted|is_staff|superuser|admin|primary|default|main|test",
    re.I,
)
_POWER = re.compile(r"^(is_)?(staff|superuser|super_user|admin|administrator|root)$")
_SINGLE = re.compile(r"(^|_)(default|primary|main)(_|$)", re.I)
_CODE = re.compile(r"class|module|callable|import|backend|function|template|dotted|regex|query")
_ABSENT = re.compile(r"delet|archiv|cancel|remov|bann|reject|suspen|lock|expire|unpublish", re.I)
_GOOD = re.compile(
    r"publish|public|active|approv|open|live|visib|accept|complet|paid|confirm|done|enabled|"
    r"success|available|valid",
    re.I,
)


def value(field: Any, number: int, rng: random.Random, *, loose: bool = False) -> Any:
    """A value for row `number`; `loose` leaves nullable columns empty at random, for checks."""
    if _automatic(field):
        return OMIT
    if left_empty(field, rng, loose=loose):
        return None
    if field.choices:
        return _choice(field, rng)
    if _keeps_default(field, rng):
        return OMIT
    made = _typed(field, number, rng)
    return made if made is OMIT else _storable(field, _valid(field, made, number, rng))


_EXAMPLES: dict[type, Any] = {str: "a1", int: 1, float: 1.0, bool: True, dict: {}, list: []}


def _storable(field: Any, made: Any) -> Any:
    """The value in the shape that a custom field stores: as it is, else in a list or a mapping."""
    kind: Any = type(made)
    shape = _shape(field, kind)
    if shape is None:  # nor does an address or a point take the example
        return made if _takes(field, made) else OMIT
    return shape(made)


def _takes(field: Any, made: Any) -> bool:
    from django.db import connection

    try:
        field.get_db_prep_save(made, connection)
    except Exception:
        return False
    return True


_SHAPES: tuple[Callable[[Any], Any], ...] = (
    lambda made: made,
    lambda made: [made],
    lambda made: {"made_up": made},
    lambda made: [],
)


@lru_cache(maxsize=50_000)
def _shape(field: Any, kind: Any) -> Callable[[Any], Any] | None:
    """The first shape of an example of that type that the field takes; None where none is."""
    example = _EXAMPLES.get(kind)
    if example is None:
        return _SHAPES[0]
    return next((shape for shape in _SHAPES if _takes(field, shape(example))), None)


def left_empty(field: Any, rng: random.Random, *, loose: bool) -> bool:
    """Whether a nullable column stays empty: rarely, so that pages have something to show."""
    if not field.null or field.primary_key:
        return False
    if _ABSENT.search(field.name):
        return True
    if _CODE.search(field.name) and types.family(field) == "text":
        return True
    if loose:
        return rng.random() < 0.5
    if field.unique:
        return False
    scarce = field.is_relation or types.family(field) in ("integer", "decimal", "float")
    return bool(field.blank) and rng.random() < (0.02 if scarce else 0.06)


def _automatic(field: Any) -> bool:
    """Columns that Django or the database fills."""
    if getattr(field, "generated", False) or field.name == "":
        return True
    if "AutoField" in field.get_internal_type():
        return True
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return True
    return bool(field.primary_key and field.has_default())


def _choice(field: Any, rng: random.Random) -> Any:
    """One of the choices, more often one that shows."""
    listed = flat_choices(field)
    keys = [key for key, _ in listed if key not in (None, "")]
    if not keys:
        return OMIT
    good = [key for key, label in listed if _GOOD.search(f"{key} {label}")]
    good = [key for key in good if key in keys and not re.search(r"\b(un|in|not)", str(key))]
    if field.has_default() and field.get_default() in keys and rng.random() < 0.3:
        return field.get_default()
    return rng.choice(good) if good and rng.random() < 0.6 else rng.choice(keys)


def flat_choices(field: Any) -> list[tuple[Any, Any]]:
    """The choices without their groups, of fields that list them in a way of their own, too."""
    if field.flatchoices is not None:
        return list(field.flatchoices)
    found: list[tuple[Any, Any]] = []
    for key, label in field.choices:
        found.extend(label if isinstance(label, list | tuple) else [(key, label)])
    return found


def _keeps_default(field: Any, rng: random.Random) -> bool:
    """Whether the developer's own default is the better value."""
    from django.db.models import NOT_PROVIDED

    database = getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
    if field.unique or not (field.has_default() or database):
        return False
    if not field.blank and field.has_default() and field.get_default() in field.empty_values:
        return False  # one that full_clean() would refuse
    kind = types.family(field)
    if kind in ("json", "array", "binary", "other") or database:
        return True
    if kind == "boolean":
        return not _SHOWN.search(field.name) and not _HIDDEN.search(field.name)
    if kind in ("datetime", "date", "uuid"):
        return kind == "uuid"
    return rng.random() < (0.8 if kind == "text" else 0.4)


def _typed(field: Any, number: int, rng: random.Random) -> Any:
    kind = types.family(field)
    if kind == "boolean":
        return _flag(field, rng)
    if kind == "text":
        return _text(field, number, rng)
    made = types.make(kind, field, number, rng)
    return OMIT if made is types.UNKNOWN else made


def _flag(field: Any, rng: random.Random) -> bool:
    """In the state in which a page shows the row."""
    if not may_be_turned(field):
        return False  # power is given by people, and of defaults there is one at most
    negated = re.match(r"(is_)?(not|un|in)_?(active|available|verified|public)", field.name, re.I)
    if _HIDDEN.search(field.name) or negated:
        return rng.random() < 0.03
    if _SHOWN.search(field.name):
        return rng.random() < 0.97
    return rng.random() < 0.5


def may_be_turned(field: Any) -> bool:
    """Whether either value of a flag is one that rows have without anybody's decision."""
    return not (_POWER.search(field.name) or _SINGLE.search(field.name))


def _text(field: Any, number: int, rng: random.Random) -> str:
    if field.blank and not field.unique and _CODE.search(field.name):
        return ""
    if field.name == "password":
        return "!nuages-no-password"
    kind = text_kind(field)
    if field.get_internal_type() == "TextField" and not field.unique:
        return words.text(kind, number, rng) if kind == "html" else words.paragraph(rng)
    made = words.text(kind, number, rng)
    if field.unique and words.base36(number) not in made.lower() and kind not in ("phone", "zip"):
        made = f"{made}{words.base36(number)}"
    return words.fitted(made, field.max_length, number, unique=field.unique)


def text_kind(field: Any) -> str:
    """What sort of text a column holds, by its class, else by its name."""
    for mark, kind in (("Email", "email"), ("URL", "url"), ("Slug", "slug")):
        if any(mark in k.__name__ for k in type(field).__mro__):
            return kind
    return words.kind_of(field.name)


def _valid(field: Any, made: Any, number: int, rng: random.Random) -> Any:
    """The value if the field's validators accept it, else the first other shape they do."""
    checks = [v for v in field.validators if type(v).__name__ != "MaxLengthValidator"]
    if not checks or made is None or accepted(field, made):
        return made
    for other in _other_shapes(field, checks, number, rng):
        if accepted(field, other):
            return other
    return made


def accepted(field: Any, made: Any) -> bool:
    """Whether the field's validators let a value through."""
    try:
        field.run_validators(field.to_python(made))
    except Exception:
        return False
    return True


def _other_shapes(field: Any, checks: list[Any], number: int, rng: random.Random) -> Iterator[Any]:
    for check in checks:
        pattern = getattr(getattr(check, "regex", None), "pattern", None)
        if pattern and not getattr(check, "inverse_match", False):
            for _ in range(4):
                made = matching.example(pattern, rng)
                if made is not None:
                    yield made
    if types.family(field) == "text":
        mark = words.base36(number)
        shapes = (mark, mark.upper(), str(number), f"x{mark}", words.word(rng))
        yield from (words.fitted(s, field.max_length, number, unique=True) for s in shapes)
    else:
        yield from (number, 1, 0, 10, 100)


def required_values(model: Any, name: str) -> dict[str, Any]:
    """What a user model's manager asks for to create the user of that name."""
    fields = [model.USERNAME_FIELD, *model.REQUIRED_FIELDS]
    return {field: _for_user(model._meta.get_field(field), name) for field in fields}


def build(model: Any, name: str) -> Any:
    """An unsaved instance with every required column filled, for one user by name."""
    user = model()
    for field in model._meta.concrete_fields:
        if field.null or field.has_default() or field.blank or _automatic(field):
            continue
        if field.is_relation:
            setattr(user, field.attname, _first_key(field))
        else:
            setattr(user, field.attname, _for_user(field, name))
    return user


def _for_user(field: Any, name: str) -> Any:
    if field.is_relation:
        return field.related_model._base_manager.order_by("pk").first()
    rng = random.Random(name)
    if types.family(field) != "text":
        made = value(field, 1, rng)
        return field.get_default() if made is OMIT else made
    kind = words.kind_of(field.name)
    said = f"{name}@example.com" if kind == "email" else name
    if kind not in ("email", "login", "title", "text", "first", "last"):
        said = words.text(kind, rng.randrange(1000), rng)
    return _valid(field, said[: field.max_length], 1, rng)


def _first_key(field: Any) -> Any:
    return field.related_model._base_manager.values_list(
        field.target_field.attname, flat=True
    ).first()
