"""Numbers are written with as many digits as mean something."""

from __future__ import annotations

import math

import pytest

from nuages.report import figures


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3, "3"), (3.04, "3"), (5.33, "5.3"), (29.7, "30"), (4310, "4,310"),
     (math.nan, "–")],
)  # fmt: skip
def test_counts(value, text):
    assert figures.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 ms"), (0.004, "0.00 ms"), (0.42, "0.42 ms"), (0.999, "1 ms"), (6.08, "6.1 ms"),
     (9.96, "10 ms"), (41.4, "41 ms"), (1612.4, "1,612 ms"), (12_340, "12.3 s"),
     (200_000, "3 min 20 s"), (-3.2, "-3.2 ms"), (math.inf, "–")],
)  # fmt: skip
def test_times(value, text):
    assert figures.ms_with_unit(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0 %"), (0.004, "<1 %"), (0.344, "34 %"), (1, "100 %")]
)
def test_shares(share, text):
    assert figures.percent(share) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [(87, 5, "17×"), (10, 5, "2.0×"), (5, 10, "0.5×"), (5, 5, ""), (0, 3, ""), (3, 0, "all"),
     (3, math.nan, "")],
)  # fmt: skip
def test_ratios(before, after, text):
    assert figures.times_less(before, after) == text


def test_noise_is_no_ratio():
    assert figures.times_less(10, 9, noise=0.2) == ""
    assert figures.times_less(10, 5, noise=0.2) == "2.0×"


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1 query"), (0, "0 queries"), (1.02, "1 query"), (87, "87 queries")]
)
def test_plurals(number, text):
    assert figures.plural(number, "query", "queries") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (0.0001, "<0.1 %"), (0.031, "3.1 %"), (0.0996, "10 %"), (0.34, "34 %"),
     (1, "100 %"), (math.nan, "–")],
)  # fmt: skip
def test_small_shares_can_be_compared(value, text):
    assert figures.share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 B"), (812, "812 B"), (999.6, "1.0 kB"), (4_200, "4.2 kB"), (52_000, "52 kB"),
     (1_300_000, "1.3 MB"), (2.5e9, "2.5 GB"), (math.inf, "–")],
)  # fmt: skip
def test_sizes_have_the_unit_that_suits_them(value, text):
    assert figures.bytes_with_unit(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (999, "0"), (-400, "0"), (4_200, "+4.2 kB"), (-11_000, "−11 kB")],
)
def test_growth_has_a_sign_and_noise_has_none(value, text):
    assert figures.growth(value) == text
