"""Outcomes of other people's tests, and what of them differs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.trials.suites.comparison import differences, repeated
from tests.trials.suites.running import WRAPPER, Ending, Run, read_outcomes

UNITTEST = """
import unittest

class Things(unittest.TestCase):
    def test_passed(self): pass
    def test_failed(self): self.fail("no")
    def test_error(self): raise ValueError
    @unittest.skip("later")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    def test_parts(self):
        for n in 1, 2:
            with self.subTest(n=n, thing=object()):
                self.assertEqual(n, 1)

unittest.main()
"""
PYTEST = """
import pytest

@pytest.fixture
def broken(): raise ValueError

@pytest.mark.parametrize("n", [1, 2])
def test_passed(n): assert n
def test_failed(): assert 0
def test_error(broken): pass
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.xfail
def test_expected(): assert 0
"""


def outcomes_of(folder: Path, *program: str) -> dict[str, str]:
    argv = [sys.executable, str(WRAPPER), str(folder / "outcomes.jsonl"), *program]
    subprocess.run(argv, cwd=folder, capture_output=True, check=False)
    found = read_outcomes(folder / "outcomes.jsonl")
    return {test: ", ".join(ending.outcomes) for test, ending in found.items()}


def test_a_program_of_unittest_says_how_each_test_ended(tmp_path):
    (tmp_path / "things.py").write_text(UNITTEST)
    assert outcomes_of(tmp_path, "things.py") == {
        "__main__.Things.test_passed": "passed",
        "__main__.Things.test_failed": "failed",
        "__main__.Things.test_error": "error",
        "__main__.Things.test_skipped": "skipped",
        "__main__.Things.test_expected": "failed as expected",
        "__main__.Things.test_parts (n=2, thing=<object object at 0x>)": "failed",
    }


def test_pytest_says_how_each_test_ended(tmp_path):
    (tmp_path / "test_things.py").write_text(PYTEST)
    assert outcomes_of(tmp_path, "pytest", "-q", "-p", "no:cacheprovider") == {
        "test_things.py::test_passed[1]": "passed",
        "test_things.py::test_passed[2]": "passed",
        "test_things.py::test_failed": "failed",
        "test_things.py::test_error": "failed in setup",
        "test_things.py::test_skipped": "skipped in setup",
        "test_things.py::test_expected": "skipped as expected",
    }


def run_of(**outcomes: str) -> Run:
    endings = {test: Ending(outcomes=(outcome,)) for test, outcome in outcomes.items()}
    return Run(exit_code=0, seconds=1, endings=endings, output=Path("output"))


def test_what_ended_alike_is_no_difference():
    assert differences(run_of(a="failed", b="passed"), run_of(b="passed", a="failed")) == []


@pytest.mark.parametrize("outcome", ["failed", "skipped"])
def test_what_ended_otherwise_is_told(outcome):
    found = differences(run_of(a="passed", b="passed"), run_of(a="passed", b=outcome))
    assert next(repeated(found, {})) == f"b: passed → {outcome}"


def test_a_test_that_one_run_lacks_is_a_difference():
    [lost] = differences(run_of(a="passed", b="passed"), run_of(a="passed"))
    assert next(lost.lines()) == "b: passed → not run"
