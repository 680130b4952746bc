"""Which calls of other servers are worth a word, and which go unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import COMMAND, HOME, TEST, at, called, with_calls
from tests.unit.rules.sources import code as project

from nuages.cases import Case
from nuages.code import Code
from nuages.model import CallGroup, Finding, LedgerEntry
from nuages.rules import outside_call_in_request

RATES = "https://rates.example"
HERE = at(4, function="feed")


def found(
    *calls: CallGroup, code: Code | None = None, ledger: tuple[LedgerEntry, ...] = ()
) -> list[Finding]:
    case = Case(with_calls(*calls), code=code or Code(), ledger=ledger)
    return list(outside_call_in_request.find(case))


def refused(target: str = "grpc.example:443", kind: str = "connect", **changes) -> LedgerEntry:
    changes = {"origin": at(8), "verdict": "denied", "via": "kernel"} | changes
    return LedgerEntry(kind=kind, target=target, **changes)


QUICK = called("cache", "default", "get", location=at(7))  # of a request, in the same function


def got(name: str = RATES, operation: str = "GET", times: int = 1, **changes: object) -> CallGroup:
    changes = {"ms": 40, "location": HERE, "outcomes": {"2xx": times}} | changes
    return called("outside", name, operation, times, **changes)  # type: ignore[arg-type]


class TestFinds:
    def test_a_request_that_waits_for_another_server(self):
        (finding,) = found(got(executions=10, outcomes={"2xx": 10}))
        assert finding.message == "A request waits for rates.example: 40 ms a request"
        assert finding.hint.startswith("keep the answer with cache.get_or_set")
        assert (finding.location, finding.routes) == (HERE, ("GET /api/feed/",))
        assert finding.confidence == 0.9
        assert finding.concern == "time"

    def test_what_it_cost(self):
        evidence = found(got(executions=10, outcomes={"2xx": 10}))[0].evidence
        assert (evidence.requests, evidence.calls, evidence.wall_ms) == (10, 10, 400)
        assert evidence.share == pytest.approx(0.4)
        assert evidence.route_share == pytest.approx(0.4)
        assert evidence.figures["ms_per_request"] == 40

    def test_a_loop_over_one_host_however_fast_it_answers(self):
        (finding,) = found(got(times=20, ms=0.1))
        assert "20 times in one GET /api/feed/" in finding.message
        assert finding.remedy.kind == "hoist"
        assert "before the loop" in finding.hint

    def test_one_line_in_several_routes_is_one_finding(self):
        (finding,) = found(got(), got("https://cdn.example", scope=HOME))
        assert finding.routes == ("GET /", "GET /api/feed/")
        assert "cdn.example and rates.example" in finding.message
        assert finding.evidence.calls == 2

    def test_what_is_sent_goes_to_a_task(self):
        (finding,) = found(got("https://crm.example", "POST"))
        assert finding.remedy.kind == "task"
        assert "transaction.on_commit()" in finding.hint

    def test_a_call_that_was_refused_has_no_time(self):
        (finding,) = found(got(ms=0.2, outcomes={"MaxRetryError": 1}))
        assert "refused or failed here, so its time was not measured" in finding.message
        assert finding.confidence < 0.9
        assert finding.evidence.figures["calls_failed"] == 1

    def test_a_program(self):
        (finding,) = found(got("subprocess", "wkhtmltopdf", ms=900, outcomes={"0": 1}))
        assert finding.message == "A request waits for the program wkhtmltopdf: 900 ms a request"

    def test_that_the_line_gives_no_timeout(self, tmp_path):
        source = project(
            tmp_path,
            blog__views="""
                import requests
                def feed(request):
                    return requests.get("https://rates.example")
            """,
        )
        (finding,) = found(got(ms=0.1), code=source)
        assert finding.message.endswith("without a timeout")
        assert finding.hint.startswith("give it timeout=(3, 10), and ")
        assert finding.evidence.figures["timeout"] == "none"

    @pytest.mark.parametrize(
        "call",
        [
            'requests.get("https://rates.example")',
            'requests.post("https://rates.example", json={}, timeout=None)',
            'r.request("GET", "https://rates.example")',
            'get("https://rates.example")',
            'urlopen("https://rates.example")',
        ],
    )
    def test_without_a_recording_what_may_wait_for_ever(self, tmp_path, call):
        source = project(
            tmp_path,
            blog__views=f"""
                import requests, requests as r
                from requests import get
                from urllib.request import urlopen
                def feed(request):
                    return {call}
            """,
        )
        (finding,) = found(code=source)
        assert finding.concern == "hazard"
        assert finding.location.line == 6
        assert finding.location.function == "feed"
        assert finding.evidence.wall_ms == 0
        assert "timeout=" in finding.hint

    def test_a_view_class_too(self, tmp_path):
        source = project(
            tmp_path,
            blog__views="""
                import requests
                class Feed(View):
                    def post(self, request, pk):
                        return requests.post("https://rates.example")
            """,
        )
        (finding,) = found(code=source)
        assert finding.location.function == "Feed.post"

    def test_what_only_the_enclosure_saw_of_a_function_that_answers_requests(self):
        (finding,) = found(QUICK, ledger=(refused(), refused("grpc.example", "resolve")))
        assert finding.message.startswith("feed asks grpc.example:443 and grpc.example, which")
        assert (finding.location, finding.evidence.calls) == (at(8), 2)
        assert finding.confidence == 0.6


class TestStaysSilent:
    @pytest.mark.parametrize(
        "entry",
        [
            refused(origin=at(8, function="ready")),
            refused(origin=None),
            refused(origin=at(7, "tests/test_feed.py")),
            refused(verdict="allowed"),
            refused("redis.example:6379"),
            refused("statsd.example:9999/udp"),
            refused("a@example.org", "mail"),
            refused("/srv/media/a.png", "write"),
        ],
    )
    def test_on_attempts_that_no_request_made_of_another_server(self, entry):
        assert not found(QUICK, ledger=(entry,))

    def test_on_attempts_that_were_recorded(self):
        awaited = called("outside", "https://grpc.example", "GET", location=at(8), ms=0.1)
        assert not found(QUICK, awaited, ledger=(refused(),))

    @pytest.mark.parametrize(
        "call",
        [
            got(ms=1),
            got(scope=COMMAND),
            got(scope=TEST),
            got(location=None),
            got(location=at(4, "tests/test_feed.py")),
            got(location=at(4, "blog/migrations/0002_fill.py")),
            got("redis:6379", "connect"),
            got("http://elasticsearch:9200", "POST"),
            got("unix:docker.sock", "connect"),
            got("localhost:25", "smtp"),
            got("mail", "locmem"),
            got("subprocess", "git", ms=3, outcomes={"0": 1}),
            replace(got(times=20), kind="cache", name="default", operation="get"),
        ],
    )
    def test_on_what_no_request_waits_for(self, call):
        assert not found(call)

    def test_on_a_coroutine_that_lets_others_go_on(self, tmp_path):
        source = project(
            tmp_path,
            blog__views="""
                import httpx
                async def feed(request):
                    return await httpx.AsyncClient().get("https://rates.example")
            """,
        )
        assert not found(got(), code=source)

    @pytest.mark.parametrize(
        "body",
        [
            'requests.get("https://rates.example", timeout=5)',
            'requests.get("https://rates.example", **options)',
            'httpx.get("https://rates.example")',
            'urlopen("https://rates.example", None, 5)',
            'session.get("https://rates.example")',
            "request.get()",
            "cache.get(1)",
        ],
    )
    def test_on_calls_that_end_by_themselves(self, tmp_path, body):
        source = project(
            tmp_path,
            blog__views=f"""
                import httpx, requests
                from urllib.request import urlopen
                def feed(request):
                    return {body}
            """,
        )
        assert not found(code=source)

    def test_on_a_default_for_all_sockets(self, tmp_path):
        source = project(
            tmp_path,
            config__settings="import socket\nsocket.setdefaulttimeout(5)",
            blog__views="""
                from urllib.request import urlopen
                def feed(request):
                    return urlopen("https://rates.example")
            """,
        )
        assert not found(code=source)

    def test_outside_of_views(self, tmp_path):
        text = """
            import requests
            from celery import shared_task
            @shared_task
            def fetch(request):
                return requests.get("https://rates.example")
            def load(url):
                return requests.get(url)
        """
        assert not found(code=project(tmp_path, blog__tasks=text, tests__test_feed=text))


class TestRefuses:
    def test_to_say_anything_of_nothing(self):
        assert not found()

    def test_to_claim_a_timeout_that_it_does_not_see(self):
        (finding,) = found(got())
        assert "timeout" not in finding.evidence.figures
        assert "without a timeout" not in finding.message
