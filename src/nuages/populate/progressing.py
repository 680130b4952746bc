"""How fast rows come, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


class Pace:
    """Counts rows and says so a few times a second at most."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._total = self._done = 0
        self._label = ""
        self._started = self._said = time.monotonic()

    def begin(self, missing: Mapping[str, int]) -> None:
        self._total = sum(missing.values())
        self._started = time.monotonic()

    def unit(self, label: str, rows: int) -> None:
        self._label = label
        self.say(f"{label}: {rows:,} rows{self._left()}")

    def tick(self, rows: int) -> None:
        self._done += rows
        now = time.monotonic()
        if now - self._said > 0.3:
            self._said = now
            self.say(f"{self._label}: {self._done:,} of {self._total:,} rows{self._left()}")

    def _left(self) -> str:
        spent = time.monotonic() - self._started
        if not self._done or spent < 1:
            return ""
        rate = self._done / spent
        return f", {rate:,.0f} rows/s, {(self._total - self._done) / rate:.0f} s left"
