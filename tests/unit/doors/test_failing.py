"""Which tests failed and why, from the output of real runners."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nuages.doors import failing

TESTS = """
import unittest, pytest

class CartTest(unittest.TestCase):
    def test_total(self):
        "What a cart costs."
        self.assertEqual([1, 2], [1, 3])

    def test_each(self):
        for i in range(2):
            with self.subTest(i=i):
                self.assertTrue(i)

    def test_mail(self):
        try:
            {}["host"]
        except KeyError as error:
            raise ConnectionError("no way to mail.example:25, not even after waiting") from error

    def test_good(self):
        pass
"""
FIXTURE = """
@pytest.fixture
def shop():
    raise RuntimeError("no shop")

@pytest.mark.parametrize("name", ["a b"])
def test_name(shop, name):
    pass
"""
LISTS = "AssertionError: Lists differ: [1, 2] != [1, 3]"
MAIL = "ConnectionError: no way to mail.example:25, not even after waiting"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("failing")
    (path / "test_shop.py").write_text(TESTS)
    (path / "test_fixture.py").write_text(f"import pytest\n{FIXTURE}")
    (path / "test_lost.py").write_text("import no_such_package\n")
    return path


def run(folder: Path, *argv: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *argv],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode
    return done.stdout


@pytest.fixture(scope="module")
def by_pytest(folder: Path) -> str:
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:nuages")
    return run(folder, "pytest", *quiet, "--continue-on-collection-errors")


@pytest.fixture(scope="module")
def by_unittest(folder: Path) -> str:
    return run(folder, "unittest", "test_shop", "test_lost")


def test_pytest_s_errors_are_whole_and_by_node_id(by_pytest: str) -> None:
    found = failing.reasons(by_pytest)
    assert found["test_shop.py::CartTest::test_total"] == LISTS
    assert found["test_shop.py::CartTest::test_mail"] == MAIL  # its summary is cut
    assert found["test_fixture.py::test_name[a b]"] == "RuntimeError: no shop"
    assert found["test_lost.py"] == "ModuleNotFoundError: No module named 'no_such_package'"
    assert "test_shop.py::CartTest::test_good" not in found


def test_unittest_s_errors_are_by_id(by_unittest: str) -> None:
    found = failing.reasons(by_unittest)
    assert found["test_shop.CartTest.test_total"] == LISTS
    assert found["test_shop.CartTest.test_mail"] == MAIL
    assert found["test_shop.CartTest.test_each"] == "AssertionError: 0 is not true"
    assert "No module named 'no_such_package'" in found["unittest.loader._FailedTest.test_lost"]
    assert len(found) == 4


def test_a_title_as_older_pythons_write_it() -> None:
    output = (
        f"{'=' * 70}\nERROR: test_total (shop.tests.CartTest)\n{'-' * 70}\n"
        'Traceback (most recent call last):\n  File "x.py", line 1, in test_total\n'
        f"OSError: full\n\n{'-' * 70}\nRan 1 test in 0.1s\n"
    )
    assert failing.reasons(output) == {"shop.tests.CartTest.test_total": "OSError: full"}


def test_output_of_another_runner_gives_no_reason() -> None:
    assert failing.reasons("1 of 3 scenarios failed\nERROR: see the log\n") == {}
    assert failing.reasons("") == {}


def told(tests: dict[str, bool], output: str = "", **outside: bool) -> tuple[str, ...]:
    known = {f"t.py::{name}": passed for name, passed in outside.items()}
    return failing.notes(tests, output, command="pytest -q", outside=known)


def test_nothing_is_said_where_nothing_fails() -> None:
    assert told({"t.py::a": True}) == ()


def test_the_first_few_are_named_and_the_rest_counted() -> None:
    *named, rest, _ = told({f"t.py::test_{n}": n == 0 for n in range(9)})
    assert named == [f"fails: t.py::test_{n}" for n in range(1, 6)]
    assert rest == "… and 3 more fail"


def test_what_failed_before_any_test_began_is_named_once(by_pytest: str) -> None:
    lines = told({"sub/test_shop.py::CartTest::test_total": False}, by_pytest)
    assert lines[0] == f"fails: sub/test_shop.py::CartTest::test_total: {LISTS}"
    assert sum("test_total" in line for line in lines) == 1
    assert any("test_lost.py: ModuleNotFoundError" in line for line in lines)


def test_whether_they_fail_outside_is_said_where_it_is_known() -> None:
    tests = {"t.py::a": False, "t.py::b": False, "t.py::c": True}
    assert "1 of them passed when they were recorded" in told(tests, a=True, b=False)[-1]
    assert told(tests, a=False, b=False)[-1].startswith("They failed as well when")
    assert told(tests)[-1].endswith("by running it by hand: pytest -q")
