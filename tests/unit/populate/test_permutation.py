"""Distinct numbers in an order that looks random."""

from __future__ import annotations

import numpy as np
import pytest

from nuages.populate.permutation import Permutation, below, fraction


@pytest.mark.parametrize("size", [1, 2, 3, 31, 32, 33, 1000, 65_537])
def test_every_number_comes_once(size: int) -> None:
    found = Permutation(size, 7)(np.arange(size))
    assert sorted(found.tolist()) == list(range(size))


def test_the_way_back_is_known() -> None:
    permutation = Permutation(10_001, 3)
    numbers = np.arange(10_001)
    assert (permutation.inverse(permutation(numbers)) == numbers).all()


def test_the_salt_decides_and_nothing_else() -> None:
    numbers = np.arange(1000)
    assert (Permutation(1000, 1)(numbers) == Permutation(1000, 1)(numbers)).all()
    assert (Permutation(1000, 1)(numbers) != Permutation(1000, 2)(numbers)).any()


def test_neighbours_are_torn_apart() -> None:
    found = Permutation(100_000, 5)(np.arange(100_000))
    assert abs(np.corrcoef(np.arange(100_000), found)[0, 1]) < 0.02


def test_large_spaces_need_no_memory() -> None:
    found = Permutation(36**7, 5)(np.arange(50_000))
    assert len(set(found.tolist())) == 50_000
    assert found.min() >= 0
    assert found.max() < 36**7


def test_chance_is_even() -> None:
    drawn = below(np.arange(100_000), 10, 1)
    assert np.bincount(drawn, minlength=10).min() > 9_500
    shares = fraction(np.arange(100_000), 1)
    assert shares.min() >= 0
    assert shares.max() < 1
    assert abs(shares.mean() - 0.5) < 0.01
