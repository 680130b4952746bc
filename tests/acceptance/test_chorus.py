"""tune on the example, held against the list of its faults, which nuages never reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.commands import nuages
from tests.acceptance.projects import contents
from tests.unit.test_chorus_faults import FAULTS, SILENT

pytestmark = [
    pytest.mark.xdist_group("chorus"),  # one run, on one worker
    pytest.mark.timeout(960),
]

CHORUS = Path(__file__).parents[2] / "examples" / "chorus"
LOOPS = [
    fault for fault in FAULTS if fault["rule"] == "n-plus-one" and "GET " in fault["reached by"]
]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one run says, on chorus' own data; that run must leave the example as it was."""
    page = tmp_path_factory.mktemp("chorus") / "report.html"
    before = contents(CHORUS)
    run = nuages(
        "tune", str(CHORUS), "--data-command", "seed", "--html", str(page), "--json",
        "--no-load", "--minutes", "30",  # however slow the machine
        cwd=CHORUS, seconds=900,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    assert contents(CHORUS) == before
    assert "chorus" in page.read_text("utf-8")
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def loops(tuned: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for finding in tuned["findings"] if finding["rule"] == "n-plus-one"]


def lines(finding: dict[str, Any], *keys: str) -> Iterator[str]:
    """`path:line` of these places of a finding, as far as it has them."""
    for key in keys:
        if finding[key]:
            yield f"{finding[key]['file']}:{finding[key]['line']}"


def is_of(finding: dict[str, Any], fault: dict[str, str]) -> bool:
    """Whether a finding blames the fault's line, or would edit its queryset for the same path."""
    if fault["blame"] in lines(finding, "location", "trigger"):
        return True
    path = finding["remedy"]["path"]
    return (
        path is not None
        and f'"{path}"' in fault["remedy"]
        and (fault["created"] in lines(finding, "created_at"))
    )


@pytest.mark.parametrize("fault", LOOPS, ids=[fault["id"] for fault in LOOPS])
def test_every_loop_that_a_get_reaches_is_found(
    tuned: dict[str, Any], fault: dict[str, str]
) -> None:
    assert any(is_of(finding, fault) for finding in loops(tuned))


def test_no_loop_is_reported_that_is_none(tuned: dict[str, Any]) -> None:
    silent = {place["line"] for place in SILENT if place["looks like"] == "n-plus-one"}
    for finding in loops(tuned):
        assert any(is_of(finding, fault) for fault in FAULTS), finding["message"]
        assert silent.isdisjoint(lines(finding, "location", "trigger")), finding["message"]


def test_two_thirds_of_them_are_fixed_and_verified(tuned: dict[str, Any]) -> None:
    verified = [finding for finding in loops(tuned) if finding["fix"]["status"] == "verified"]
    fixed = [fault for fault in LOOPS if any(is_of(finding, fault) for finding in verified)]
    assert len(fixed) * 3 >= len(LOOPS) * 2


def test_the_answers_cost_fewer_queries(tuned: dict[str, Any]) -> None:
    before, after = tuned["before"]["routes"], tuned["after"]["routes"]
    assert after["GET /members/"]["queries"] < 10 < before["GET /members/"]["queries"]
    assert tuned["after"]["queries_per_request"] * 2 < tuned["before"]["queries_per_request"]


def test_what_it_tried_to_reach_outside_is_in_the_ledger(tuned: dict[str, Any]) -> None:
    outside = {entry["origin"]["file"] for entry in tuned["ledger"] if entry["origin"]}
    assert "core/outside.py" in outside
