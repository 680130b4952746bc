"""Chooses requests of a mix: templates by weight, arguments by popularity, actors by share."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from nuages.errors import NuagesError
from nuages.traffic.mix import Mix, Template


class Pick(NamedTuple):
    """A request of the mix, by numbers."""

    template: int
    row: int  # of the template's arguments; 0 where it has none
    actor: str


class Picks:
    """An endless sequence of picks; the same seed gives the same one.

    One draw decides on template, row and actor: all that there are lie on one wheel.
    """

    def __init__(self, mix: Mix, seed: object) -> None:
        if not mix.templates or sum(t.weight for t in mix.templates) <= 0:
            raise NuagesError(
                "the traffic has no request to send",
                hint="look into the file: everything may be listed under `excluded`",
                slug="traffic",
            )
        self._draw = random.Random(f"{seed}").random
        whole = sum(template.weight for template in mix.templates)
        parts = [
            (pick, share * template.weight / whole)
            for number, template in enumerate(mix.templates)
            for pick, share in _picks(mix, template, number)
        ]
        self._picks = [pick for pick, _ in parts]
        self._up_to = list(accumulate(share for _, share in parts))
        self._up_to[-1] = 1.0  # what rounding left of it

    def __iter__(self) -> Iterator[Pick]:
        return self

    def __next__(self) -> Pick:
        return self._picks[bisect(self._up_to, self._draw())]


def _picks(mix: Mix, template: Template, number: int) -> Iterator[tuple[Pick, float]]:
    """Each row as each actor, with its share of the template's requests."""
    names = template.actors or ("anonymous",)
    actors = _shares([mix.actor(name).share for name in names])
    rows = _shares(template.shares() or [1.0])
    for row, popularity in enumerate(rows):
        for name, share in zip(names, actors, strict=True):
            yield Pick(number, row, name), popularity * share


def _shares(sizes: Sequence[float]) -> list[float]:
    total = sum(sizes)
    return [size / total if total else 1 / len(sizes) for size in sizes]
