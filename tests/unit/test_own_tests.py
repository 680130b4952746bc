"""The project's own tests have the last word on edits that were verified by other means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.unit.test_fix import SOURCES, Site, proposed

from nuages.errors import NuagesError
from nuages.fix import ALL, RunOutcome, verify
from nuages.fix.own_tests import OwnTests
from nuages.model import Finding, Recording

FEED, HOME, BROKEN = "t.py::test_feed", "t.py::test_home", "t.py::test_broken"


class Suite:
    """Tests of which one fails with a prefetch of tags, and one always."""

    def __init__(self, mark: str = '"tags"') -> None:
        self.runs: list[tuple[bool, frozenset[str]]] = []
        self._mark = mark

    def __call__(self, edits: Mapping[str, str], tests: frozenset[str]) -> RunOutcome:
        self.runs.append((bool(edits), tests))
        text = "".join(edits.values())
        passed = {FEED: self._mark not in text, HOME: True, BROKEN: False}
        chosen = {name: ok for name, ok in passed.items() if not tests or name in tests}
        return RunOutcome(recording=Recording(), tests=chosen)


def judged(suite: Suite) -> dict[str | None, Finding]:
    site = Site()
    found = verify(
        proposed(), SOURCES, site({}), site, doubts=lambda sources, *_: [OwnTests(suite, sources)]
    )
    return {finding.remedy.path: finding for finding in found if "feed" in finding.routes[0]}


def test_an_edit_that_breaks_a_test_is_refused_and_the_others_stay() -> None:
    found = judged(suite := Suite())
    assert found["tags"].fix.status == "refused"
    assert found["tags"].fix.reason == f"the project's own test {FEED} fails with it"
    assert found["author"].fix.status == "verified"
    assert found["author"].fix.reason.endswith(", 2 of the project's tests pass as before")
    assert suite.runs[0] == (False, ALL)
    assert suite.runs[1] == (True, ALL)
    assert {tests for _, tests in suite.runs[2:]} == {frozenset({FEED})}


def test_two_runs_are_enough_where_nothing_breaks() -> None:
    found = judged(suite := Suite(mark="no such text"))
    assert {finding.fix.status for finding in found.values()} == {"verified"}
    assert suite.runs == [(False, ALL), (True, ALL)]


def test_a_test_that_fails_by_itself_now_and_then_breaks_nothing() -> None:
    class Fickle(Suite):
        def __call__(self, edits: Mapping[str, str], tests: frozenset[str]) -> RunOutcome:
            outcome = super().__call__(edits, tests)
            failing = {FEED: len(self.runs) == 1} if FEED in outcome.tests else {}
            return replace(outcome, tests={**outcome.tests, **failing})

    assert {finding.fix.status for finding in judged(Fickle()).values()} == {"verified"}


def test_tests_that_all_fail_say_nothing() -> None:
    class Broken(Suite):
        def __call__(self, edits: Mapping[str, str], tests: frozenset[str]) -> RunOutcome:
            self.runs.append((bool(edits), tests))
            return RunOutcome(recording=Recording(), tests={BROKEN: False})

    found = judged(suite := Broken())
    assert {finding.fix.status for finding in found.values()} == {"verified"}
    assert not any("tests" in finding.fix.reason for finding in found.values())
    assert suite.runs == [(False, ALL)]


def test_edits_with_which_the_tests_do_not_run_are_refused() -> None:
    class Fragile(Suite):
        def __call__(self, edits: Mapping[str, str], tests: frozenset[str]) -> RunOutcome:
            if edits:
                raise NuagesError("no process could be recorded")
            return super().__call__(edits, tests)

    found = judged(Fragile())
    assert {finding.fix.status for finding in found.values()} == {"refused"}
    assert "the tests do not run: no process" in found["author"].fix.reason
