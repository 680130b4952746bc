"""Which middleware takes too long, and what is said of it."""

from __future__ import annotations

import pytest
from tests.unit.rules.recordings import COMMAND, FEED, HOME, TEST, at, in_loop
from tests.unit.rules.sources import code as project
from tests.unit.rules.sources import text_at
from tests.unit.rules.traffic import busy, facts, passed, requests

from nuages.cases import Case
from nuages.code import Code
from nuages.grounds.middleware_needs import AUTH, GZIP, SESSIONS
from nuages.model import Budgets, Facts, Finding, Recording
from nuages.rules import slow_middleware

GEO = "core.middleware.GeoMiddleware"
TEXT = """
    class GeoMiddleware:
        def __init__(self, get_response):
            self.get_response = get_response

        def __call__(self, request):
            request.key = hashlib.pbkdf2_hmac("sha256", b"a", b"b", 9)
            return self.get_response(request)
"""


def found(
    recording: Recording, told: Facts | None = None, code: Code | None = None, budget: float = 20
) -> list[Finding]:
    case = Case(recording, told or Facts(), code or Code(), Budgets(middleware_ms=budget))
    return list(slow_middleware.find(case))


class TestFinds:
    def test_what_is_over_the_budget(self):
        [finding] = found(requests(passed(GEO, 40, 25, p95_ms=30)))
        assert finding.message == (
            "GeoMiddleware takes 30 ms of a request (p95), of the 20 ms that a middleware may"
        )
        assert finding.evidence.p95_ms == 30
        assert finding.confidence == 0.9
        assert finding.routes == (FEED.name,)

    def test_a_notable_share_of_all_requests(self):
        [finding] = found(requests(passed(GEO, 40, 3), ms=20))
        assert finding.message == "GeoMiddleware takes 15 % of all time, 3.0 ms a request"
        assert finding.evidence.share == pytest.approx(0.15)

    def test_the_time_of_all_requests_from_the_sample_that_was_measured(self):
        evidence = found(requests(passed(GEO, 40, 25), executions=400))[0].evidence
        assert (evidence.requests, evidence.calls) == (400, 40)
        assert evidence.wall_ms == pytest.approx(400 * 25)
        assert evidence.share == pytest.approx(0.25)

    def test_all_its_routes_as_one(self):
        [finding] = found(requests(passed(GEO, 15, 25), passed(GEO, 15, 25, scope=HOME)))
        assert finding.routes == ("GET /", "GET /api/feed/")
        assert finding.evidence.calls == 30

    def test_the_call_that_is_dear(self, tmp_path):
        code = project(tmp_path, core__middleware=TEXT)
        [finding] = found(requests(passed(GEO, 40, 25)), code=code)
        assert text_at(code, finding.location).startswith("request.key = hashlib.pbkdf2_hmac")

    def test_the_class_where_no_call_stands_out(self, tmp_path):
        code = project(tmp_path, core__middleware=TEXT.replace("pbkdf2_hmac", "sha256"))
        [finding] = found(requests(passed(GEO, 40, 25)), code=code)
        assert text_at(code, finding.location) == "class GeoMiddleware:"

    def test_that_its_queries_are_what_takes_the_time(self, tmp_path):
        code = project(tmp_path, core__middleware=TEXT.replace("pbkdf2_hmac", "sha256"))
        place = at(6, "core/middleware.py", "GeoMiddleware.__call__")
        queries = in_loop(None, 1, location=place, executions=40, ms=20)
        [finding] = found(requests(passed(GEO, 40, 25), groups=(queries,)), code=code)
        assert "keep what its queries give (20.0 ms a request) in the cache" in finding.hint
        assert finding.evidence.figures["queries_ms"] == 20

    def test_its_own_queries_and_not_those_of_the_user_it_is_first_to_ask_for(self, tmp_path):
        code = project(tmp_path, core__middleware=TEXT.replace("pbkdf2_hmac", "sha256"))
        place = at(6, "core/middleware.py", "GeoMiddleware.__call__")
        queries = in_loop(None, 1, location=place, executions=40, ms=20)
        loading = passed(GEO, 40, 19, operation="load")
        [finding] = found(requests(passed(GEO, 40, 25), loading, groups=(queries,)), code=code)
        assert "do the work only for the requests that need it" in finding.hint
        assert finding.evidence.figures["queries_ms"] == 1

    def test_what_would_break_without_it(self):
        told = facts(SESSIONS, AUTH, apps=("django.contrib.admin",))
        [finding] = found(requests(passed(AUTH, 40, 25)), told)
        assert "it must stay: django.contrib.admin rely on it" in finding.hint

    def test_the_usual_remedy_of_djangos_own(self):
        assert "balancer" in found(requests(passed(GZIP, 40, 25)))[0].hint
        assert "SESSION_ENGINE" in found(requests(passed(SESSIONS, 40, 25)))[0].hint


class TestStaysSilent:
    @pytest.mark.parametrize(
        "call",
        [
            passed(GEO, 40, 5),
            passed(GEO, 40, 9, p95_ms=15),
            passed(GEO, 19, 50),
            passed(GEO, 40, 0.9, p95_ms=30),
            passed(GEO, 40, 50, operation="hop"),
            passed(GEO, 40, 50, operation="load"),
            passed(GEO, 40, 50, scope=COMMAND),
            passed(GEO, 40, 50, scope=TEST),
        ],
        ids=["fast", "in budget", "few", "seldom", "a hop", "a load", "a command", "a test"],
    )
    def test_on_what_is_not_slow(self, call):
        assert not found(requests(call))

    def test_on_what_few_requests_need(self):
        calls = passed(GEO, 40, 3.9, p95_ms=29)
        assert not found(requests(calls, ms=100))

    def test_on_what_only_waited_for_a_processor(self):
        calls = passed(GEO, 40, 10, p95_ms=25)
        assert found(requests(calls, ms=1000))
        assert not found(busy(requests(calls, ms=1000), 0.3))

    def test_within_a_budget_of_the_projects_own(self):
        assert not found(requests(passed(GEO, 40, 25), ms=1000), budget=50)


class TestRefuses:
    def test_without_a_recording(self):
        assert not found(Recording(), facts(GEO))
