"""Where a project's code is found, and where its recordings go."""

from __future__ import annotations

import sys

import pytest

from nuages.django.places import labelled, project_roots, spool_of, spools_of


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """Makes files below a folder that modules are found in."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("")
        return tmp_path

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] == "siteconf"]:
        del sys.modules[name]


def test_base_dir_is_the_root_when_the_settings_are_below_it(layout):
    root = layout("siteconf/__init__.py", "siteconf/settings.py", "siteconf/manage.py")
    assert project_roots(root, "siteconf.settings") == {".": str(root)}


def test_a_base_dir_elsewhere_is_not_believed(layout, tmp_path_factory):
    root = layout("siteconf/__init__.py", "siteconf/settings.py", "manage.py")
    elsewhere = tmp_path_factory.mktemp("data")
    assert project_roots(str(elsewhere), "siteconf.settings") == {".": str(root)}


def test_without_both_it_is_the_folder_of_the_settings_package(layout):
    root = layout(
        "siteconf/__init__.py", "siteconf/settings/__init__.py", "siteconf/settings/live.py"
    )
    assert project_roots(None, "siteconf.settings.live") == {".": str(root)}


def test_an_installed_project_is_its_package_alone(layout, monkeypatch):
    root = layout("site-packages/siteconf/__init__.py", "site-packages/siteconf/settings.py")
    monkeypatch.syspath_prepend(root / "site-packages")
    package = str(root / "site-packages" / "siteconf")
    assert project_roots(root, "siteconf.settings") == {"siteconf": package}


@pytest.mark.parametrize("module", [None, "", "no.such.module", ".relative"])
def test_settings_without_a_module_leave_base_dir(module, tmp_path):
    assert project_roots(tmp_path, module) == {".": str(tmp_path)}


def test_further_roots_are_named_as_seen_from_the_first():
    assert labelled(["/srv/shop", "/srv/libs/billing", "/srv/shop/vendor"]) == {
        ".": "/srv/shop", "../libs/billing": "/srv/libs/billing", "vendor": "/srv/shop/vendor",
    }  # fmt: skip


def test_the_spools_of_a_project_are_found_again(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    spool = spool_of("/srv/shop")
    spool.mkdir(parents=True)
    assert spools_of("/srv/shop") == [spool]
    assert spools_of("/srv/other/shop") == []
