"""What a place in the code says about the code there."""

from __future__ import annotations

import pytest

from nuages.model import Location, Scope
from nuages.origins import is_set_up, is_work


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


@pytest.mark.parametrize(
    ("kind", "name"),
    [("request", "GET /"), ("task", "shop.tasks.mail"), ("command", "manage.py digest")],
)
def test_the_sites_own_time_is_that_of_requests_tasks_and_commands(kind, name):
    assert is_work(Scope(kind=kind, name=name))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("command", "manage.py runserver"),
        ("command", "manage.py qcluster"),
        ("command", "manage.py test"),
        ("command", "manage.py migrate"),
        ("command", "manage.py seed_demo"),
        ("test", "shop/tests.py::test_it"),
        ("process", "process"),
    ],
)
def test_what_waits_for_requests_makes_databases_or_tests_is_none_of_it(kind, name):
    assert not is_work(Scope(kind=kind, name=name))
