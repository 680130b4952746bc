"""Suites of unittest are narrowed in place, wherever their tests are kept."""

from __future__ import annotations

import unittest

import pytest

from nuages.record import selection


class Case(unittest.TestCase):
    def test_a(self):
        pass

    def test_b(self):
        pass


@pytest.fixture(autouse=True)
def _nothing_chosen_afterwards():
    yield
    selection.choose(())


def ids(suite) -> list[str]:
    return [test.id().rpartition(".")[2] for test in selection._tests(suite)]


def nested() -> unittest.TestSuite:
    inner = unittest.TestSuite([Case("test_a"), Case("test_b")])
    return unittest.TestSuite([inner, unittest.TestSuite([Case("test_b")])])


class InProcesses(unittest.TestSuite):
    """As Django's parallel suite: its tests are in `subsuites` alone."""

    def __init__(self, subsuites):
        super().__init__()
        self.subsuites = subsuites

    def __iter__(self):
        return iter(self.subsuites)


def test_nothing_is_left_out_unless_tests_were_chosen():
    suite = nested()
    selection.narrow(suite)
    assert ids(suite) == ["test_a", "test_b", "test_b"]


@pytest.mark.parametrize("suite", [nested(), InProcesses([nested()])])
def test_only_what_was_chosen_is_left(suite):
    selection.choose([Case("test_a").id()])
    selection.narrow(suite)
    assert ids(suite) == ["test_a"]


def test_empty_suites_are_left_out():
    selection.choose([Case("test_a").id()])
    suite = nested()
    selection.narrow(suite)
    assert len(list(suite)) == 1


def test_everything_is_left_when_a_chosen_test_is_missing():
    selection.choose([Case("test_a").id(), "case.Case.test_renamed"])
    suite = nested()
    selection.narrow(suite)
    assert ids(suite) == ["test_a", "test_b", "test_b"]
