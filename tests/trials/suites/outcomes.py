"""Runs a test program and writes how each of its tests ended, a line of JSON each.

python outcomes.py FILE (pytest | -m MODULE | PROGRAM.py) [ARGUMENT …]

It runs with the suite's own interpreter, which has the standard library and no more of ours.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import re
import runpy
import sys
import traceback
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Unittest's names for what it tells a result, and ours.
WORDS = {
    "addSuccess": "passed",
    "addFailure": "failed",
    "addError": "error",
    "addSkip": "skipped",
    "addExpectedFailure": "failed as expected",
    "addUnexpectedSuccess": "passed unexpectedly",
}
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+")  # differs from run to run, and stands in parameters


class Ledger:
    """The file of outcomes, written as they come, so that a crash loses none."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._pid = os.getpid()

    def note(self, test: str, outcome: str, detail: str = "") -> None:
        """Add one outcome of a test; a forked child's are told again by its parent."""
        if os.getpid() == self._pid:
            line = {"test": ADDRESS.sub("0x", test), "outcome": outcome, "detail": detail}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


def watch_unittest(ledger: Ledger) -> None:
    """Have every result of unittest tell the ledger, whatever class of runner made it."""
    for name, word in WORDS.items():
        original = getattr(unittest.TestResult, name)
        setattr(unittest.TestResult, name, _telling(original, ledger, word))
    sub_test = unittest.TestResult.addSubTest

    @functools.wraps(sub_test)
    def add_sub_test(self: Any, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            ledger.note(_id(subtest), "failed", _text(err))
        sub_test(self, test, subtest, err)

    unittest.TestResult.addSubTest = add_sub_test  # type: ignore[method-assign]


def _telling(original: Callable[..., Any], ledger: Ledger, word: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def add(self: Any, test: Any, *arguments: Any) -> Any:
        ledger.note(_id(test), word, _text(*arguments))
        return original(self, test, *arguments)

    return add


def _id(test: Any) -> str:
    """A test's id; a suite's own tests of runners tell results of things that have none."""
    return str(test.id()) if hasattr(test, "id") else repr(test)


def _text(problem: Any = "", *_: Any) -> str:
    """A reason for skipping, or the end of a traceback."""
    if isinstance(problem, tuple):
        return "".join(traceback.format_exception(*problem))[-3000:]
    return str(problem)


class Watch:
    """A plugin of pytest that tells the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Setup and teardown count where they did not simply pass."""
        if report.when == "call" or report.outcome != "passed":
            expected = " as expected" if hasattr(report, "wasxfail") else ""
            phase = "" if report.when == "call" else f" in {report.when}"
            detail = "" if report.passed else str(report.longreprtext)[-3000:]
            self._ledger.note(report.nodeid, f"{report.outcome}{expected}{phase}", detail)

    def pytest_collectreport(self, report: Any) -> None:
        """A module that can't be imported."""
        if report.failed:
            self._ledger.note(
                report.nodeid, "error in collection", str(report.longreprtext)[-3000:]
            )


def main() -> None:
    """Become the program."""
    path, first, *rest = sys.argv[1:]
    ledger = Ledger(Path(path))
    sys.path.pop(0)  # this file's folder
    if first == "pytest":
        sys.argv = [first, *rest]
        sys.exit(importlib.import_module("pytest").main(rest, plugins=[Watch(ledger)]))
    watch_unittest(ledger)
    if first == "-m":
        sys.argv = rest
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [first, *rest]
        sys.path.insert(0, str(Path(first).resolve().parent))
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    main()
