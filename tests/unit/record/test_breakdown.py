"""The parts of an execution's time make up the whole, whatever ran at the same time."""

from __future__ import annotations

import pytest

from nuages.record import breakdown
from nuages.record.execution import Execution

MS = 1_000_000


def executed(*calls, wall=100, cpu=0, io_cpu=0, kind="request", is_sampled=True):
    execution = Execution(kind, "GET /")
    execution.is_sampled = is_sampled
    breakdown.began(execution)
    execution.wall_ns, execution.cpu_ns, execution.io_cpu_ns = wall * MS, cpu * MS, io_cpu * MS
    for number, (call, operation, ms) in enumerate(calls):
        execution.call((call, f"n{number}", operation, 0), 0, ms * MS)
    return execution


def parts(execution):
    """Nanoseconds by part, in ms."""
    breakdown.ended(execution)
    return {
        name.removeprefix("split_").removesuffix("_ns"): round(value / MS)
        for name, value in execution.counters.items()
        if name.endswith("_ns") and value and name != "split_queued_ns"
    }


def test_calls_count_to_their_part_and_the_rest_is_waiting():
    execution = executed(
        ("cache", "get", 5), ("cache", "set", 5), ("outside", "GET", 20), ("connection", "c", 3),
        ("transaction", "commit", 7), ("middleware", "", 50), ("template", "render", 50),
        cpu=30, io_cpu=10,
    )  # fmt: skip
    assert parts(execution) == {
        "wall": 100, "cpu": 20, "db": 7, "cache": 10, "outside": 20, "connection": 3, "waiting": 40,
    }  # fmt: skip


def test_the_time_that_a_transaction_was_open_is_no_time_of_its_own():
    assert parts(executed(("transaction", "open", 90))) == {"wall": 100, "waiting": 100}


def test_what_ran_at_the_same_time_shares_the_whole_in_proportion():
    execution = executed(("outside", "GET", 90), ("outside", "POST", 90), ("cache", "get", 20))
    assert parts(execution) == {"wall": 100, "outside": 90, "cache": 10}


@pytest.mark.parametrize("kind", ["command", "task"])
def test_an_execution_inside_is_no_part_of_the_other(kind):
    outer = executed(wall=100, cpu=60, kind=kind)
    inner = executed(wall=70, cpu=50)
    inner.parent = outer
    assert parts(inner) == {"wall": 70, "cpu": 50, "waiting": 20}
    assert parts(outer) == {"wall": 30, "cpu": 10, "waiting": 20}


def test_what_is_not_sampled_is_not_split():
    assert parts(executed(is_sampled=False)) == {}
