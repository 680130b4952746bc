"""Callbacks run once a module has been imported, and leave nothing behind."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.machinery import SourceFileLoader

import pytest

from nuages.agent.imports import when_imported


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A folder on the path; modules made in it are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_imported_later_is_given_once_it_has_run(modules):
    (modules / "later_one.py").write_text("value = 1\n")
    seen = []
    when_imported("later_one", lambda module: seen.append(module.value))
    assert seen == []
    import later_one

    assert seen == [1]
    importlib.reload(later_one)
    assert seen == [1]


def test_a_module_already_imported_is_given_at_once():
    seen = []
    when_imported("sys", seen.append)
    assert seen == [sys]


def test_several_callbacks_run_in_their_order(modules):
    (modules / "later_two.py").write_text("")
    seen = []
    for number in range(3):
        when_imported("later_two", lambda _, number=number: seen.append(number))
    importlib.import_module("later_two")
    assert seen == [0, 1, 2]


def test_a_submodule_of_a_package(modules):
    (modules / "package_three").mkdir()
    (modules / "package_three" / "__init__.py").write_text("")
    (modules / "package_three" / "inner.py").write_text("value = 3\n")
    seen = []
    when_imported("package_three.inner", lambda module: seen.append(module.value))
    importlib.import_module("package_three.inner")
    assert seen == [3]


def test_the_loader_keeps_its_type_and_its_own_methods(modules):
    (modules / "later_four.py").write_text("")
    when_imported("later_four", lambda _: None)
    module = importlib.import_module("later_four")
    assert type(module.__loader__) is SourceFileLoader
    assert "exec_module" not in vars(module.__loader__)


def test_a_module_that_fails_to_import_calls_nobody(modules):
    (modules / "later_five.py").write_text("raise RuntimeError('broken')\n")
    seen = []
    cancel = when_imported("later_five", seen.append)
    with pytest.raises(RuntimeError, match="broken"):
        importlib.import_module("later_five")
    assert seen == []
    cancel()


def test_what_is_cancelled_is_not_called_and_the_finder_goes(modules):
    (modules / "later_six.py").write_text("")
    before = list(sys.meta_path)
    seen = []
    cancel = when_imported("later_six", seen.append)
    cancel()
    importlib.import_module("later_six")
    assert seen == []
    assert sys.meta_path == before


def test_looking_for_a_module_without_importing_it_does_no_harm(modules):
    (modules / "later_seven.py").write_text("value = 7\n")
    seen = []
    when_imported("later_seven", lambda module: seen.append(module.value))
    assert importlib.util.find_spec("later_seven") is not None
    assert seen == []
    importlib.import_module("later_seven")
    assert seen == [7]
