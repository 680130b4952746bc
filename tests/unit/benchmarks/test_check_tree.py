"""The project that `nuages check` is timed on."""

from __future__ import annotations

import ast

from benchmarks.check import tree


def test_it_has_the_lines_that_were_asked_for_and_is_python(tmp_path):
    lines = tree.make(tmp_path, 3_000)
    written = sum(path.read_text().count("\n") for path in tmp_path.glob("app*/*.py"))
    assert lines == written >= 3_000
    for path in tmp_path.rglob("*.py"):
        ast.parse(path.read_text())


def test_its_settings_name_its_apps(tmp_path):
    tree.make(tmp_path, 3_000)
    settings: dict[str, list[str]] = {}
    exec((tmp_path / "config" / "settings.py").read_text(), {"__file__": __file__}, settings)
    apps = {path.parent.name for path in tmp_path.glob("app*/__init__.py")}
    assert apps <= set(settings["INSTALLED_APPS"])
