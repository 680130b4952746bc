"""Each middleware has its own time and what it changed, however it is written and served."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nuages import store
from nuages.model import CallGroup, Recording, ScopeStats

PROJECT = Path(__file__).parent / "projects" / "layered"
MEANWHILE = frozenset({"sampled", "made calls", "changed context"})


@dataclass(frozen=True)
class Visited:
    """What was recorded of some visits, and what they were answered."""

    recording: Recording
    again: Recording
    answers: list[list[Any]]
    uninstalled: list[list[Any]]
    faults: list[str] = field(default_factory=list)

    def middleware(self, name: str, route: str = "GET /view/", hop: str = "") -> CallGroup:
        path = name if "." in name else f"layered.middleware.{name}"
        [found] = [
            call
            for call in self.recording.calls
            if (call.kind, call.name, call.operation) == ("middleware", path, hop)
            and call.scope.name == route
        ]
        return found

    def changes(self, name: str, route: str = "GET /view/") -> set[str]:
        """What a middleware did to what passed through it."""
        return set(self.middleware(name, route).outcomes) - {"sampled"}

    def scope(self, route: str) -> ScopeStats:
        [found] = [stats for stats in self.recording.scopes if stats.scope.name == route]
        return found


Visit = Callable[..., Visited]


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Visits paths of the project with this middleware."""
    folder = tmp_path_factory.mktemp("layered") / "layered"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def visit(
        middleware: list[str], *paths: str, way: str = "sync", mode: str = "light"
    ) -> Visited:
        output = folder / "visited.json"
        named = " ".join(n if "." in n else f"layered.middleware.{n}" for n in middleware)
        done = subprocess.run(
            [sys.executable, "visit.py", mode, way, str(output), *(paths or ("/view/",))],
            cwd=folder,
            env={**os.environ, "LAYERED_MIDDLEWARE": named, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(output.read_text())
        assert found["faults"] == []
        return Visited(
            recording=store.recording_from([found["snapshot"]]),
            again=store.recording_from([found["again"]]),
            answers=found["answers"],
            uninstalled=found["uninstalled"],
        )

    return visit


SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
AUTH = "django.contrib.auth.middleware.AuthenticationMiddleware"


@pytest.mark.parametrize("way", ["sync", "async"])
def test_each_has_its_own_time_and_not_that_of_what_is_inside(visit, way):
    seen = visit(["Idle", "Slow", "plain", "both"], "/waiting/", way=way)
    route = "GET /waiting/"
    slow = {name: seen.middleware(name, route).wall_ns / 1e6 for name in ("Slow", "both")}
    assert all(29 < ms < 45 for ms in slow.values())
    for name in ("Idle", "plain"):
        assert seen.middleware(name, route).wall_ns < 5e6
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
        assert 29e6 < own.wall_ns < 50e6
        assert seen.middleware("Idle", f"GET {path}").wall_ns < 5e6
        assert seen.scope(f"GET {path}").counters["view_ns"] < 29e6
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
