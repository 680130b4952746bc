"""Which files are the project's own."""

from __future__ import annotations

import os
import sys

from nuages.record.ownership import Ownership


def test_files_below_a_root_are_the_projects(tmp_path):
    owned = Ownership({".": str(tmp_path)})
    assert owned.place(str(tmp_path / "app" / "views.py")) == (".", "app/views.py")
    assert owned.place("/elsewhere/views.py") is None
    assert owned.place(str(tmp_path) + "-other/views.py") is None
    assert owned.place("<string>") is None


def test_libraries_below_a_root_are_not(tmp_path):
    owned = Ownership({".": str(tmp_path)})
    for folder in (".venv/lib/python3.12/site-packages", "node_modules", "env/lib/site-packages"):
        assert owned.place(str(tmp_path / folder / "x.py")) is None


def test_a_root_that_is_itself_among_libraries_is_the_projects(tmp_path):
    root = tmp_path / "site-packages" / "shop"
    owned = Ownership({"shop": str(root)})
    assert owned.place(str(root / "models.py")) == ("shop", "models.py")


def test_the_innermost_of_nested_roots_owns_a_file(tmp_path):
    owned = Ownership({".": str(tmp_path), "libs/x": str(tmp_path / "libs" / "x")})
    assert owned.place(str(tmp_path / "libs" / "x" / "m.py")) == ("libs/x", "m.py")
    assert owned.place(str(tmp_path / "libs" / "y.py")) == (".", "libs/y.py")


def test_a_link_to_a_root_leads_there(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for root, file in (("link", "real"), ("real", "link")):
        owned = Ownership({".": str(tmp_path / root)})
        assert owned.place(str(tmp_path / file / "m.py")) == (".", "m.py")


def test_the_interpreter_below_a_root_is_foreign():
    root = os.path.dirname(sys.prefix)
    owned = Ownership({".": root})
    assert owned.place(os.path.join(sys.prefix, "lib", "os.py")) is None
