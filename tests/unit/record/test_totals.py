"""Executions are counted query by query, and folded without growing with the traffic."""

from __future__ import annotations

import gc
import weakref

import pytest

from nuages.record import executions, histograms, statements, totals
from nuages.record.encoding import encode
from nuages.record.events import hash_of
from nuages.record.execution import Execution

SELECT = statements.number("SELECT a FROM t WHERE b = %s", "default", "sqlite", is_raw=False)
BEGIN = statements.number("BEGIN", "default", "sqlite", is_raw=True)


def key(statement=SELECT, site=0):
    return (statement, site, 0, 0, 0, "all")


def executed(*params, kind="request", name="GET /", statement=SELECT, rows=1):
    execution = Execution(kind, name)
    for values in params:
        query = execution.query(key(statement), hash_of(values), 0, 1_000_000)
        query.add(500_000, rows)
    return execution


def test_the_figures_of_one_group():
    sums = totals.Totals()
    sums.add(executed((1,), (2,), (2,)))
    sums.add(executed((1,)))
    [group] = sums.groups.values()
    assert (group.executions, group.calls, group.loops) == (2, 4, 1)
    assert (group.per_execution_max, group.distinct_max) == (3, 2)
    assert (group.rows, group.rows_max) == (4, 1)
    assert group.wall_ns == 4 * 1_500_000
    assert sum(group.histogram) == 4
    assert group.histogram[histograms.bucket(1_500_000)] == 4


def test_a_fetch_moves_a_query_to_the_bucket_of_its_whole_time():
    execution = Execution("request", "GET /")
    query = execution.query(key(), None, 0, 1_000)
    query.add(50_000_000, 5)
    execution.settle()
    query.add(50_000_000, 5)
    [tally] = execution.tallies.values()
    assert sum(tally.histogram.values()) == 1
    assert tally.histogram[histograms.bucket(100_001_000)] == 1
    assert (tally.max_ns, tally.rows_max, execution.rows) == (100_001_000, 10, 10)


def test_what_is_folded_in_is_no_garbage_to_be_collected():
    execution = executed((1,), (2,))
    execution.is_ended = True
    totals.Totals().add(execution)
    held = weakref.ref(execution)
    gc.disable()
    try:
        del execution
        assert held() is None
    finally:
        gc.enable()


def test_few_events_wait_to_be_folded_in():
    sums = totals.Totals()
    for _ in range(totals.PENDING):
        sums.offer(executed(*([(1,)] * (totals.MANY_EVENTS // 4))))
        assert sum(len(execution.events) for execution in sums.pending) < totals.MANY_EVENTS


def test_parameters_that_cannot_be_hashed_are_told_apart():
    execution = executed(([1],), ([2],), ([2],))
    execution.settle()
    [tally] = execution.tallies.values()
    assert len(tally.params_seen) == 2


@pytest.mark.parametrize("param", [[1], {"a": 1}, bytearray(b"a"), memoryview(bytearray(b"a"))])
def test_no_parameter_is_a_fault(param):
    for params in ((param,), [param], {"a": param}, (param,) * 50):
        assert isinstance(hash_of(params), int)


def test_a_scope_that_comes_while_a_snapshot_is_made_waits_for_the_next():
    sums = totals.Totals()
    execution = executed((1,))
    execution.call(("cache", "default", "get", 0), 0, 1_000, ())
    executions.end(execution)
    sums.add(execution)
    whole = encode(lambda: sums)
    sums.scopes.clear()  # as it was when the scopes were listed, before the rest was
    early = encode(lambda: sums)
    parts = ("scopes", "groups", "calls", "exemplars")
    assert [len(whole[part]) for part in parts] == [1, 1, 1, 1]
    assert [len(early[part]) for part in parts] == [0, 0, 0, 0]


def test_transaction_control_is_no_loop():
    sums = totals.Totals()
    sums.add(executed(None, None, None, statement=BEGIN))
    assert [group.loops for group in sums.groups.values()] == [0]


def test_distinct_parameters_are_counted_up_to_a_bound():
    sums = totals.Totals()
    sums.add(executed(*[(n,) for n in range(200)]))
    assert [group.distinct_max for group in sums.groups.values()] == [64]


def test_the_values_of_parameters_are_not_kept():
    sums = totals.Totals()
    execution = executed(("secret",), ("secret",))
    sums.add(execution)
    kept = [vars(group) for group in sums.groups.values()]
    kept += [
        {name: getattr(tally, name) for name in tally.__slots__}
        for tally in execution.tallies.values()
    ]
    assert "secret" not in repr(kept)


def test_scopes_beyond_the_bound_are_counted_together(monkeypatch):
    monkeypatch.setattr(totals, "OTHER_SCOPES", 3)
    sums = totals.Totals()
    for number in range(5):
        sums.add(executed((1,), name=f"GET /{number}"))
    assert sums.scopes["request", "(other)"].executions == 2
    assert sums.cut == {"scopes": 2}


def test_groups_beyond_the_bound_are_left_out_and_counted(monkeypatch):
    monkeypatch.setattr(totals, "GROUPS", 2)
    sums = totals.Totals()
    execution = Execution("request", "GET /")
    for site in range(5):
        execution.query(key(site=site), None, 0, 1)
    sums.add(execution)
    assert len(sums.groups) == 2
    assert sums.cut == {"aggregates": 3}


def test_tests_do_not_crowd_out_requests_and_share_what_is_too_much(monkeypatch):
    monkeypatch.setattr(totals, "GROUPS", 2)
    sums = totals.Totals()
    for number in range(4):
        sums.add(executed((1,), (1,), (1,), kind="test", name=f"t{number}"))
    sums.add(executed((1,)))
    assert sums.cut == {}
    shared = sums.groups[("test", "(other)"), key()]
    assert (shared.executions, shared.loops, shared.tests) == (2, 2, {"t2", "t3"})
    assert (("request", "GET /"), key()) in sums.groups
    assert len([scope for scope in sums.scopes if scope[0] == "test"]) == 5


def test_what_ends_while_a_snapshot_is_made_is_not_counted_twice():
    sums, running = totals.Totals(), executions.begin("task", "running")

    def ended_meanwhile():
        executions.end(running)
        sums.add(running)
        return totals.unfinished_totals()

    made = encode(lambda: sums, ended_meanwhile)
    assert [scope for scope in made["scopes"] if scope["name"] == "running"] == []
    made = encode(lambda: sums, totals.unfinished_totals)
    assert [scope["executions"] for scope in made["scopes"] if scope["name"] == "running"] == [1]


def test_a_snapshot_counts_what_still_runs_and_leaves_the_totals_alone():
    executions.clear()
    sums = totals.Totals()
    running = executions.begin("command", "manage.py serve")
    with executions.enter(running):
        executions.current().query(key(), None, 0, 1)
    assert totals.unfinished_totals().scopes["command", "manage.py serve"].queries == 1
    assert sums.scopes == {}
    executions.end(running)


def test_what_ends_gives_way_to_what_surrounds_it():
    outer = executions.begin("test", "t")
    inner = executions.begin("request", "GET /")
    with executions.enter(outer):
        nested = executions.begin("request", "GET /inside/")
        assert nested.test == "t"
        with executions.enter(nested):
            executions.end(nested)
            assert executions.current() is outer
    assert executions.active() is None
    for execution in (inner, outer):
        executions.end(execution)


def test_a_request_without_context_belongs_to_the_only_running_test():
    running = executions.begin("test", "live server test")
    served = executions.begin("request", "GET /")
    assert served.test == "live server test"
    executions.end(served)
    executions.end(running)
    later = executions.begin("request", "GET /")
    assert later.test == ""
    executions.end(later)


@pytest.mark.parametrize(
    ("nanoseconds", "bucket"), [(0, 0), (999, 0), (1_000, 0), (2_000, 1), (3_999, 1), (4_000, 2)]
)
def test_buckets_are_powers_of_two_of_microseconds(nanoseconds, bucket):
    assert histograms.bucket(nanoseconds) == bucket
