"""What tests ask beside what they asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.suite import baseline as baselines
from nuages.suite.baseline import Baseline, Comparison, compare

from .told import AUTHOR, PAPER, PAPERS, suite, told

BEFORE = suite(a=told((PAPERS, PAPER, 1)))


def known(path: Path, before, *, with_times: bool = True) -> Baseline:
    """The baseline of a run, from its file."""
    (path / "a").touch()
    now = baselines.updated(Baseline(path=path / "b.json"), before, path, with_times=with_times)
    baselines.write(now)
    return baselines.load(path / "b.json")


def compared(path: Path, now, before=BEFORE, tolerance: float | None = None) -> Comparison:
    return compare(now, known(path, before), tolerance)


def test_the_same_is_no_regression(tmp_path):
    found = compared(tmp_path, BEFORE)
    assert (found.regressions, found.changes, found.better, found.new) == ([], [], 0, 0)


def test_more_queries_are_one_with_their_statements(tmp_path):
    found = compared(tmp_path, suite(a=told((PAPERS, PAPER, 1), (PAPERS, AUTHOR, 7))))
    (regression,) = found.regressions
    assert (regression.name, regression.words) == ("a", "8 queries, 1 in the baseline")
    ((asked, more, tests),) = found.changes
    assert (asked.made.sql, asked.route, more, tests) == (AUTHOR, PAPERS, 7, 1)


def test_a_statement_in_anothers_place_is_not_more(tmp_path):
    joined = f"{PAPER} INNER JOIN author"
    before = suite(a=told((PAPERS, joined, 1)))
    found = compared(tmp_path, suite(a=told((PAPERS, PAPER, 1), (PAPERS, AUTHOR, 7))), before)
    assert [(asked.made.sql, more) for asked, more, _ in found.changes] == [(AUTHOR, 7)]


def test_a_request_that_asks_more_is_told_where_the_test_asks_no_more(tmp_path):
    before = suite(a=told(("", AUTHOR, 3), (PAPERS, PAPER, 1)))
    (regression,) = compared(
        tmp_path, suite(a=told(("", AUTHOR, 2), (PAPERS, PAPER, 2))), before
    ).regressions
    assert regression.words == "2 queries in one GET /papers/, 1 in the baseline"


def test_one_change_seen_by_many_tests_is_told_once(tmp_path):
    (tmp_path / "b").touch()
    before = suite(a=told((PAPERS, PAPER, 1)), b=told((PAPERS, PAPER, 1)))
    now = suite(a=told((PAPERS, PAPER, 4)), b=told((PAPERS, PAPER, 6)))
    found = compared(tmp_path, now, before)
    assert [(more, tests) for _, more, tests in found.changes] == [(5, 2)]
    assert len(found.regressions) == 2


def test_lines_and_columns_do_not_matter_but_functions_do(tmp_path):
    wider = PAPER.replace(" FROM", ', "paper"."title" FROM')
    moved = suite(a=told((PAPERS, wider, 1), line=99))
    before = known(tmp_path, BEFORE)
    other = suite(a=told((PAPERS, PAPER, 1), function="other"))
    statements = [baselines.known_now(run.tests["a"]).statements for run in (BEFORE, moved, other)]
    assert statements[0] == statements[1] == before.tests["a"].statements
    assert statements[2] != statements[0]


@pytest.mark.parametrize(
    ("now_ms", "tolerance", "regressions"),
    [(30, 0.5, 1), (30, 9.0, 0), (30, None, 0), (9, 0.5, 0)],
    ids=["slower", "tolerated", "not asked", "by too little"],
)
def test_times_are_compared_with_a_tolerance_only(tmp_path, now_ms, tolerance, regressions):
    now = suite(a=told((PAPERS, PAPER, 1), walls_ms=(now_ms,)))
    assert len(compared(tmp_path, now, tolerance=tolerance).regressions) == regressions


def test_times_are_kept_where_they_are_compared_only(tmp_path):
    assert known(tmp_path, BEFORE, with_times=False).times_ms == {}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 1, "tests": {"a": {"x": 1}}}'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(NuagesError, match="is not a baseline of tests"):
        baselines.load(tmp_path / "b.json")
