"""How children are spread over parents."""

from __future__ import annotations

import numpy as np
import pytest

from nuages.populate.fanout import Dealt, Skew, drawn, strided, strided_skewed


def counts(parents: np.ndarray, of: int) -> np.ndarray:
    return np.sort(np.bincount(parents, minlength=of))[::-1]


class TestDrawn:
    def test_a_few_are_busy_and_most_are_not(self) -> None:
        found = counts(drawn(np.arange(100_000), Skew(100_000, 10_000), 1), 10_000)
        assert found[0] > 15 * 10
        assert found[: 10_000 // 100].sum() > 0.10 * 100_000
        assert np.median(found) < 10

    def test_nobody_gets_everything(self) -> None:
        found = counts(drawn(np.arange(1_000_000), Skew(1_000_000, 100_000), 1), 100_000)
        assert found[0] <= 1.1 * 10_000  # 1 % of all

    def test_a_told_cap_is_kept(self) -> None:
        skew = Skew(100_000, 1000, times_mean=2.0)
        assert counts(drawn(np.arange(100_000), skew, 1), 1000)[0] < 2.5 * 100


class TestDealt:
    @pytest.mark.parametrize(("children", "parents"), [(1, 1), (10, 3), (1000, 7), (5000, 20_000)])
    def test_places_of_a_parent_are_counted_from_nought(self, children: int, parents: int) -> None:
        who, place = Dealt(children, parents, 3)(np.arange(children))
        for parent in set(who.tolist()):
            assert sorted(place[who == parent].tolist()) == list(range((who == parent).sum()))

    def test_no_parent_exceeds_the_most(self) -> None:
        who, place = Dealt(950, 100, 3, most=10)(np.arange(950))
        assert counts(who, 100)[0] <= 10
        assert len(set(zip(who.tolist(), place.tolist(), strict=True))) == 950

    def test_too_many_are_refused(self) -> None:
        with pytest.raises(ValueError, match="that take 3 each"):
            Dealt(31, 10, 1, most=3)


class TestStrided:
    @pytest.mark.parametrize("others", [50, 997, 5000])
    def test_a_parent_never_meets_the_same_twice(self, others: int) -> None:
        who, place = Dealt(20_000, 2000, 3, most=min(others, 50))(np.arange(20_000))
        met = strided(who, place, others, 5)
        assert len(set(zip(who.tolist(), met.tolist(), strict=True))) == 20_000
        assert met.min() >= 0
        assert met.max() < others

    def test_favoured_ones_are_met_more_often_and_no_pair_comes_twice(self) -> None:
        dealt = Dealt(100_000, 5000, 3)
        who, place = dealt(np.arange(100_000))
        met = strided_skewed(who, place, 20_000, 5, dealt.most)
        assert len(set(zip(who.tolist(), met.tolist(), strict=True))) == 100_000
        assert counts(met, 20_000)[0] > 4 * 5
