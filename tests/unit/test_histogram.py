"""Percentiles read off a histogram, linear within a bucket."""

from __future__ import annotations

import pytest

from nuages.histogram import percentile_ms
from nuages.model import Recording, Scope, ScopeStats
from nuages.traffic.recorded import summarise

MS = 1_000_000


def counted(counts: dict[int, int]) -> tuple[int, ...]:
    return tuple(counts.get(bucket, 0) for bucket in range(20))


@pytest.mark.parametrize(
    ("counts", "max_ms", "expected"),
    [
        ({0: 1}, 0.001, 0.001),
        ({10: 100}, 2.0, 1.9968),
        ({10: 100}, 1.5, 1.5),
        ({10: 95, 14: 5}, 30, 2.0),
    ],
)
def test_percentiles_stay_below_the_maximum(counts, max_ms, expected):
    value = percentile_ms(counted(counts), 0.95, int(max_ms * MS))
    assert value == pytest.approx(expected, rel=0.03)


def test_the_middle_of_a_bucket_is_not_its_edge():
    assert percentile_ms(counted({10: 100}), 0.5) == 1.536


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_of_one_it_is_that_one(share):
    assert percentile_ms(counted({15: 1}), share, 56 * MS) == 56


def test_the_middle_of_two_is_not_their_maximum():
    assert percentile_ms(counted({10: 1, 15: 1}), 0.5, 56 * MS) < 3


def test_without_a_histogram_the_maximum_counts():
    assert percentile_ms((), 0.95, 40 * MS) == 40
    assert percentile_ms((), 0.95) == 0


def test_the_figures_of_a_recorded_route_are_interpolated():
    scope = Scope(kind="request", name="GET /")
    stats = ScopeStats(scope=scope, executions=100, histogram=counted({10: 100}))
    figures = summarise(Recording(scopes=(stats,))).routes["GET /"]
    assert (figures.p50_ms, figures.p95_ms) == (1.536, pytest.approx(1.9968))
