"""Deep: which statements gave the same again for the same parameters."""

from __future__ import annotations

import pytest

from nuages import store

# The case, run twice → parameter sets, lookups of those seen before, and how many gave the same.
ASKED = {
    "listed": (1, 1, 1),
    "iterated": (1, 1, 1),
    "raw": (1, 1, 1),
    "by_hand": (2, 4, 4),  # the values stand in the text
    "rewritten": (1, 5, 2),
    "streamed_in_part": (1, 1, 1),
}


@pytest.fixture(scope="module")
def reuse(attic):
    return store.recording_from([attic["snapshot"]]).reuse


def of(reuse, case):
    return [found for found in reuse if found.location and found.location.function == case]


@pytest.mark.parametrize("case", ASKED)
def test_results_are_compared_with_what_the_same_parameters_gave(reuse, case):
    [found] = of(reuse, case)
    assert (found.keys, found.lookups, found.same) == ASKED[case]
    assert found.hits["3600"] == found.lookups
    assert found.calls == found.keys + found.lookups
    assert found.wall_ns > 0


def test_a_cache_would_have_given_what_is_outdated(reuse):
    [found] = of(reuse, "rewritten")
    assert found.stale["3600"] == 2  # "two", in both runs: it would still have held "one"


def test_what_gives_a_single_row_is_compared_too(reuse):
    count, exists = of(reuse, "once_each")
    assert (count.lookups, count.same) == (exists.lookups, exists.same) == (1, 1)


def test_only_reads_are_compared(reuse):
    assert {found.statement.verb for found in reuse} == {"SELECT"}
