"""Rows that are there, made more various: empty, hidden, negative, late, alike.

Data that were made up to be shown are all public and complete. On such data an edit that drops a
filter, or joins where there may be nothing to join, gives the same answers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from nuages.agent.fill import columns, types
from nuages.agent.fill.generic import generic_keys
from nuages.agent.fill.order import is_singleton
from nuages.agent.fill.pools import is_user
from nuages.agent.fill.trees import kept_by_library
from nuages.agent.fill.uniques import unique_sets
from nuages.agent.inspect import KEPT, managed_models

FEWEST = 6  # rows; smaller tables are configuration, on which a site stands or falls
STEADY = 2  # first rows that stay as they are: home pages, main accounts, the busiest parents
MOST = 4000  # rows of a table that are varied: half of them its first, half its last
SHARE = 0.3  # of the rows, for each value of a column
FAR = timedelta(days=400)

Change = tuple[Any, list[Any]]  # value or expression, keys of the rows that get it


def vary(
    seed: int, seconds: float, progress: Callable[[str], None] = lambda text: None
) -> dict[str, list[str]]:
    """{label: columns that hold other values now}; the same seed, the same values.

    What a constraint of the database refuses stays as it was; users stay who they are.
    """
    until = time.monotonic() + seconds
    found = {}
    for model, alias in managed_models():
        if time.monotonic() > until:
            break
        if model._meta.label in KEPT or is_user(model) or is_singleton(model):
            continue
        progress(f"varying {model._meta.label}")
        with suppress(Exception):  # a table that nobody can read is none of ours
            if names := _vary(model, alias, seed):
                found[model._meta.label] = names
    return found


def _vary(model: Any, alias: str, seed: int) -> list[str]:
    rows = model._base_manager.using(alias)
    keys = _keys(rows)
    found = []
    for field in _fields(model) if len(keys) + STEADY >= FEWEST else ():
        rng = random.Random(f"{seed}:{model._meta.label}:{field.name}")  # data, not secrets
        done = [_update(rows, field, change, alias) for change in _changes(field, keys, rng)]
        if any(done):
            found.append(field.name)
    if found:
        _in_order_of_key(model, alias)
    return found


def _keys(rows: Any) -> list[Any]:
    half = MOST // 2
    first = list(rows.order_by("pk").values_list("pk", flat=True)[: STEADY + half])
    last = list(rows.order_by("-pk").values_list("pk", flat=True)[:half])
    known = set(first)
    return [*first[STEADY:], *(key for key in reversed(last) if key not in known)]


def _fields(model: Any) -> Iterator[Any]:
    """The columns of a model's own table that nothing else hangs on."""
    generic = {name for key in generic_keys(model) for name in (key.ct_field, key.fk_field)}
    unique = {name for names, _ in unique_sets(model) for name in names}
    ordering = {str(name).lstrip("-") for name in model._meta.ordering}
    kept = generic | unique | kept_by_library(model)
    for field in model._meta.local_concrete_fields:
        if field.primary_key or field.unique or field.name in kept or _is_made(field):
            continue
        if field.name in ordering and types.family(field) not in ("datetime", "date"):
            continue  # rows that are alike there come in any order
        yield field


def _is_made(field: Any) -> bool:
    parent_link = getattr(field.remote_field, "parent_link", False)
    return bool(getattr(field, "generated", False) or parent_link or field.name == "_order")


def _changes(field: Any, keys: list[Any], rng: random.Random) -> Iterator[Change]:
    """What is put into a column, and where; later ones win over earlier ones."""
    if field.is_relation:
        if field.null and field.related_model._meta.label not in KEPT:
            yield None, _some(keys, rng)
        return
    for value in _values(field):
        yield value, _some(keys, rng)
    if field.null:
        yield None, _some(keys, rng)


def _values(field: Any) -> Iterator[Any]:
    from django.db.models import F

    kind = types.family(field)
    if field.choices:
        listed = [key for key, _ in field.flatchoices if key not in (None, "")]
        yield from listed[:8]
    elif kind == "boolean" and columns.may_be_turned(field):
        yield from (True, False)
    elif kind in ("integer", "float", "decimal"):
        yield from (value for value in (0, -1, -7) if columns.accepted(field, value))
    elif kind in ("datetime", "date"):
        yield from (F(field.name) + FAR, F(field.name) - FAR)
    elif kind == "text" and field.blank:
        yield ""


def _some(keys: list[Any], rng: random.Random) -> list[Any]:
    return [key for key in keys if rng.random() < SHARE]


def _update(rows: Any, field: Any, change: Change, alias: str) -> bool:
    """Whether the database took it, for some of the rows at least."""
    from django.db import Error, transaction

    value, keys = change
    try:
        with transaction.atomic(using=alias):
            return bool(rows.filter(pk__in=keys).update(**{field.attname: value}))
    except Error:
        if len(keys) < FEWEST:
            return False
    except (ValueError, TypeError, OverflowError):  # the field's own
        return False
    middle = len(keys) // 2
    halves = [_update(rows, field, (value, half), alias) for half in (keys[:middle], keys[middle:])]
    return any(halves)


def _in_order_of_key(model: Any, alias: str) -> None:
    """Put the rows back where they were: PostgreSQL leaves new versions of rows at the end, and
    what is asked for in no order would come in another."""
    from django.db import Error, connections, transaction

    connection = connections[alias]
    if connection.vendor != "postgresql":
        return
    table = model._meta.db_table
    with suppress(Error), transaction.atomic(using=alias), connection.cursor() as cursor:
        told = connection.introspection.get_constraints(cursor, table)
        index = next((name for name, each in told.items() if each["primary_key"]), None)
        if index:
            quote = connection.ops.quote_name
            cursor.execute(f"CLUSTER {quote(table)} USING {quote(index)}")
