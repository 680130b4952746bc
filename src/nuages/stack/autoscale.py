"""How many replicas a service should have: up quickly, down slowly, and no swinging between."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

UP_ABOVE = 0.7  # utilisation; both CPU and requests in flight are looked at, the greater counts
DOWN_BELOW = 0.3
UP_AFTER = 4.0  # seconds above, without a break
DOWN_AFTER = 60.0  # seconds below, without a break
PAUSE = 8.0  # seconds after a change before the next: the new replica has to take its share


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How few and how many."""

    least: int = 1
    most: int = 8

    @classmethod
    def parse(cls, text: str) -> Bounds:
        """`1..8`; ValueError for anything else."""
        least, dots, most = text.partition("..")
        if not dots or not 0 < int(least) <= int(most):
            raise ValueError(text)
        return cls(least=int(least), most=int(most))


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a service's replicas do, at one moment."""

    replicas: int
    cpu: float  # CPUs that they use together
    in_flight: int  # requests at the balancer, waiting ones included
    at_once: int  # requests that one replica works on at a time
    processes: int = 1  # a replica: each can use one CPU

    @property
    def utilisation(self) -> float:
        """0 idle, 1 full; above when requests wait."""
        replicas = max(1, self.replicas)
        of_cpu = self.cpu / (replicas * self.processes)
        return max(of_cpu, self.in_flight / (replicas * self.at_once))


@dataclass(kw_only=True)
class Autoscaler:
    """The hysteresis of one service."""

    bounds: Bounds
    up_after: float = UP_AFTER
    down_after: float = DOWN_AFTER
    pause: float = PAUSE
    _above: float | None = None  # since when
    _below: float | None = None
    _changed: float = field(default=float("-inf"))

    def wanted(self, load: Load, now: float | None = None) -> int:
        """The number of replicas that there should be; asked every second or so."""
        now = time.monotonic() if now is None else now
        inside = min(max(load.replicas, self.bounds.least), self.bounds.most)
        if inside != load.replicas:
            return self._change(inside, now)
        high, low = load.utilisation > UP_ABOVE, self._still_enough_with_less(load)
        self._above = (self._above or now) if high else None
        self._below = (self._below or now) if low else None
        if now - self._changed < self.pause:
            return load.replicas
        if self._above is not None and now - self._above >= self.up_after:
            target = max(load.replicas + 1, round(load.replicas * load.utilisation / UP_ABOVE))
            return self._change(min(target, 2 * load.replicas, self.bounds.most), now)
        if self._below is not None and now - self._below >= self.down_after:
            return self._change(max(load.replicas - 1, self.bounds.least), now)
        return load.replicas

    def _still_enough_with_less(self, load: Load) -> bool:
        """One replica less would not be what brings the next one up again."""
        if load.replicas <= self.bounds.least or load.utilisation >= DOWN_BELOW:
            return False
        return load.utilisation * load.replicas / (load.replicas - 1) < UP_ABOVE

    def _change(self, wanted: int, now: float) -> int:
        self._above = self._below = None
        self._changed = now
        return wanted
