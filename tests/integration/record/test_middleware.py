"""Each middleware has its own time and what it changed, however it is written and served."""

from __future__ import annotations

import pytest

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"
LITTLE = 45e6  # ns, on a busy machine; with anything that sleeps inside of it, it were 50e6
SLOW_SESSIONS = {"LAYERED_SESSIONS": "layered.sessions"}


@pytest.mark.parametrize("way", ["sync", "async"])
def test_each_has_its_own_time_and_not_that_of_what_is_inside(visit, way):
    seen = visit(["Idle", "Slow", "plain", "both"], "/waiting/", way=way)
    route = "GET /waiting/"
    slow = {name: seen.middleware(name, route).wall_ns / 1e6 for name in ("Slow", "both")}
    assert all(59 < ms < 105 for ms in slow.values())  # the view sleeps for 50 besides
    for name in ("Idle", "plain"):
        assert seen.middleware(name, route).wall_ns < LITTLE
    assert seen.scope(route).counters["view_ns"] >= 50e6
    assert seen.scope(route).counters["view_executions"] == 1


@pytest.mark.parametrize("way", ["sync", "async"])
def test_what_a_middleware_changes_is_not_said_of_those_around_it(visit, way):
    seen = visit(
        ["Idle", "Slow", SESSION, AUTH, "Reading", "Lazy", "Header", "Cookie", "Content",
         "Address", "Remember", "Mixed", "plain"],
        way=way,
    )  # fmt: skip
    expected = {
        "Idle": set(),
        "Slow": set(),
        "Reading": set(),
        "plain": set(),
        AUTH: {"changed request"},
        "Lazy": {"changed request"},
        "Address": {"changed request"},
        "Remember": {"changed request"},
        "Mixed": {"changed request"},
        "Header": {"changed response"},
        "Cookie": {"changed response"},
        "Content": {"changed response"},
        SESSION: {"changed request", "changed response"},
    }
    assert {name: seen.changes(name) for name in expected} == expected


def test_a_header_that_was_there_already_is_no_change(visit):
    seen = visit(["SameHeader", "Header"])
    assert seen.changes("SameHeader") == set()
    assert seen.changes("Header") == {"changed response"}


@pytest.mark.parametrize("way", ["sync", "async"])
def test_what_a_middleware_does_elsewhere_is_said(visit, way):
    seen = visit(["Idle", "Zone", "Audit", "Idle"], way=way)
    assert seen.changes("Zone") == {"changed context"}
    assert seen.changes("Audit") == {"made calls"}
    assert seen.changes("Idle") == set()


@pytest.mark.parametrize("way", ["sync", "async"])
def test_who_answers_and_who_raises(visit, way):
    paths = ("/guarded/", "/failing/", "/shortcut/", "/broken/")
    seen = visit(["Idle", "Failing", "Guard", "Shortcut", "plain"], *paths, way=way)
    assert [status for status, _ in seen.answers] == [403, 500, 200, 500]
    assert seen.changes("Guard", "GET /guarded/") == {"answered"}
    assert seen.changes("Failing", "GET /failing/") == {"raised"}
    assert seen.changes("Shortcut", "GET /shortcut/") == {"answered"}
    for path in paths:
        assert seen.changes("Idle", f"GET {path}") == set()
    assert seen.changes("plain", "GET /shortcut/") == set()
    assert seen.changes("plain", "GET /broken/") == set()
    assert "plain" not in {c.name for c in seen.recording.calls if "guarded" in c.scope.name}


@pytest.mark.parametrize("way", ["sync", "async"])
def test_methods_beside_the_layers_count_to_their_middleware(visit, way):
    paths = ("/view/", "/broken/", "/template/")
    seen = visit(["Methods", "Idle"], *paths, way=way)
    assert [answer for _, answer in seen.answers[:2]] == ["answered", "caught broken"]
    assert "more" in seen.answers[2][1]
    for path in paths:
        own = seen.middleware("Methods", f"GET {path}")
        assert own.calls == 1
        assert 59e6 < own.wall_ns < 115e6
        assert seen.middleware("Idle", f"GET {path}").wall_ns < LITTLE
        assert seen.scope(f"GET {path}").counters["view_ns"] < 55e6
    assert seen.changes("Methods") == {"changed request"}
    assert seen.changes("Methods", "GET /broken/") == {"changed request", "answered"}
    assert seen.changes("Methods", "GET /template/") == {"changed request", "changed response"}


@pytest.mark.parametrize("way", ["sync", "async"])
def test_streams_are_left_alone_and_their_wrapping_is_seen(visit, way):
    seen = visit(["Idle", "Shouted"], "/streamed/", way=way)
    assert seen.answers == [[200, "ABÇD"]] or seen.answers == [[200, "ABçD"]]
    assert seen.changes("Shouted", "GET /streamed/") == {"changed response"}
    assert seen.changes("Idle", "GET /streamed/") == set()


def test_asynchronous_middleware_is_measured_like_others(visit):
    for way in ("sync", "async"):
        seen = visit(["Idle", "Unused", "Asynchronous", "Idle"], way=way)
        assert seen.changes("Asynchronous") == {"changed request", "changed response"}
        assert not [c for c in seen.recording.calls if c.name.endswith("Unused")]


def test_changes_between_threads_are_counted_to_the_odd_middleware(visit):
    seen = visit(["both", "Idle", "both"], "/asynchronous/", way="async")
    hops = seen.middleware("Idle", "GET /asynchronous/", hop="hop")
    assert hops.calls == 2  # there and back
    assert hops.wall_ns > 0
    in_sync = visit(["both", "Idle", "Asynchronous", "Idle"])
    assert in_sync.middleware("Asynchronous", hop="hop").calls == 2
    assert {c.name for c in in_sync.recording.calls if c.operation == "hop"} == {
        "layered.middleware.Asynchronous"
    }


def test_nothing_is_measured_and_answers_are_the_same_when_it_is_over(visit):
    paths = ("/view/", "/broken/", "/template/", "/streamed/")
    seen = visit(["Methods", "Slow", SESSION, "Shortcut"], *paths)
    assert seen.uninstalled == seen.answers
    calls = [c for c in seen.recording.calls if c.kind == "middleware"]
    assert all(c.outcomes["sampled"] == c.calls for c in calls)


@pytest.mark.parametrize("way", ["sync", "async"])
@pytest.mark.parametrize("asking", ["Asking", "AskingLater"])
def test_whoever_is_first_to_ask_for_what_others_gave_does_not_pay_for_it(visit, way, asking):
    seen = visit([SESSION, "Dear", asking], way=way, settings=SLOW_SESSIONS)
    assert seen.middleware("Dear").wall_ns < LITTLE
    assert seen.middleware(asking).wall_ns < LITTLE
    assert seen.middleware(asking, hop="load").wall_ns >= 119e6
    assert seen.changes(asking) == set()


@pytest.mark.parametrize("way", ["sync", "async"])
def test_what_a_middleware_gives_and_asks_for_itself_is_its_own(visit, way):
    seen = visit(["AskingItself", "Asking"], way=way)
    assert seen.middleware("AskingItself").wall_ns >= 59e6


def test_an_asynchronous_middleware_does_not_pay_for_the_user_either(visit):
    seen = visit([SESSION, AUTH, "AsynchronouslyAsking"], way="async", settings=SLOW_SESSIONS)
    assert seen.middleware("AsynchronouslyAsking").wall_ns < LITTLE
    assert seen.middleware("AsynchronouslyAsking", hop="load").wall_ns >= 59e6
