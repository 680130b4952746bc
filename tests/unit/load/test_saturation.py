"""What cannot be brought about here is told from what would have been seen."""

from __future__ import annotations

from collections import Counter

import pytest

from nuages.load import Budget, LoadResult, Phase, RouteLoad
from nuages.load.inside import Inside, between
from nuages.load.latency import Latency
from nuages.load.observing import Observed, Usage
from nuages.load.saturation import saturation


def result(milliseconds: float = 300.0, rate: float = 100.0) -> LoadResult:
    latency = Latency()
    for _ in range(int(rate)):
        latency.record(milliseconds / 1e3)
    routes = {"GET /": RouteLoad(latency=latency)}
    return LoadResult(phase=Phase(rate=rate, seconds=1), routes=routes, seconds=1.0)


def usage(cpu: float = 0.1) -> Usage:
    return Usage(cpu=cpu, queued=0.0, rss_mb=50, busiest_thread=cpu)


def quiet(**told: object) -> Observed:
    usual: dict[str, object] = {
        "cores": 4, "machine_cpu": 0.3, "replicas": [usage(), usage()], "database_cpu": 0.1,
        "memory_share": 0.4, "looks": 8, "max_connections": 100, "connections": 10,
    }  # fmt: skip
    return Observed(**{**usual, **told})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        (quiet(memory_share=0.99), "memory"),
        (quiet(swapped_mb=80.0), "memory"),
        (quiet(activity=Counter(IO=6, running=2)), "database I/O"),
        (quiet(activity=Counter(Lock=6, running=2)), "locks"),
        (quiet(connections=97), "connections"),
        (quiet(pool_waiting=20.0, pool_active=5.0), "pool waits"),
        (quiet(machine_cpu=0.95, balancer_cpu=2.5), "balancer"),
        (quiet(machine_cpu=0.95, database_cpu=2.5), "CPU of the database"),
        (quiet(machine_cpu=0.95, replicas=[usage(0.8)] * 4), "CPU of replicas"),
        (quiet(replicas=[usage(0.98)]), "GIL"),
        (quiet(machine_cpu=1.0), "CPU of other processes"),
        (quiet(threads=8), "threads"),
    ],
)
def test_what_was_full_is_named(seen: Observed, what: str) -> None:
    told = saturation(result(), seen, Budget())
    assert told.first is not None
    assert told.first.name == what
    assert what not in [each.name for each in told.others]


def test_nothing_is_named_while_the_budget_holds() -> None:
    assert saturation(result(5.0), quiet(machine_cpu=1.0), Budget()).first is None


def test_nothing_is_named_where_nothing_was_full() -> None:
    told = saturation(result(), quiet(), Budget())
    assert told.first is None
    assert told.note


def test_a_busy_machine_is_not_the_cause_of_what_needs_no_processor() -> None:
    inside = Inside(requests=50, mean_ms=100, shares={"cpu": 0.02, "waiting": 0.98})
    told = saturation(result(), quiet(machine_cpu=1.0, inside=inside, threads=8), Budget())
    assert told.first is not None
    assert told.first.name == "threads"
    assert any("2 % of their time on a processor" in each.refuted for each in told.others)


def test_a_busy_machine_says_nothing_of_a_site_that_may_run_elsewhere() -> None:
    seen = quiet(machine_cpu=1.0, replicas=[], database_cpu=None)
    assert saturation(result(), seen, Budget()).first is None


def test_parts_are_of_what_ended_between_two_looks() -> None:
    before = {"split_executions": 10, "split_wall_ns": 1_000, "split_db_ns": 1_000}
    after = {"split_executions": 30, "split_wall_ns": 41_000_000, "split_db_ns": 1_000,
             "split_connection_ns": 20_500_000}  # fmt: skip
    inside = between(before, after)
    assert inside.requests == 20
    assert inside.shares["connections"] == pytest.approx(0.5, abs=0.01)
    assert inside.shares["database"] == 0
    assert not between({}, {}).is_telling
