"""A route's figures are those of one execution; what was not measured is not told."""

from __future__ import annotations

import pytest

from nuages.model import Recording
from nuages.report.routes import Route, routes

from .sample_findings import COMMENTS, FEED, SEARCH
from .sample_recording import MS, RECORDING, exemplar, stats


def one(*, exemplars=(), **values) -> Route:
    figures = stats(**values)
    return Route(id="x", stats=figures, total_ns=figures.wall_ns * 4, exemplars=exemplars)


def test_requests_tasks_and_commands_are_listed_the_costliest_first():
    listed = routes(RECORDING, [])
    assert [route.name for route in listed] == [FEED, COMMENTS, "manage.py digest", SEARCH]
    assert [route.noun for route in listed] == ["route", "route", "command", "route"]
    assert sum(route.share for route in listed) == pytest.approx(1)


def test_where_nothing_but_tests_ran_they_are_listed():
    tests = Recording(scopes=(stats("test_a", kind="test"), stats("process", kind="process")))
    assert {route.name for route in routes(tests, [])} == {"test_a", "process"}


def test_what_belongs_to_a_route_is_found():
    feed, comments, *_ = routes(RECORDING, [(FEED,), (FEED, COMMENTS)])
    assert (feed.findings, comments.findings) == ((0, 1), (1,))
    assert len(feed.groups) == 2
    assert len(feed.call_groups) == 7
    assert [e.wall_ns for e in feed.exemplars] == [80 * MS, 60 * MS]


def test_figures_are_of_one_execution():
    route = one(executions=10, wall_ms=40)
    assert (route.queries, route.rows, route.mean_ms, route.db_ms, route.cpu_ms) == (
        5, 50, 40, 10, 20,
    )  # fmt: skip
    assert (route.share, route.bytes, route.bytes_max) == (0.25, 12_000, 48_000)
    assert [(part, share) for part, _, share in route.split] == [
        ("cpu", 0.5), ("database", 0.25), ("cache", 0.125), ("waiting", 0.125),
    ]  # fmt: skip


def test_nothing_is_slower_than_the_slowest():
    assert one(wall_ms=40).p95_ms > 40
    assert one(wall_ms=40, exemplars=(exemplar(wall_ms=41),)).p95_ms == 41


def test_memory_is_told_once_it_was_measured_often_enough():
    assert one(executions=39).grown_bytes is None
    assert one(executions=40).grown_bytes == 52_000


def test_what_was_not_measured_is_not_told():
    route = one(executions=0, counters={}, histogram=())
    assert (route.queries, route.bytes, route.split, route.p95_ms) == (0, None, [], 0)
