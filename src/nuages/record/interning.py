"""Small integers for values seen again and again: a query's record is made of integers only."""

from __future__ import annotations

from threading import RLock
from typing import Any, Generic, TypeVar

V = TypeVar("V")

lock = RLock()
cut: dict[str, int] = {}  # what the bounds left out, counted


def renew_lock() -> None:
    """After a fork: the lock may have been held by a thread that the child does not have."""
    global lock
    lock = RLock()


def left_out(name: str) -> None:
    cut[name] = cut.get(name, 0) + 1


class Table(Generic[V]):
    """Values numbered from 1 in the order first seen; 0 is "none", and what the bound left out.

    Numbers stay valid for the life of the process, since instances and querysets carry them.
    """

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.numbers: dict[Any, int] = {}
        self.values: list[V | None] = [None]

    def number(self, key: Any, value: V) -> int:
        """The number of `key`, whose value is kept when it is new."""
        found = self.numbers.get(key)
        if found is not None:
            return found
        with lock:
            if key in self.numbers:
                return self.numbers[key]
            if self.is_full():
                return 0
            self.values.append(value)
            self.numbers[key] = len(self.values) - 1
            return self.numbers[key]

    def is_full(self) -> bool:
        """Whether what is new is left out from now on; counted as left out if so."""
        full = len(self.values) > self.limit
        if full:
            left_out(self.name)
        return full

    def __getitem__(self, number: int) -> V | None:
        return self.values[number]
