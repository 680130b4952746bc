"""What a load is asked to be, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from nuages.load.latency import Latency
from nuages.wording import percent

Arrivals = Literal["constant", "poisson", "bursty"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """A stretch of load at one mean rate."""

    rate: float  # requests a second, of all processes together
    seconds: float
    arrivals: Arrivals = "constant"
    burst: int = 10  # requests at once, where arrivals are bursty
    timeout: float = 10.0  # seconds after which an answer is no answer
    connections: int = 1000  # of each process, at most
    seed: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What a site has to hold at a rate for that rate to count."""

    p95_ms: float = 100.0
    error_share: float = 0.001


@dataclass(frozen=True, kw_only=True)
class RouteLoad:
    """One route's answers under load."""

    latency: Latency
    statuses: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)  # what went wrong → how often

    @classmethod
    def total(cls, parts: Iterable[RouteLoad]) -> RouteLoad:
        """What several measured, as one."""
        statuses, errors, latency = Counter[str](), Counter[str](), Latency()
        for part in parts:
            latency.add(part.latency)
            statuses.update(part.statuses)
            errors.update(part.errors)
        return cls(
            latency=latency,
            statuses=dict(sorted(statuses.items())),
            errors=dict(sorted(errors.items())),
        )

    @property
    def requests(self) -> int:
        """Answered or not."""
        return self.latency.count

    @property
    def failed(self) -> int:
        return sum(self.errors.values())


@dataclass(frozen=True, kw_only=True)
class LoadResult:
    """One phase: what was asked for, what was sent, and what came back."""

    phase: Phase
    routes: Mapping[str, RouteLoad]
    seconds: float  # from the first intended request to the end of the phase
    bytes_read: int = 0
    connects: int = 0  # connections opened
    processes: int = 1
    lag: Latency = field(default_factory=Latency)  # from due to written: the generator's own part
    busy: float = 0.0  # share of a core that the busiest process used
    starved: float = 0.0  # share of the time that a process was ready and had no processor
    waited: int = 0  # requests that were due while no connection was left to open
    implementation: str = ""  # of the event loop

    @property
    def latency(self) -> Latency:
        """Of all routes, from the intended send time."""
        return Latency.total(route.latency for route in self.routes.values())

    @property
    def requests(self) -> int:
        return sum(route.requests for route in self.routes.values())

    @property
    def failed(self) -> int:
        return sum(route.failed for route in self.routes.values())

    @property
    def error_share(self) -> float:
        return self.failed / self.requests if self.requests else 0.0

    @property
    def rate(self) -> float:
        """Requests a second that were sent and answered well."""
        return (self.requests - self.failed) / self.seconds if self.seconds else 0.0

    def holds(self, budget: Budget) -> bool:
        """Whether the phase stayed within a budget."""
        return not self.broken(budget)

    def broken(self, budget: Budget) -> str:
        """What of a budget broke, "" when nothing did."""
        p95 = self.latency.percentile_ms(0.95)
        if self.error_share > budget.error_share:
            kinds = sorted(self.errors.items(), key=lambda pair: -pair[1])
            return f"{percent(self.error_share, 2)} failed, most by {kinds[0][0]}"
        if p95 > budget.p95_ms:
            return f"p95 was {p95:.0f} ms"
        return ""

    @property
    def errors(self) -> Mapping[str, int]:
        """What went wrong, of all routes."""
        counted: dict[str, int] = {}
        for route in self.routes.values():
            for kind, times in route.errors.items():
                counted[kind] = counted.get(kind, 0) + times
        return counted


@dataclass(frozen=True, kw_only=True)
class Knee:
    """The highest rate that held the budget, and the steps that show it."""

    rate: float | None  # requests a second; None when not even the first step held
    why: str  # what broke above it, or why nothing higher was tried
    is_bound: bool  # False: the site may hold more, the generator or the steps ended
    budget: Budget
    steps: tuple[LoadResult, ...]
