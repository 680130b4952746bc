"""Samples are of the size that was asked for, and leave nothing out that comes in turns."""

from __future__ import annotations

import pytest

from nuages.record.sampling import Sample


@pytest.mark.parametrize("every", [1, 4, 16])
def test_the_first_are_taken_and_then_a_share(every):
    sample = Sample(first=10, every=every)
    taken = [sample.takes_next() for _ in range(10_010)]
    assert all(taken[:10])
    assert sum(taken[10:]) == pytest.approx(10_000 / every, rel=0.02)


@pytest.mark.parametrize("period", [2, 3, 4, 8, 16, 64, 100])
def test_what_comes_in_turns_is_taken_as_often(period):
    sample = Sample(first=0, every=4)
    taken = [sample.takes_next() for _ in range(period * 400)]
    for turn in range(period):
        assert sum(taken[turn::period]) == pytest.approx(100, abs=15)
