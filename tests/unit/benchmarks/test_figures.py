from __future__ import annotations

import random

import pytest

from benchmarks.recorder import figures


def noisy(level: float, rounds: int, spread: float) -> list[float]:
    chance = random.Random(7)
    return [level * (1 + chance.gauss(0, spread)) for _ in range(rounds)]


def test_an_estimate_is_the_median_within_its_bounds():
    found = figures.estimate([1.0, 9.0, 2.0, 3.0, 2.5])
    assert found.value == 2.5
    assert found.low <= found.value <= found.high


def test_an_estimate_is_the_same_each_time():
    values = noisy(1.0, 40, 0.1)
    assert figures.estimate(values) == figures.estimate(values)


def test_bounds_hold_the_truth_and_narrow_with_more_rounds():
    few, many = (figures.estimate(noisy(1.05, rounds, 0.1)) for rounds in (20, 500))
    assert few.low < 1.05 < few.high
    assert many.low < 1.05 < many.high
    assert many.high - many.low < (few.high - few.low) / 2


def test_one_disturbed_round_does_not_move_an_estimate():
    assert figures.estimate([1.0] * 9 + [50.0]).value == 1.0


def test_an_estimate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        figures.estimate([])


def test_a_ratio_is_to_the_bare_project_of_the_same_round():
    # The machine was twice as slow in the second round: no ratio shows it.
    assert figures.ratios([12.0, 24.0], [10.0, 20.0]) == [1.2, 1.2]


def test_two_bare_projects_are_averaged():
    assert figures.ratios([12.0], [9.0], [11.0]) == [1.2]
    assert figures.added([12.0], [9.0], [11.0]) == [2.0]


def test_rounds_must_match():
    with pytest.raises(ValueError, match="argument 2"):
        figures.ratios([12.0, 24.0], [10.0])


def test_the_cost_of_a_query_is_told_from_that_of_a_request():
    # 20 µs a query and 60 a request: 80 on one query, 1,080 on 51.
    each_query = figures.per_query([80.0], [1080.0])
    assert each_query == [20.0]
    assert figures.per_request([80.0], each_query) == [60.0]
