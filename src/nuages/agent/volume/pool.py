"""A pool of rows of one model with right values, of which millions are put together by the tool."""

from __future__ import annotations

import copy
import random
import time
from contextlib import suppress
from functools import lru_cache
from typing import Any

from nuages.agent.fill.insert import as_parent
from nuages.agent.fill.order import Step
from nuages.agent.fill.pools import Pools, is_user
from nuages.agent.fill.tables import TableFill
from nuages.agent.fill.trees import kept_by_library
from nuages.agent.volume import images, limits
from nuages.agent.volume.units import tables_of

PASSWORD = "nuages"  # of every user made here; hashed once, as a hash takes a quarter of a second


def pool(step: Step, size: int, seed: int, seconds: float) -> dict[str, Any]:
    """{"rows": rows in the pool, "tables": {table: its columns as the database holds them}}.

    Foreign keys hold values of rows that are there, or nothing: the tool sets them, and keeps
    which of them are empty.
    """
    for loose in (False, True):
        rows, reason = _rows(step, size, seed, seconds, loose=loose)
        if not rows:
            return {"rows": 0, "reason": reason, "tables": {}}
        rows = rows[: _affordable(rows[0], seconds)]
        parts = [
            (part, rows if part is type(rows[0]) else [as_parent(row, part) for row in rows])
            for part in tables_of(step.model)
        ]
        tables = images.read_back(parts, step.alias)
        if any(all(good) for good in zip(*(t["good"] for t in tables.values()), strict=True)):
            break
    return {"rows": len(rows), "reason": "", "tables": tables}


def _rows(
    step: Step, size: int, seed: int, seconds: float, *, loose: bool
) -> tuple[list[Any], str]:
    """Rows that repeat nothing but what has to; `loose` ones leave more columns empty."""
    rng = random.Random(f"{seed}:{step.model._meta.label}")  # data, not secrets
    until = time.monotonic() + seconds
    table = TableFill(
        step, rng, Pools(), until, without=kept_by_library(step.model), repeating=True
    )
    rows: list[Any] = []
    reason = ""
    wishes = limits.wanted(step.model)
    while len(rows) < size and (not rows or time.monotonic() < until):
        instance, reason = table.new_row(loose=loose and len(rows) % 2 == 1)
        if instance is None:
            break
        if is_user(step.model):
            _let_in(instance)
        limits.shape(instance, len(rows), wishes)
        rows.append(instance)
    return rows, reason


def _affordable(row: Any, seconds: float) -> int:
    """How many rows can be stored in so long: some fields hash what they are given."""
    started = time.perf_counter()
    for field in row._meta.concrete_fields:
        with suppress(Exception):
            field.pre_save(copy.copy(row), True)
    return max(2, int(seconds / max(time.perf_counter() - started, 1e-9)))


def _let_in(user: Any) -> None:
    """By the shared password."""
    if any(field.name == "password" for field in user._meta.concrete_fields):
        user.password = shared_hash()


@lru_cache(maxsize=1)
def shared_hash() -> str:
    from django.contrib.auth.hashers import make_password

    return str(make_password(PASSWORD))
