"""Chooses requests of a mix: templates by weight, arguments by popularity, actors by share."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from nuages.errors import NuagesError
from nuages.traffic.mix import Mix, Template


@dataclass(frozen=True, slots=True)
class Pick:
    """Which request is next, by numbers."""

    template: int
    row: int  # of the template's arguments; 0 where it has none
    actor: str
    number: int  # how many came before: the value of {unique}


class Picks:
    """An endless sequence of picks; the same seed gives the same one."""

    def __init__(self, mix: Mix, seed: object) -> None:
        if not mix.templates or sum(t.weight for t in mix.templates) <= 0:
            raise NuagesError(
                "the traffic has no request to send",
                hint="look into the file: everything may be listed under `excluded`",
                slug="traffic",
            )
        self._random = random.Random(f"{seed}")
        self._templates = _Wheel([template.weight for template in mix.templates])
        self._rows = [_Wheel(t.shares()) if len(t.arguments) > 1 else None for t in mix.templates]
        self._actors = [_actors(mix, template) for template in mix.templates]
        self._number = self._random.randrange(1_000_000_000) * 1_000_000

    def __iter__(self) -> Iterator[Pick]:
        return self

    def __next__(self) -> Pick:
        draw = self._random.random
        self._number += 1
        chosen = self._templates.at(draw())
        rows, (names, wheel) = self._rows[chosen], self._actors[chosen]
        return Pick(
            chosen,
            rows.at(draw()) if rows is not None else 0,
            names[wheel.at(draw())] if len(names) > 1 else names[0],
            self._number,
        )


class _Wheel:
    """Draws an index by relative frequencies."""

    def __init__(self, shares: Sequence[float]) -> None:
        total = sum(shares) or 1.0
        self._up_to = list(accumulate(share / total for share in shares))
        self._last = len(self._up_to) - 1

    def at(self, draw: float) -> int:
        return min(bisect(self._up_to, draw), self._last)


def _actors(mix: Mix, template: Template) -> tuple[tuple[str, ...], _Wheel]:
    names = template.actors or ("anonymous",)
    return names, _Wheel([mix.actor(name).share for name in names])
