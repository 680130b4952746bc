"""Calls of caches: each counts once, whatever backend answers it."""

from __future__ import annotations

SECOND = 1_000_000_000


def test_the_recorder_had_no_fault(errands):
    assert errands.recording.meta.get("recorder_fault") is None


def test_every_call_of_a_cache_counts_once(errands):
    groups = errands.each("errands.caching.every_call", "cache")
    counts = {}
    for group in groups:
        counts[group.operation] = counts.get(group.operation, 0) + group.calls
        assert (group.name, group.location.function) == ("default", "every_call")
        assert 0 < group.wall_ns < SECOND
    assert counts == {
        "add": 1, "clear": 1, "decr": 1, "delete": 1, "delete_many": 1, "get": 3, "get_many": 2,
        "has_key": 2, "incr": 1, "incr_version": 1, "set": 1, "set_many": 1, "touch": 1,
    }  # fmt: skip


def test_hits_and_misses_are_told_apart(errands):
    groups = errands.each("errands.caching.every_call", "cache")
    outcomes = {
        operation: [dict(g.outcomes) for g in sorted(groups, key=lambda g: g.location.line)
                    if g.operation == operation]
        for operation in ("get", "has_key", "get_many")
    }  # fmt: skip
    assert outcomes["get"] == [{"hit": 1}, {"miss": 1}, {"miss": 1}]
    assert outcomes["has_key"] == [{"hit": 1}, {"miss": 1}]
    # The keys of a generator can't be counted, but what they found can.
    assert outcomes["get_many"] == [{"hit": 2, "miss": 1}, {"hit": 1}]


def test_a_failing_call_of_a_cache_names_its_exception(errands):
    calls = errands.calls("errands.caching.a_failing_call", "cache")
    assert calls["default", "incr"].outcomes == {"ValueError": 1}


def test_what_get_or_set_computes_is_not_the_caches_time(errands):
    calls = errands.calls("errands.caching.get_or_set", "cache")
    assert {key: group.calls for key, group in calls.items()} == {
        ("default", "get"): 3,
        ("default", "add"): 1,
        ("files", "get"): 1,
    }
    assert calls["default", "get"].outcomes == {"miss": 2, "hit": 1}


def test_queries_of_a_cache_are_queries_and_their_time_is_the_databases(errands):
    case = "errands.caching.table"
    calls = errands.calls(case, "cache")
    assert {key: group.calls for key, group in calls.items()} == {
        ("table", "set"): 1,
        ("table", "get"): 1,
    }
    scope = errands.scope(case)
    assert scope.queries == 4
    assert scope.db_ns + sum(group.wall_ns for group in calls.values()) <= scope.wall_ns
    # The commit is the cache's: only the time that the transaction was open is told besides.
    assert set(errands.calls(case, "transaction")) == {("default", "open")}


def test_caches_within_caches_and_other_peoples_classes(errands):
    calls = errands.calls("errands.caching.tiers", "cache")
    assert set(calls) == {("tiers", "set"), ("tiers", "get"), ("own", "set"), ("own", "get")}


def test_tasks_that_take_turns_each_count_their_own_calls(errands):
    case = "errands.caching.asynchronous"
    calls = errands.calls(case, "cache")
    assert {key: group.calls for key, group in calls.items()} == {
        ("default", "set"): 1,
        ("default", "get"): 3,
        ("default", "get_many"): 1,
        ("table", "get"): 1,
        ("files", "get"): 2,
    }
    assert calls["default", "get"].outcomes == {"hit": 1, "miss": 2}
    assert calls["files", "get"].location.function == "asynchronous.<locals>.slow"
    assert errands.scope(case).queries == 1


def test_calls_in_threads_stay_in_the_scope(errands):
    calls = errands.calls("errands.caching.threads", "cache")
    assert calls["default", "get"].calls == 8


def test_sessions_and_asynchronous_views(errands):
    route = "GET /remembered/"
    operations = {group.operation for group in errands.each(route, "cache")}
    assert operations >= {"get", "add", "set"}
    assert errands.calls("GET /async-errand/", "cache")["default", "get"].calls == 1
    [outside] = errands.each("GET /async-errand/", "outside")
    assert (outside.operation, outside.location.function) == ("GET", "asynchronous")


def test_calls_of_a_redis_are_counted_and_its_sockets_are_part_of_them(errands):
    case = "errands.caching.redis"
    calls = errands.calls(case, "cache")
    assert {key: group.calls for key, group in calls.items()} == {
        ("redis", name): 1 for name in ("set", "get", "get_many", "incr", "delete")
    }
    assert calls["redis", "get"].outcomes == {"hit": 1}
    assert calls["redis", "get_many"].outcomes == {"hit": 1, "miss": 1}
    assert calls["redis", "set"].location.function == "redis"
    assert all(group.wall_ns > 0 for group in calls.values())
    assert errands.each(case, "outside") == []
