"""The time that a run may take, and what is left of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class TimeBudget:
    """So many seconds from now on; the work under way is finished, no new one is begun."""

    seconds: float = float("inf")
    started: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds, negative once it is over."""
        return self.started + self.seconds - time.monotonic()

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    def share(self, part: float) -> TimeBudget:
        """The same start, and only a part of the time: what comes after needs the rest."""
        return TimeBudget(seconds=self.seconds * part, started=self.started)
