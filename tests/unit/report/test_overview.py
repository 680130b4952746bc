"""The first page says the run in a sentence, and how much of it was seen in a line."""

from __future__ import annotations

from dataclasses import replace

from nuages.model import Budgets, Coverage, Recording
from nuages.report.contents import of_diagnosis, of_tune
from nuages.report.overview import coverage_line, overview

from .sample_recording import RECORDING, stats
from .samples import COVERAGE, DIAGNOSED, FINDINGS, TUNED


def of_recording(recording: Recording):
    return overview(of_diagnosis(DIAGNOSED, recording, Budgets()))


def test_a_run_is_told_by_what_it_changed():
    head = overview(of_tune(TUNED, Budgets()))
    assert head.lead.startswith("78 → 30 queries per request")
    assert head.verified == 6
    assert [round(level.before) for level in head.levels] == [78, 17, 35]


def test_a_recording_is_told_by_its_level():
    head = of_recording(RECORDING)
    assert head.lead == ("12 findings in 123 executions, which took 15.8 s in all, 128 ms each.")
    assert [level.name for level in head.levels] == [
        "Queries per request", "Database per request", "CPU per request",
    ]  # fmt: skip
    assert head.levels[0].after == 5
    assert head.verified == 0


def test_settings_and_code_alone_have_no_level():
    head = of_recording(Recording())
    assert head.lead == (
        "12 findings in settings and code; nothing was run, so no time can be told."
    )
    assert not head.is_measured


def test_a_suite_without_requests_is_told_by_its_tests():
    suite = Recording(scopes=(stats("test_a", kind="test", executions=4, wall_ms=50),))
    head = of_recording(suite)
    assert head.lead == "12 findings in 4 executions, which took 200 ms in all, 50 ms each."
    assert head.levels[0].name == "Queries per execution"


def test_hazards_are_apart():
    findings = (replace(FINDINGS[0], concern="hazard"), *FINDINGS[1:])
    contents = of_diagnosis(replace(DIAGNOSED, findings=findings), RECORDING, Budgets())
    head = overview(contents)
    assert (head.costs, head.hazards) == (tuple(range(11)), (11,))


def test_coverage_is_told_in_a_line():
    assert coverage_line(COVERAGE) == (
        "17 of 25 routes answered 2xx, with rows, or took a form; "
        "1 empty, 1 redirected, 1 denied, 1 failed, 4 not driven."
    )
    assert coverage_line(Coverage()) == "No route is known."
    alone = Coverage(routes=COVERAGE.routes[:1])
    assert coverage_line(alone) == "1 of 1 route answered 2xx, with rows, or took a form."
