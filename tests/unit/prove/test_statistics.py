from __future__ import annotations

import numpy as np
import pytest

from nuages.prove import Interval
from nuages.prove.statistics import Figures, corrected, mean_ratio, ratio


def figures(
    cost: float, seed: int, *, pairs: int = 4, rounds: int = 40, noise: float = 0.05
) -> Figures:
    """CPU of five requests: noise only ever adds, and each process has a level of its own."""
    rng = np.random.default_rng(seed)
    base = np.array([1.0, 2.0, 3.0, 4.0, 5.0]) * 1e6 * cost
    return tuple(
        base * rng.normal(1.0, 0.01) * (1 + rng.exponential(noise, size=(rounds, 5)))
        for _ in range(pairs)
    )


WEIGHTS = [0.2] * 5


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    held = 0
    for run in range(100):
        told = ratio(figures(1.0, run), figures(1.10, 1000 + run), WEIGHTS, seed=run)
        held += told.low <= 1.10 <= told.high
    assert held >= 80  # of four pairs; 95 would need many


def test_the_same_is_no_difference_and_a_tenth_is_one() -> None:
    same = [ratio(figures(1.0, n), figures(1.0, 500 + n), WEIGHTS) for n in range(40)]
    slower = [ratio(figures(1.0, n), figures(1.1, 500 + n), WEIGHTS) for n in range(40)]
    assert sum(each.judged(0.02) == "no difference shown" for each in same) >= 38
    assert sum(each.judged(0.02) == "worse" for each in slower) >= 36


def test_outliers_of_single_rounds_do_not_matter() -> None:
    a, b = figures(1.0, 1), figures(1.0, 2)
    for pair in b:
        pair[0] *= 50
    assert ratio(a, b, WEIGHTS).ratio == pytest.approx(1.0, abs=0.03)


def test_judgements() -> None:
    assert Interval(ratio=1.1, low=1.04, high=1.2).judged(0.02) == "worse"
    assert Interval(ratio=0.9, low=0.8, high=0.96).judged(0.02) == "better"
    assert Interval(ratio=1.1, low=1.02, high=1.2).judged(0.02) == "no difference shown"


def test_pairs_of_phases() -> None:
    told = mean_ratio([10, 12, 11, 10, 13], [20, 23, 23, 21, 25])
    assert told.low < 2.0 < told.high
    assert told.judged(0.15) == "worse"


def test_many_comparisons_have_to_be_surer_each() -> None:
    assert corrected(0.95, 1) == pytest.approx(0.95)
    assert corrected(0.95, 10) == pytest.approx(0.995)
