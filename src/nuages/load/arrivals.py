"""When requests are due: seconds from the start of a phase, in order."""

from __future__ import annotations

import random
from collections.abc import Iterator

from nuages.load.values import Phase


def intended(phase: Phase, *, worker: int = 0, workers: int = 1) -> Iterator[float]:
    """The send times of one of several processes, which together make up the phase's rate."""
    rate = phase.rate / workers
    if phase.arrivals == "poisson":
        return _poisson(rate, phase.seconds, random.Random(f"{phase.seed}/{worker}/{phase.rate}"))
    if phase.arrivals == "bursty":
        return _bursts(phase, worker, workers)
    return _evenly(rate, phase.seconds, first=worker / phase.rate)


def _evenly(rate: float, seconds: float, first: float) -> Iterator[float]:
    number, due = 0, first
    while due < seconds:
        yield due
        number += 1
        due = first + number / rate


def _poisson(rate: float, seconds: float, random_: random.Random) -> Iterator[float]:
    """Exponential gaps; independent Poisson streams of rate/n add up to one of the rate."""
    due = random_.expovariate(rate)
    while due < seconds:
        yield due
        due += random_.expovariate(rate)


def _bursts(phase: Phase, worker: int, workers: int) -> Iterator[float]:
    """So many at once, then nothing until the mean rate is kept; processes share each burst."""
    own = phase.burst // workers + (worker < phase.burst % workers)
    number, gap = 0, phase.burst / phase.rate
    while number * gap < phase.seconds:
        for _ in range(own):
            yield number * gap
        number += 1
