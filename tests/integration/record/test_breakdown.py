"""Where the time of requests went, what they sent and rendered, and what they left behind."""

from __future__ import annotations

import sys

import pytest

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
PARTS = ("cpu", "db", "cache", "outside", "connection", "waiting")


def share(seen, route, part):
    counters = seen.scope(route).counters
    return counters[f"split_{part}_ns"] / counters["split_wall_ns"]


@pytest.fixture(scope="module", params=["sync", "async"])
def seen(request, visit):
    paths = ["/waiting/", "/busy/", "/querying/", "/streamed/", "/streamed_async/", "/template/",
             "/collecting/", "/view/"]  # fmt: skip
    if request.param == "sync":
        paths.remove("/streamed_async/")
    return visit(["Idle"], *paths, way=request.param)


def test_the_parts_make_up_the_whole(seen):
    for stats in seen.recording.scopes:
        if stats.scope.kind == "request":
            counters = stats.counters
            assert counters["split_executions"] == stats.executions == 1
            assert sum(counters[f"split_{part}_ns"] for part in PARTS) == counters["split_wall_ns"]
            assert counters["split_wall_ns"] == stats.wall_ns


def test_time_goes_to_what_it_was_spent_on(seen):
    assert share(seen, "GET /waiting/", "waiting") > 0.8
    # Not as a share: other processes may have taken as much.
    assert 49e6 < seen.scope("GET /busy/").counters["split_cpu_ns"] < 70e6
    assert share(seen, "GET /querying/", "db") > 0.8
    assert share(seen, "GET /querying/", "cpu") < 0.2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_time_without_a_processor_is_part_of_waiting(seen):
    counters = [stats.counters for stats in seen.recording.scopes]
    queued = {
        c["split_queued_ns"]: c["split_waiting_ns"] for c in counters if "split_queued_ns" in c
    }
    assert len(queued) >= 1
    assert all(0 <= part <= waiting for part, waiting in queued.items())


def test_the_length_of_a_response_is_known_and_that_of_a_stream_once_it_was_sent(seen):
    lengths = {
        stats.scope.name: stats.counters["response_bytes"]
        for stats in seen.recording.scopes
        if stats.counters.get("responses_measured") == 1
    }
    assert lengths["GET /view/"] == len("answered")
    for name in {"GET /streamed/", "GET /streamed_async/"} & {
        stats.scope.name for stats in seen.recording.scopes
    }:
        assert lengths[name] == len("abçd".encode())
        assert seen.scope(name).peaks["response_bytes"] == len("abçd".encode())


def test_the_outermost_template_is_timed_and_each_is_compiled_once(seen):
    calls = {
        (call.name, call.operation): call
        for call in seen.recording.calls
        if call.kind == "template"
    }
    assert set(calls) == {
        ("page.html", "render"), ("page.html", "compile"), ("part.html", "compile"),
    }  # fmt: skip
    render = calls["page.html", "render"]
    assert (render.calls, render.outcomes) == (1, {"sampled": 1})
    assert render.wall_ns > calls["part.html", "compile"].wall_ns  # it was found while rendering


def test_a_collection_of_garbage_is_counted_to_what_it_interrupted(seen):
    process = next(s for s in seen.recording.scopes if s.scope.kind == "process")
    collecting = seen.scope("GET /collecting/").counters["gc_ns"]
    assert 0 < collecting <= process.counters["gc_ns"]
    assert process.peaks["gc_max_ns"] >= collecting / 2
    assert process.counters["gc_pauses"] >= 1


def test_figures_of_the_process_are_of_now_and_not_added_twice(seen):
    [first], [again] = (
        [s for s in recording.scopes if s.scope.kind == "process"]
        for recording in (seen.recording, seen.again)
    )
    assert first.peaks["rss_bytes"] > 10_000_000
    assert again.peaks["rss_bytes"] < first.peaks["rss_bytes"] * 1.5
    for name in ("process_cpu_ns", "gc_ns"):
        assert first.counters[name] <= again.counters[name] < first.counters[name] * 1.8


@pytest.mark.parametrize("mode", ["light", "deep"])
def test_a_route_that_keeps_what_it_made_grows_and_its_neighbour_does_not(visit, mode):
    seen = visit([SESSION], *["/leaking/", "/tidy/"] * 30, mode=mode)
    leaking, tidy = (seen.scope(f"GET /{name}/").counters for name in ("leaking", "tidy"))
    assert leaking["memory_executions"] == 20  # the first ten fill caches
    assert leaking["memory_grown_blocks"] / 20 > 1_900
    assert abs(tidy["memory_grown_blocks"]) / 20 < 300
    assert leaking["memory_grown_bytes"] / 20 > 100_000
    assert abs(tidy["memory_grown_bytes"]) / 20 < 30_000
    assert seen.scope("GET /leaking/").peaks["memory_grown_bytes"] > 100_000


def test_a_route_that_fills_a_cache_at_first_is_not_said_to_grow(visit):
    seen = visit([], *["/leaking/"] * 10, "/tidy/")
    assert "memory_executions" not in seen.scope("GET /leaking/").counters
