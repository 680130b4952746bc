"""`nuages up` on a small project: what its parts' failures cost, counted under steady load."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.stack import endings, matrix, running
from benchmarks.stack.sender import Ask

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),  # one machine, one stack at a time
]
RESULTS = Path(__file__).resolve().parents[2] / "build" / "reliability"


@pytest.fixture(scope="module")
def stack():
    with running.copied_project() as root, running.stack(root) as started:
        yield started


WHOLE = "MATRIX" in os.environ  # every failure, not only those that stand for the others
ASKED = [each for each in matrix.SCENARIOS if not each.of_services and (WHOLE or not each.is_slow)]


@pytest.mark.parametrize("scenario", ASKED, ids=lambda each: each.name)
def test_a_failure_costs_no_more_than_it_may(stack, scenario):
    result = matrix.run(scenario, stack)
    running.write_json(RESULTS / f"{scenario.name}.json", result.to_json())
    sent = result.gets + result.posts
    assert sent > 0.8 * running.RPS * (scenario.after + 0.8)
    assert result.lost_writes == 0
    assert result.failed_gets <= scenario.gets, result.why
    assert result.failed_posts <= scenario.posts, result.why


def test_load_brings_replicas_and_fails_no_request():
    with running.copied_project() as root, running.stack(root, ["--autoscale", "1..3"]) as stack:
        assert len([row for row in stack.rows() if row["service"] == "web"]) == 1
        slow = lambda number: Ask(method="GET", path="/slow/")  # noqa: E731
        tally = stack.under_load(lambda: None, rps=6, before=9, after=3, asks=slow)
        replicas = [row for row in stack.rows() if row["service"] == "web"]
        assert len(replicas) > 1
        assert tally.failed("GET") == []


class TestTheEnd:
    def test_a_killed_supervisor_leaves_no_process(self):
        assert endings.supervisor_killed() == []

    def test_two_interrupts_leave_no_process_and_take_no_time(self):
        left, seconds = endings.interrupted_twice()
        assert left == []
        assert seconds < 8

    def test_an_interrupt_while_it_starts_leaves_no_process(self):
        code, left = endings.interrupted_while_starting()
        assert (code, left) == (130, [])

    def test_what_was_written_is_there_the_next_time(self):
        written, lost = endings.kept_between_runs()
        assert written
        assert lost == []


class TestRefusals:
    def test_a_second_up_refuses_and_the_first_serves_on(self):
        second, states = endings.two_at_once()
        assert second.returncode == 2
        assert "is up already" in second.stderr
        assert set(states) == {"ready"}

    def test_a_port_that_is_taken_is_named_with_another(self):
        refused = endings.port_taken()
        assert refused.returncode == 2
        assert "address already in use" in refused.stderr
        assert "--port" in refused.stderr


@pytest.mark.skipif(os.environ.get("CI") == "true", reason="a busy machine starts nothing in time")
def test_chorus_serves_within_five_seconds(repository, chorus_python):
    seconds = endings.cold_start(repository / "examples" / "chorus", chorus_python)
    running.write_json(RESULTS / "cold-start.json", {"seconds": round(seconds, 2)})
    assert seconds < 15  # 5 on an idle machine, see docs/reliability.md
