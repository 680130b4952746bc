"""What each middleware cost in a recording, of which only a sample of the requests was measured."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from nuages.histogram import percentile_ms
from nuages.model import CallGroup, Recording, Scope

LOAD = "load"  # the operation of what a middleware was merely the first to ask for


@dataclass(frozen=True, kw_only=True, slots=True)
class MiddlewareCost:
    """One middleware over all routes; times are its own, without whatever runs inside."""

    name: str  # as in MIDDLEWARE
    calls: int  # requests that were measured
    routes: tuple[str, ...]
    mean_ms: float
    p95_ms: float
    max_ms: float
    loading_ms: float  # a request, for the user and the session, besides: it only asks first
    outcomes: Mapping[str, int]
    spent: Mapping[Scope, int]  # ns, of all requests: scaled up from those measured

    @property
    def wall_ns(self) -> int:
        return sum(self.spent.values())

    @property
    def did_nothing(self) -> bool:
        """Whether it was never seen to do anything."""
        return not set(self.outcomes) - {"sampled"}


def middleware_costs(recording: Recording) -> tuple[MiddlewareCost, ...]:
    """Every middleware that was measured, the costliest first."""
    executions = {stats.scope: stats.executions for stats in recording.scopes}
    groups: dict[str, list[CallGroup]] = defaultdict(list)
    loading: Counter[str] = Counter()
    for call in recording.calls:
        # Besides, there are hops: changes between threads on the way to a middleware.
        if call.kind == "middleware" and call.scope.kind == "request":
            if not call.operation:
                groups[call.name].append(call)
            elif call.operation == LOAD:
                loading[call.name] += call.wall_ns
    costs = (_cost(name, calls, loading[name], executions) for name, calls in groups.items())
    return tuple(sorted(costs, key=lambda cost: (-cost.wall_ns, cost.name)))


def _cost(
    name: str, groups: list[CallGroup], loading_ns: int, executions: Mapping[Scope, int]
) -> MiddlewareCost:
    calls = sum(group.calls for group in groups)
    outcomes: Counter[str] = Counter()
    spent: dict[Scope, int] = defaultdict(int)
    for group in groups:
        outcomes.update(group.outcomes)
        times = max(executions.get(group.scope, 0) / max(group.calls, 1), 1.0)
        spent[group.scope] += int(group.wall_ns * times)
    histogram = _sum(group.histogram for group in groups)
    max_ns = max(group.max_ns for group in groups)
    return MiddlewareCost(
        name=name,
        calls=calls,
        routes=tuple(sorted({group.scope.name for group in groups})),
        mean_ms=sum(group.wall_ns for group in groups) / max(calls, 1) / 1e6,
        p95_ms=percentile_ms(histogram, 0.95, max_ns),
        max_ms=max_ns / 1e6,
        loading_ms=loading_ns / max(calls, 1) / 1e6,
        outcomes=dict(outcomes),
        spent=dict(spent),
    )


def _sum(histograms: Iterable[tuple[int, ...]]) -> list[int]:
    return [sum(counts) for counts in zip_longest(*histograms, fillvalue=0)]
