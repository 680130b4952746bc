"""Tests as scopes, and how they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from types import ModuleType
from typing import Any

from nuages.record import executions, faults, landmarks, selection, snapshots
from nuages.record.patches import Patches

counts: dict[str, int] = {}  # "passed", "failed", as the runner reported them


class Outcome:
    """How a test ended."""

    status = ""


@contextmanager
def test(name: str) -> Iterator[Outcome]:
    """The scope of one test, whatever runs it; its status is the caller's to set."""
    execution, outcome = executions.begin("test", name), Outcome()
    try:
        with executions.enter(execution):
            yield outcome
    finally:
        executions.end(execution, outcome.status)


def report(*, passed: int, failed: int) -> None:
    """Add a test runner's counts; the process that sums up reports, its workers don't."""
    counts["passed"] = counts.get("passed", 0) + passed
    counts["failed"] = counts.get("failed", 0) + failed


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch unittest.case."""
    wrapper = _running(module.TestCase.run)
    landmarks.add(wrapper, landmarks.STOP)
    patches.replace(module.TestCase, "run", wrapper)


def _running(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def run(self: Any, result: Any = None) -> Any:
        if executions.is_in("test"):  # pytest's, which knows the name people use
            return original(self, result)
        before = _problems(result)
        with test(_id(self)) as outcome:
            try:
                return original(self, result)
            finally:
                _conclude(outcome, before, result)

    return run


def _conclude(outcome: Outcome, before: tuple[int, ...], result: Any) -> None:
    try:
        outcome.status = _status(before, _problems(result))
    except Exception:
        faults.note()


def _id(case: Any) -> str:
    try:
        return str(case.id())
    except Exception:  # a test that names itself in a way of its own
        faults.note()
        return type(case).__qualname__


# Attributes of unittest's results, and what Django's parallel workers send home instead.
OUTCOMES = {
    "failures": "addFailure",
    "errors": "addError",
    "unexpectedSuccesses": "addUnexpectedSuccess",
    "skipped": "addSkip",
    "expectedFailures": "addExpectedFailure",
}


def _problems(result: Any) -> tuple[int, ...]:
    """How many tests ended in each of OUTCOMES so far."""
    try:
        return tuple(map(partial(_count, result), OUTCOMES))
    except Exception:
        faults.note()
        return (0,) * len(OUTCOMES)


def _count(result: Any, outcome: str) -> int:
    events = getattr(result, "events", None)
    if isinstance(events, list):
        return sum(_is(event, outcome) for event in events)
    return len(getattr(result, outcome, None) or ())


def _is(event: Any, outcome: str) -> bool:
    failed_part = event[0] == "addSubTest" and event[3] is not None
    return event[0] == OUTCOMES[outcome] or (failed_part and outcome == "failures")


def _status(before: tuple[int, ...], after: tuple[int, ...]) -> str:
    if after[:3] != before[:3]:
        return "failed"
    if after[3] != before[3]:
        return "skipped"
    return "xfailed" if after[4] != before[4] else "passed"


def hook_runner(module: ModuleType, patches: Patches) -> None:
    """Patch unittest.runner; Django's parallel workers use others, so each test counts once."""
    patches.replace(module.TextTestRunner, "run", _counting(module.TextTestRunner.run))


def _narrow(suite: Any) -> None:
    try:
        selection.narrow(suite)
    except Exception:
        faults.note()


def _counting(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def run(self: Any, test: Any, *args: Any, **kwargs: Any) -> Any:
        _narrow(test)
        result = original(self, test, *args, **kwargs)
        try:
            _report(result)
        except Exception:
            faults.note()
        snapshots.flush(is_last=False)
        return result

    return run


def _report(result: Any) -> None:
    failures, errors, unexpected, skipped, _ = _problems(result)
    failed = failures + errors + unexpected
    report(passed=max(result.testsRun - failed - skipped, 0), failed=failed)
