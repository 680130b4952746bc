"""Calls of other servers and programs: the outermost client's counts."""

from __future__ import annotations

import os
import sys

import pytest

SECOND = 1_000_000_000


def outside(errands, case):
    """Host without port, operation, calls and outcomes of a case's outside calls."""
    groups = errands.each(f"errands.calling.{case}", "outside")
    found = [(g.name.rsplit(":", 1)[0], g.operation, g.calls, dict(g.outcomes)) for g in groups]
    return sorted(found, key=repr)


LOCAL = "http://localhost"


def test_http_of_the_standard_library(errands):
    assert outside(errands, "urllib_") == [
        (LOCAL, "GET", 1, {"2xx": 1}),
        (LOCAL, "GET", 1, {"4xx": 1}),
    ]
    assert outside(errands, "http_client") == [
        (LOCAL, "GET", 1, {"2xx": 1}),
        (LOCAL, "POST", 1, {"2xx": 1}),
    ]
    assert outside(errands, "refused") == [(LOCAL, "GET", 1, {"ConnectionRefusedError": 1})]
    assert outside(errands, "hung_up") == [(LOCAL, "GET", 1, {"RemoteDisconnected": 1})]


def test_the_time_is_that_until_the_answer_begins(errands):
    groups = {g.operation: g for g in errands.each("errands.calling.http_client", "outside")}
    assert groups["GET"].wall_ns > SECOND / 10 > groups["POST"].wall_ns
    assert groups["GET"].location.function == "http_client"


def test_requests(errands):
    pytest.importorskip("requests")
    assert outside(errands, "requests_") == [
        (LOCAL, "GET", 1, {"2xx": 1}),
        (LOCAL, "GET", 1, {"4xx": 1}),
        (LOCAL, "GET", 1, {"MaxRetryError": 1}),
    ]


def test_httpx(errands):
    pytest.importorskip("httpx")
    assert outside(errands, "httpx_") == [
        (LOCAL, "GET", 1, {"2xx": 1}),
        (LOCAL, "GET", 1, {"ConnectError": 1}),
    ]
    assert outside(errands, "httpx_async") == [(LOCAL, "GET", 2, {"2xx": 2})]


def test_aiohttp(errands):
    pytest.importorskip("aiohttp")
    assert outside(errands, "aiohttp_") == [(LOCAL, "GET", 3, {"2xx": 2, "4xx": 1})]


def test_mail(errands):
    assert outside(errands, "a_mail") == [("localhost", "smtp", 1, {})]
    assert outside(errands, "a_kept_mail") == [("mail", "locmem", 1, {})]
    assert outside(errands, "smtp") == [
        ("localhost", "connect", 1, {}),
        ("localhost", "smtp", 1, {}),
    ]


def test_other_sockets(errands):
    assert outside(errands, "sockets") == [
        ("127.0.0.1", "connect", 1, {"ConnectionRefusedError": 1}),
        ("127.0.0.1", "connect", 1, {}),
        ("localhost", "connect", 1, {}),
    ]
    assert outside(errands, "streams") == [("localhost", "connect", 1, {})]


def test_a_task_that_outlives_the_call_that_started_it_counts_its_own(errands):
    assert outside(errands, "a_leaving_task") == [
        (LOCAL, "GET", 1, {"2xx": 1}),
        ("localhost", "connect", 1, {}),
    ]


def test_a_reloader_does_not_wait_for_another_program(errands):
    python = os.path.basename(sys.executable)
    assert outside(errands, "reloading") == [("subprocess", python, 1, {"0": 1})]


def test_programs(errands):
    python = os.path.basename(sys.executable)
    assert outside(errands, "programs") == [
        ("subprocess", "exit", 1, {"3": 1}),
        ("subprocess", "no-such-program-here", 1, {"FileNotFoundError": 1}),
        ("subprocess", python, 1, {"0": 1}),
        ("subprocess", python, 1, {"0": 1}),
    ]


def test_nothing_of_what_was_asked_is_kept(errands):
    kept = repr([(c.name, c.operation, dict(c.outcomes)) for c in errands.recording.calls])
    assert "secret" not in kept.lower()
    assert "4711" not in kept
