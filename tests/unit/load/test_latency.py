from __future__ import annotations

import random

import pytest

from nuages.load.latency import Latency


def recorded(values: list[float]) -> Latency:
    latency = Latency()
    for value in values:
        latency.record(value)
    return latency


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99, 0.999])
def test_percentiles_are_within_a_thousandth_of_the_sorted_values(share: float) -> None:
    draw = random.Random(7)
    values = sorted(draw.lognormvariate(-4, 2) for _ in range(20_000))
    exact = values[round(share * len(values)) - 1] * 1e3
    assert recorded(values).percentile_ms(share) == pytest.approx(exact, rel=0.001, abs=0.002)


@pytest.mark.parametrize("seconds", [0.0, 1e-6, 0.0019, 0.002047, 0.002048, 0.5, 59.9, 7200.0])
def test_one_value_is_every_percentile(seconds: float) -> None:
    latency = recorded([seconds])
    for share in (0.01, 0.5, 1.0):
        assert latency.percentile_ms(share) == pytest.approx(seconds * 1e3, rel=0.001, abs=0.001)


def test_histograms_of_processes_add_up() -> None:
    draw = random.Random(8)
    values = [draw.expovariate(10) for _ in range(1000)]
    parts = [recorded(values[start::3]) for start in range(3)]
    whole = Latency.total(parts)
    assert whole.counts == recorded(values).counts
    assert whole.max_ms == max(part.max_ms for part in parts)
    assert whole.count == 1000


def test_of_nothing() -> None:
    assert Latency().percentile_ms(0.99) == 0.0
    assert Latency().mean_ms == 0.0


def test_a_clock_that_went_back_counts_as_nothing() -> None:
    assert recorded([-0.001]).percentile_ms(0.5) == 0.0
