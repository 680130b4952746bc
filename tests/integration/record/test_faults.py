"""A recorder that fails changes no answer: a fault in each of its functions, one at a time."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("faults")  # visited once a mode, on one worker


@pytest.fixture(scope="module", params=["light", "deep"])
def tried(request, library, run):
    """What came of visiting everything with every fault."""
    output = library / f"endured-{request.param}.json"
    run("rough/endure.py", request.param, str(output))
    return json.loads(output.read_text())


def test_the_visits_answer_the_same_every_time(tried):
    assert len(tried["visits"]) > 50
    assert tried["unsteady"] == {}
    # … and each answers what it was made for, be it an exception.
    answers = tried["visits"]
    assert "200 OK" in answers["wsgi /orm/"]
    assert "KeyboardInterrupt" in answers["wsgi /failing/interrupt/"]
    assert "torn" in answers["asgi /torn-async/"]


def test_recording_changes_no_answer_and_has_no_fault(tried):
    assert tried["recorded"] == {}
    assert tried["noted"] == []


def test_cursors_of_the_projects_own_are_recorded_like_others(tried):
    # Two queries with each of six kinds of cursor; what the driver's own class fetches counts.
    assert tried["figures"]["request GET /odd-cursors/"][:2] == [1, 12]


def test_faults_are_put_into_whatever_the_visits_reach(tried):
    assert len(tried["faults"]) > 100
    # Some guards stand behind a condition, and some functions run once a process.
    silent = [fault["fault"] for fault in tried["faults"] if not fault["raised"]]
    assert len(silent) < 0.05 * len(tried["faults"]), silent
    modules = {fault["fault"].partition(".")[0] for fault in tried["faults"]}
    assert modules >= {"executions", "requests", "cursors", "jobs", "suites", "threads", "totals",
                       "snapshots", "capture", "statements"}  # fmt: skip


def test_no_fault_changes_an_answer(tried):
    assert {f["fault"]: f["different"] for f in tried["faults"] if f["different"]} == {}


def test_no_fault_leaves_an_execution_open(tried):
    assert {f["fault"]: f["left"] for f in tried["faults"] if f["left"]} == {}


def test_after_the_faults_everything_is_recorded_as_before(tried):
    assert tried["figures"]["request GET /orm/"][0] == 1
    assert tried["forgotten"] == {}


def test_detached_it_changes_no_answer_either(tried):
    assert tried["uninstalled"] == {}
