"""The statistics: medians of ratios round by round, and how far they can be trusted."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

RESAMPLES = 1000
QUERIES_APART = 50  # view b makes so many more queries than view a


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A median and the bounds that hold it with 95 % confidence."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> Estimate:
        return Estimate(value=self.value * factor, low=self.low * factor, high=self.high * factor)


def estimate(values: Sequence[float]) -> Estimate:
    """The median and, by a percentile bootstrap (Efron 1979), its bounds; seeded, so repeatable."""
    if not values:
        raise ValueError("an estimate needs at least one value")
    chance = random.Random(len(values))
    medians = sorted(median(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    low, high = medians[RESAMPLES * 25 // 1000], medians[RESAMPLES * 975 // 1000 - 1]
    return Estimate(value=median(values), low=low, high=high)


def ratios(costs: Sequence[float], *bare: Sequence[float]) -> list[float]:
    """Cost of each round to the mean of the bare project's in the same round."""
    return [cost / _mean(round_) for cost, *round_ in zip(costs, *bare, strict=True)]


def added(costs: Sequence[float], *bare: Sequence[float]) -> list[float]:
    """What each round cost more than the bare project's in the same round."""
    return [cost - _mean(round_) for cost, *round_ in zip(costs, *bare, strict=True)]


def per_query(added_to_one: Sequence[float], added_to_many: Sequence[float]) -> list[float]:
    """Slope between a view of one query and one of QUERIES_APART more, round by round."""
    return [
        (many - one) / QUERIES_APART for one, many in zip(added_to_one, added_to_many, strict=True)
    ]


def per_request(added_to_one: Sequence[float], each_query: Sequence[float]) -> list[float]:
    """What is left of the view of one query without that query."""
    return [one - query for one, query in zip(added_to_one, each_query, strict=True)]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
