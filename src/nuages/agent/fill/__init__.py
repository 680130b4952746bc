"""A simple generic fill: a few hundred plausible rows for every model, keys and uniques right."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

from nuages.agent.fill.links import fill_links
from nuages.agent.fill.order import Step, in_order, share_of_rows
from nuages.agent.fill.pools import Pools
from nuages.agent.fill.tables import TableFill
from nuages.agent.fill.trees import fill_tree, is_tree

SECONDS = 60.0
MODEL_SECONDS = 8.0


def fill(
    rows: int = 300,
    seed: int = 1,
    *,
    further: Collection[str] = (),
    seconds: float = SECONDS,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, dict[str, Any]]:
    """{"filled": {label: rows added}, "skipped": {label: why}}; the same seed, the same rows.

    `further` names what an earlier fill has filled, to be given so many rows more.
    """
    until = time.monotonic() + seconds
    steps, skipped = in_order(further)
    pools = Pools(_owners(steps))
    filled: dict[str, int] = {}
    for step in steps:
        label = step.model._meta.label
        if time.monotonic() > until:
            skipped[label] = f"the fill's {seconds:g} s were over"
            continue
        progress(f"filling {label}")
        added, reason = _fill_one(step, rows, seed, pools, until)
        if added:
            filled[label] = added
        if reason and not added:
            skipped[label] = reason
        pools.forget(step.model)
    _finish(steps, rows, seed, pools, until)
    return {"filled": filled, "skipped": skipped}


def _fill_one(step: Step, rows: int, seed: int, pools: Pools, until: float) -> tuple[int, str]:
    rng = random.Random(f"{seed}:{step.model._meta.label}")  # data, not secrets
    until = min(until, time.monotonic() + MODEL_SECONDS)
    try:
        if is_tree(step.model):
            return fill_tree(step, rows, rng, pools, until)
        return TableFill(step, rng, pools, until).run(wanted(step.model, rows))
    except Exception as error:
        return 0, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def wanted(model: Any, rows: int) -> int:
    """How many rows a model gets of the number asked for, 25 at least where that many are."""
    return max(min(rows, 25), int(rows * share_of_rows(model)))


def _finish(steps: list[Step], rows: int, seed: int, pools: Pools, until: float) -> None:
    """Many-to-many tables, and the foreign keys that had to wait for a cycle to be complete."""
    rng = random.Random(f"{seed}:links")
    for step in steps:
        if time.monotonic() < until:
            with suppress(Exception):
                fill_links(step, rows, rng, pools)


def _owners(steps: list[Step]) -> tuple[Any, ...]:
    """The users who will ask: they are given a good share of everything that has an owner."""
    from nuages.agent import users

    owners = []
    for staff in (False, True):
        with suppress(Exception):
            owners.append(users.chosen_user(staff=staff).pk)
    return tuple(owners)
