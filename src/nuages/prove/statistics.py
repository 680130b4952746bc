"""How sure a ratio is: a bootstrap over processes, and over rounds within them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nuages.prove.values import Interval

SAMPLES = 1000
Array = NDArray[np.float64]
Figures = tuple[Array, ...]  # of each pair of processes: rounds × requests


def ratio(
    a: Figures, b: Figures, weights: Sequence[float], *, confidence: float = 0.95, seed: int = 1
) -> Interval:
    """The ratio of B's cost to A's, both weighted, with its interval.

    Of each request the median over the rounds of B's cost by A's counts, as both took turns within
    a round: what slows the machine down meanwhile slows both. Processes of one version differ by
    themselves (hash seeds, memory), so pairs of processes are drawn first, then rounds within each.
    Of 100 planted slowdowns by a tenth this found 93, then 92, the ratio of two medians fewer; none
    took A for worse than A (docs/explanation/benchmarks.md).
    """
    rng = np.random.default_rng(seed)
    share = np.asarray(weights, dtype=float)
    drawn = np.stack([_drawn(a[p], b[p], share, rng) for p in range(len(a))])
    pairs = rng.integers(0, len(a), size=(SAMPLES, len(a)))
    means = drawn[pairs, np.arange(SAMPLES)[:, None]].mean(axis=1)
    # A mean over n drawn pairs varies (n - 1) / n as much as one over n new ones.
    point = float(np.mean([_log_ratio(a[p], b[p], share) for p in range(len(a))]))
    widened = point + (means - means.mean()) * np.sqrt(len(a) / max(len(a) - 1, 1))
    low, high = np.quantile(widened, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(ratio=float(np.exp(point)), low=float(np.exp(low)), high=float(np.exp(high)))


def _drawn(a: Array, b: Array, share: Array, rng: np.random.Generator) -> Array:
    """Log ratios of one pair of processes, over rounds drawn again and again."""
    rounds = rng.integers(0, len(a), size=(SAMPLES, len(a)))
    ratios = np.median((b / a)[rounds], axis=1)
    return np.asarray(np.log(ratios @ _parts(a, share)), dtype=float)


def _log_ratio(a: Array, b: Array, share: Array) -> float:
    return float(np.log(np.median(b / a, axis=0) @ _parts(a, share)))


def _parts(a: Array, share: Array) -> Array:
    """What part of A's whole cost each request is."""
    costs = np.median(a, axis=0) * share
    return np.asarray(costs / costs.sum(), dtype=float)


def of(figures: Figures, indexes: Sequence[int]) -> Figures:
    """The figures of some of the requests."""
    return tuple(each[:, indexes] for each in figures)


def mean_ratio(
    a: Sequence[float], b: Sequence[float], *, confidence: float = 0.95, seed: int = 1
) -> Interval:
    """The ratio of two means of figures that came in pairs, such as the p95 of phases in turn."""
    rng = np.random.default_rng(seed)
    logs = np.log(np.asarray(b, dtype=float)) - np.log(np.asarray(a, dtype=float))
    n = len(logs)
    drawn = logs[rng.integers(0, n, size=(SAMPLES, n))].mean(axis=1)
    point = float(logs.mean())
    widened = point + (drawn - drawn.mean()) * np.sqrt(n / max(n - 1, 1))
    low, high = np.quantile(widened, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(ratio=float(np.exp(point)), low=float(np.exp(low)), high=float(np.exp(high)))


def corrected(confidence: float, comparisons: int) -> float:
    """The level of each of many comparisons that keeps the whole at one level (Bonferroni)."""
    return 1 - (1 - confidence) / max(comparisons, 1)
