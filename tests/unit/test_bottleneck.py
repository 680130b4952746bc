"""A recording says where its time went, without a figure that was not measured."""

from __future__ import annotations

import pytest

from nuages.bottleneck import where_time_went
from nuages.model import CallGroup, QueryGroup, Recording, Scope, ScopeStats, Statement

MS = 1_000_000
FEED = Scope(kind="request", name="GET /feed/")
PARTS = {
    "split_executions": 4, "split_wall_ns": 100 * MS, "split_cpu_ns": 50 * MS,
    "split_db_ns": 30 * MS, "split_cache_ns": 5 * MS, "split_outside_ns": 10 * MS,
    "split_connection_ns": 1 * MS, "split_waiting_ns": 4 * MS, "split_queued_ns": 2 * MS,
}  # fmt: skip


def a_scope(scope=FEED, peaks=None, **counters):
    return ScopeStats(
        scope=scope, executions=9, cpu_ns=80 * MS, counters=counters, peaks=peaks or {}
    )


def asked(sql, wall_ns=7 * MS):
    statement = Statement(sql=sql, verb=sql.split()[0])
    return QueryGroup(scope=FEED, statement=statement, location=None, calls=1, wall_ns=wall_ns)


def test_the_parts_make_up_the_whole():
    split = where_time_went(Recording(scopes=(a_scope(**PARTS),)))
    assert (split.executions, split.wall_ms) == (4, 100)
    assert split.shares == {
        "cpu": 0.5, "database": 0.3, "cache": 0.05, "outside": 0.1, "connections": 0.01,
        "waiting": 0.04,
    }  # fmt: skip
    assert split.queued_share == 0.02


def test_scopes_add_up_and_tests_are_not_among_them():
    test = Scope(kind="test", name="t")
    task = Scope(kind="task", name="digest")
    scopes = (a_scope(**PARTS), a_scope(task, **PARTS), a_scope(test, **PARTS))
    assert where_time_went(Recording(scopes=scopes)).executions == 8


def test_a_server_that_waits_for_requests_is_not_among_them():
    server = Scope(kind="command", name="manage.py runserver")
    waits = {"split_executions": 1, "split_wall_ns": 9_000 * MS, "split_waiting_ns": 9_000 * MS}
    split = where_time_went(Recording(scopes=(a_scope(**PARTS), a_scope(server, **waits))))
    assert (split.executions, split.wall_ms, split.shares["waiting"]) == (4, 100, 0.04)


def test_nothing_is_said_where_nothing_was_measured():
    split = where_time_went(Recording(scopes=(a_scope(),)))
    assert (split.executions, split.rss_mb, split.growing, split.outside) == (0, 0, (), ())
    assert set(split.shares.values()) == {0}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t WHERE id = %s FOR UPDATE",
        'SELECT a FROM t FOR NO KEY UPDATE OF "t" SKIP LOCKED',
        "LOCK TABLE t IN EXCLUSIVE MODE",
        "SELECT pg_advisory_xact_lock(%s)",
        "SELECT pg_try_advisory_lock(%s)",
        "SELECT GET_LOCK(%s, %s)",
    ],
)
def test_statements_that_take_locks(sql):
    assert where_time_went(Recording(groups=(asked(sql),))).locking_ms == 7


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t",
        'UPDATE "t" SET "locked" = %s',
        'SELECT "shop_lock"."id" FROM "shop_lock"',
        "SELECT clocks FROM t ORDER BY share",
    ],
)
def test_statements_that_take_none(sql):
    assert where_time_went(Recording(groups=(asked(sql),))).locking_ms == 0


def test_the_slowest_of_the_other_servers_come_first():
    calls = tuple(
        CallGroup(scope=FEED, kind=kind, name=name, wall_ns=wall * MS)
        for kind, name, wall in [
            ("outside", "https://a.example", 3),
            ("outside", "https://b.example", 2),
            ("outside", "https://b.example", 4),
            ("cache", "default", 99),
        ]
    )
    assert where_time_went(Recording(calls=calls)).outside == (
        ("https://b.example", 6),
        ("https://a.example", 3),
    )


def test_the_largest_process_and_garbage_collection():
    process = Scope(kind="process", name="process")
    scopes = (a_scope(gc_ns=8 * MS), a_scope(process, peaks={"rss_bytes": 250_000_000}))
    split = where_time_went(Recording(scopes=scopes))
    assert (split.rss_mb, split.gc_share) == (250, 0.1)


def test_memory_that_grows_at_each_request():
    grown = a_scope(memory_executions=50, memory_grown_bytes=50 * 20_000)
    assert where_time_went(Recording(scopes=(grown,))).growing == (("GET /feed/", 20),)


@pytest.mark.parametrize(
    ("executions", "step", "grown"),
    [
        (5, 20_000, 5 * 20_000),
        (20, 20_000, 20 * 20_000),
        (50, 1_000, 50 * 1_000),
        (50, 1_000_000, 50 * 20_000),
        (50, 0, -50 * 20_000),
        (0, 0, 0),
    ],
    ids=["too few", "still few", "hardly", "at once", "shrinks", "not measured"],
)
def test_memory_that_fills_at_first_or_hardly_grows(executions, step, grown):
    scope = a_scope(
        memory_executions=executions,
        memory_grown_bytes=grown,
        peaks={"memory_grown_bytes": step},
    )
    assert where_time_went(Recording(scopes=(scope,))).growing == ()


def test_each_process_loads_what_it_keeps_once():
    scope = a_scope(
        memory_executions=100, memory_grown_bytes=2_000_000, peaks={"memory_grown_bytes": 1_000_000}
    )
    assert where_time_went(Recording(scopes=(scope,), processes=1)).growing
    assert where_time_went(Recording(scopes=(scope,), processes=2)).growing == ()
