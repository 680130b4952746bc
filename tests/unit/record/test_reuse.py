"""What a cache would have done for a statement's queries."""

from __future__ import annotations

import pytest

from nuages.record.reuse import KEYS, Reuse


def asked(*answers, params=1):
    """One statement's figures after (second, result) pairs."""
    reuse = Reuse()
    for second, result in answers:
        reuse.add(params, result, 1_000, float(second))
    return reuse.figures()


def test_the_first_query_fills_and_the_next_would_have_hit():
    found = asked((0, "a"), (5, "a"))
    assert (found["keys"], found["lookups"], found["same"]) == (1, 1, 1)
    assert found["hits"] == {"1": 0, "10": 1, "60": 1, "300": 1, "3600": 1}
    assert set(found["stale"].values()) == {0}
    assert (found["calls"], found["wall_ns"]) == (2, 2_000)


def test_a_hit_after_the_result_has_changed_is_stale():
    found = asked((0, "a"), (5, "b"), (6, "b"))
    assert found["same"] == 1
    assert found["hits"]["10"] == 2
    assert found["stale"]["10"] == 2  # the cache still holds "a"
    assert found["stale"]["1"] == 0
    assert found["hits"]["1"] == 0


def test_an_expired_entry_is_filled_anew_and_not_renewed_by_hits():
    found = asked((0, "a"), (8, "a"), (12, "a"), (19, "a"))
    assert found["hits"]["10"] == 2  # at 8, and at 19 from what 12 had filled


@pytest.mark.parametrize("first", [1, None])
def test_parameters_are_told_apart(first):
    reuse = Reuse()
    reuse.add(first, 1, 0, 0.0)
    reuse.add(2, 1, 0, 0.0)
    assert reuse.figures()["keys"] == 2
    assert reuse.figures()["lookups"] == 0


def test_only_the_last_used_parameters_are_kept():
    reuse = Reuse()
    reuse.add(-1, 1, 0, 0.0)
    for params in range(KEYS - 1):
        reuse.add(params, 1, 0, 0.0)
    reuse.add(-1, 1, 0, 0.0)  # used again, so that 0 is the oldest now
    reuse.add(KEYS, 1, 0, 0.0)
    assert len(reuse.recent) == KEYS
    assert -1 in reuse.recent
    assert 0 not in reuse.recent
