"""Where the time of requests went while a site was loaded, as the recorder in its replicas saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nuages import store
from nuages.bottleneck import PARTS
from nuages.model import TimePart
from nuages.origins import is_work

FLUSH_SECONDS = 0.5  # how old the recorder's snapshots are at most
LEAST = 5  # requests, for their shares to say anything
_COUNTERS = ("split_executions", "split_wall_ns", "split_queued_ns", *PARTS.values())


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What requests spent their time on, from when the project's code had them."""

    requests: int  # that were measured in parts
    mean_ms: float = 0.0
    shares: Mapping[TimePart, float] = field(default_factory=dict)
    queued: float = 0.0  # share of the time ready to run and without a processor

    @property
    def is_telling(self) -> bool:
        return self.requests >= LEAST


def counted(spool: Path) -> Counter[str]:
    """The sums of the parts so far."""
    sums: Counter[str] = Counter()
    for stats in store.fold(spool).scopes:
        if is_work(stats.scope):
            sums.update({name: stats.counters.get(name, 0) for name in _COUNTERS})
    return sums


def between(before: Mapping[str, int], after: Mapping[str, int]) -> Inside:
    """The parts of what ended between two looks."""
    told = {name: after.get(name, 0) - before.get(name, 0) for name in _COUNTERS}
    wall_ns, requests = told["split_wall_ns"], told["split_executions"]
    if requests <= 0 or wall_ns <= 0:
        return Inside(requests=0)
    return Inside(
        requests=requests,
        mean_ms=wall_ns / requests / 1e6,
        shares={part: told[name] / wall_ns for part, name in PARTS.items()},
        queued=told["split_queued_ns"] / wall_ns,
    )
