"""Which routes need no server that waits for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.rules.recordings import called
from tests.unit.rules.sources import code
from tests.unit.rules.traffic import asked

from nuages.cases import Case
from nuages.code import Code
from nuages.model import Finding, Recording, Scope, ScopeStats
from nuages.rules import serverless_fit

HOOK = ScopeStats(
    scope=Scope(kind="request", name="POST /hooks/"),
    executions=1_000,
    queries=1_000,
    wall_ns=1_000 * 20_000_000,
    histogram=(*(0,) * 14, 1_000),
    statuses={"200": 1_000},
    view="hooks.views.receive",
    counters={"busy_seconds": 60},
    peaks={"in_one_second": 40, "response_bytes": 200},
)
QUERIES = asked(scopes=(HOOK.scope,))


def process(seconds: int = 7_200) -> ScopeStats:
    scope = Scope(kind="process", name="process")
    return ScopeStats(scope=scope, executions=0, peaks={"recorded_seconds": seconds})


def found(
    stats=HOOK, *, seconds=7_200, groups=QUERIES, calls=(), text: Code | None = None
) -> list[Finding]:
    recording = Recording(scopes=(stats, process(seconds)), groups=groups, calls=calls)
    return list(serverless_fit.find(Case(recording, code=text or Code())))


class TestFinds:
    def test_what_comes_in_bursts_and_leaves_nothing_behind(self):
        [finding] = found()
        assert finding.message.startswith(
            "POST /hooks/ was asked in 0.8 % of the time, then up to 40 times a second"
        )
        assert finding.confidence == 0.3
        assert finding.evidence.wall_ms == 0


class TestStaysSilent:
    @pytest.mark.parametrize(
        "changes",
        [
            {"executions": 100},
            {"queries": 9_000},
            {"histogram": (*(0,) * 21, 1_000)},
            {"counters": {"busy_seconds": 3_000}},
            {"peaks": {"in_one_second": 2}},
            {"peaks": {"in_one_second": 40, "response_bytes": 9_000_000}},
            {"statuses": {"200": 900, "500": 100}},
            {"view": "django.contrib.admin.sites.index"},
        ],
        ids=["seldom", "many queries", "long", "always", "evenly", "large", "failing", "Django's"],
    )
    def test_on_what_does_not_fit(self, changes):
        assert not found(replace(HOOK, **changes))

    @pytest.mark.parametrize("kind", ["module-state", "cache"])
    def test_on_what_keeps_something(self, kind):
        assert not found(calls=(called(kind, "x", "get", scope=HOOK.scope),))

    def test_on_an_app_with_state_or_files_of_its_own(self, tmp_path):
        text = "seen = []\n\ndef receive(request):\n    seen.append(1)\n"
        assert not found(text=code(tmp_path, hooks__views=text))

    def test_on_what_tests_asked(self):
        assert not found(groups=asked(scopes=(HOOK.scope,), tests=("tests/test_hooks.py::test",)))


class TestRefuses:
    def test_a_recording_of_less_than_an_hour(self):
        assert not found(seconds=1_800)

    def test_without_a_recording(self):
        assert not list(serverless_fit.find(Case()))
