from __future__ import annotations

import pytest

from nuages.stack.server_figures import Rates, rate


def test_a_rate_needs_two_looks():
    rates = Rates()
    assert rates.since("pool", {"queries": 40}) == (0.0, {"queries": 0})
    seconds, new = rates.since("pool", {"queries": 100})
    assert seconds > 0
    assert new == {"queries": 60}


def test_a_server_that_was_started_again_counts_from_nothing():
    rates = Rates()
    rates.since("cache", {"hits": 90, "misses": 9})
    assert rates.since("cache", {"hits": 3, "misses": 1}) == (0.0, {"hits": 0, "misses": 0})
    assert rates.since("cache", {"hits": 5, "misses": 1})[1] == {"hits": 2, "misses": 0}


@pytest.mark.parametrize(("hits", "misses", "expected"), [(0, 0, None), (3, 1, 0.75), (0, 4, 0.0)])
def test_a_hit_rate_is_of_what_was_asked(hits, misses, expected):
    assert rate(hits, misses) == expected
