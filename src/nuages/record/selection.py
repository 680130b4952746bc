"""Of a test suite only the tests that were asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

wanted: frozenset[str] = frozenset()  # none: every test is run


def choose(names: Iterable[str]) -> None:
    """Run only the tests of these names from now on."""
    global wanted
    wanted = frozenset(names)


def selects(names: Collection[str]) -> bool:
    """Whether to leave tests out: not when one that is wanted has another name by now."""
    return bool(wanted) and wanted.issubset(names)


def narrow(suite: Any) -> None:
    """Leave the other tests out of a suite of unittest's, so that their classes aren't set up."""
    if selects({test.id() for test in _tests(suite)}):
        _keep(suite)


def _tests(suite: Any) -> Iterator[Any]:
    for test in suite:
        if hasattr(test, "__iter__"):
            yield from _tests(test)
        else:
            yield test


def _keep(suite: Any) -> bool:
    """Whether anything is left of it. Django's parallel suites hold theirs in `subsuites`."""
    if not hasattr(suite, "__iter__"):
        return suite.id() in wanted
    for attribute in ("_tests", "subsuites"):
        tests = getattr(suite, attribute, None)
        if isinstance(tests, list):
            tests[:] = [test for test in tests if _keep(test)]
    return any(True for _ in suite)
