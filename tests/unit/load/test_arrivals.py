from __future__ import annotations

from itertools import pairwise
from statistics import fmean, pstdev

import pytest

from nuages.load.arrivals import intended
from nuages.load.values import Arrivals, Phase


def of_all(phase: Phase, workers: int) -> list[float]:
    return sorted(due for w in range(workers) for due in intended(phase, worker=w, workers=workers))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_constant_arrivals_of_all_processes_are_evenly_spaced(workers: int) -> None:
    sent = of_all(Phase(rate=30, seconds=2), workers)
    assert len(sent) == 60
    assert [b - a for a, b in pairwise(sent)] == pytest.approx([1 / 30] * 59)


@pytest.mark.parametrize("arrivals", ["constant", "poisson", "bursty"])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_mean_rate_is_kept(arrivals: Arrivals, workers: int) -> None:
    sent = of_all(Phase(rate=200, seconds=50, arrivals=arrivals, burst=7), workers)
    assert len(sent) == pytest.approx(10_000, rel=0.05)
    assert sent[0] >= 0
    assert sent[-1] < 50


def test_gaps_of_poisson_arrivals_vary_as_much_as_they_last() -> None:
    sent = of_all(Phase(rate=100, seconds=100, arrivals="poisson"), 2)
    gaps = [b - a for a, b in pairwise(sent)]
    assert pstdev(gaps) == pytest.approx(fmean(gaps), rel=0.05)


def test_poisson_arrivals_come_again_with_the_same_seed_only() -> None:
    first, again, other = (
        list(intended(Phase(rate=10, seconds=5, arrivals="poisson", seed=seed)))
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_bursts_come_at_once() -> None:
    sent = of_all(Phase(rate=10, seconds=2, arrivals="bursty", burst=5), 2)
    assert sent == [0.0] * 5 + [0.5] * 5 + [1.0] * 5 + [1.5] * 5
