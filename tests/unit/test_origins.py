"""What a place in the code says about the code there."""

from __future__ import annotations

import pytest

from nuages.model import Location, Scope
from nuages.origins import is_set_up


@pytest.mark.parametrize(
    ("test", "file"),
    [
        ("shop/sizes.py::test_sizes[a-3]", "shop/sizes.py"),
        ("backend/shop/sizes.py::test_sizes", "shop/sizes.py"),
        ("sizes.py::test_sizes", "shop/sizes.py"),
        ("shop.checks.SizeTest.test_sizes", "shop/checks.py"),
        ("shop/anything.py::test_it", "shop/tests/helpers.py"),
    ],
)
def test_a_file_of_tests_is_set_up_whatever_it_is_called(test, file):
    assert is_set_up(Scope(kind="test", name=test), Location(file=file, line=3))


@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [
        ("test", "shop/sizes.py::test_sizes", "shop/views.py"),
        ("test", "shop/sizes.py::test_sizes", "izes.py"),
        ("test", "shop.checks.SizeTest.test_sizes", "shop/check.py"),
        ("request", "GET /sizes/", "shop/sizes.py"),
        ("command", "manage.py digest", "shop/sizes.py"),
    ],
)
def test_what_it_calls_is_the_product(kind, name, file):
    assert not is_set_up(Scope(kind=kind, name=name), Location(file=file, line=3))
