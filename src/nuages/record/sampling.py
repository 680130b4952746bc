"""Samples: the first of a kind, and later a share of them, whatever the rhythm they come in."""

from __future__ import annotations

from itertools import count

# 2**32 divided by the golden ratio: Knuth, TAOCP 3, 6.4, multiplicative hashing.
GOLDEN = 0x9E3779B1
WORD = 1 << 32


class Sample:
    """Chooses one of `every` after the first `first`.

    Not every so many: requests that take turns would be chosen always or never. Multiples of the
    golden ratio are spread evenly over every arithmetic progression.
    """

    __slots__ = ("_limit", "_numbers", "first")

    def __init__(self, *, first: int, every: int) -> None:
        self.first = first
        self._numbers = count()
        self.choose(every)

    def choose(self, every: int) -> None:
        """Take one of so many from now on; 1: all."""
        self._limit = WORD // every

    def takes_next(self) -> bool:
        number = next(self._numbers)
        return number < self.first or (number * GOLDEN) % WORD < self._limit
