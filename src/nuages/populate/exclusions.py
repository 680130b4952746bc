"""Exclusion constraints: stretches of time or numbers, of which no two overlap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nuages.populate.catalog import RANGES, Exclusion
from nuages.populate.columns import DAY, Chunk, Dealing, Values
from nuages.populate.draft import Draft
from nuages.populate.made import Ints, Numbers, Spans
from nuages.populate.uniques import DATES, Uniques

KINDS = {"datetime": "timestamptz", "date": "date", "integer": "int8"}
EARLY = -10_000  # days: in 1942


@dataclass(frozen=True)
class Stretches:
    """Each as long as the gap after it, so that closed ends do not meet either."""

    place: Callable[[Chunk], Ints]
    base: int
    step: int

    def __call__(self, chunk: Chunk) -> Values:
        lows = self.lows(chunk)
        return Spans(np.stack([lows, lows + self.step // 2], axis=1)), None

    def lows(self, chunk: Chunk) -> Ints:
        return self.place(chunk) * self.step + self.base

    def beginning(self, chunk: Chunk) -> Values:
        return Numbers(self.lows(chunk)), None

    def end(self, chunk: Chunk) -> Values:
        return Numbers(self.lows(chunk) + self.step // 2), None


def exclude(exclusion: Exclusion, draft: Draft, uniques: Uniques) -> None:
    """Give the columns of a stretch generators that keep the constraint."""
    names = exclusion.stretch
    if any(name not in draft.columns or name in draft.done for name in names):
        return
    kind = _kind(names, draft)
    if kind is None:
        if len(names) == 1:  # shapes, addresses: what the agent made of them
            uniques.listed(list(names))
        return
    dealing, _ = uniques.dealt([name for name in exclusion.equal if name in draft.columns])
    made = _dealt(kind, dealing, draft) if dealing else _in_a_row(kind, draft, uniques)
    if len(names) == 1:
        draft.done[names[0]] = made
    else:
        draft.done[names[0]], draft.done[names[1]] = made.beginning, made.end


def _kind(names: tuple[str, ...], draft: Draft) -> str | None:
    """The type of the stretch's ends; None where they cannot be computed."""
    if len(names) == 1:
        return RANGES.get(draft.work.catalog.types[names[0]])
    families = {draft.columns[name].family for name in names}
    return KINDS.get(families.pop()) if len(names) == 2 and len(families) == 1 else None


def _dealt(kind: str, dealing: Dealing, draft: Draft) -> Stretches:
    """One after the other for each parent: half a day in every one, or a day in two."""
    base, step = {
        "date": (draft.work.since // DAY, 2),
        "timestamp": (draft.work.since, DAY),
        "timestamptz": (draft.work.since, DAY),
    }.get(kind, (0, 2))
    return Stretches(lambda chunk: dealing.of(chunk)[1], base, step)


def _in_a_row(kind: str, draft: Draft, uniques: Uniques) -> Stretches:
    """One after the other in the whole table."""
    work = draft.work
    if kind in ("timestamp", "timestamptz"):
        step = max((work.until - work.since) // work.rows, 2)
        return Stretches(lambda chunk: chunk.rows, work.since, step)
    room = DATES if kind == "date" else 2**31 - 1
    uniques.enough(room // 2 - work.first, f"{kind}: {room // 2:,} stretches that do not overlap")
    base = EARLY if kind == "date" else 0
    return Stretches(lambda chunk: chunk.numbers, base, 2)
