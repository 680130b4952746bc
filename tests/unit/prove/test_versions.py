from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.project import Project, discover
from nuages.prove import version_of

SETTINGS = "SECRET_KEY = 'x'\nROOT_URLCONF = 'urls'\n"
MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n"


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in a folder of a repository, with a release and something not committed."""
    root = tmp_path / "repository" / "site"
    root.mkdir(parents=True)
    for name, text in (("manage.py", MANAGE), ("settings.py", SETTINGS), ("urls.py", "one\n")):
        (root / name).write_text(text)
    git(root.parent, "init", "-q")
    git(root.parent, "add", ".")
    git(root.parent, "commit", "-qm", "one")
    git(root.parent, "tag", "v1")
    (root / "urls.py").write_text("two\n")
    git(root.parent, "commit", "-qam", "two")
    (root / "urls.py").write_text("three\n")
    return discover(root)


def urls(project: Project, told: str, folder: Path) -> str:
    return (version_of(told, project, folder).project.root / "urls.py").read_text()


def test_revisions_and_the_work_tree(project: Project, tmp_path: Path) -> None:
    assert urls(project, "v1", tmp_path / "a") == "one\n"
    assert urls(project, "HEAD", tmp_path / "b") == "two\n"
    assert urls(project, str(project.root), tmp_path / "c") == "three\n"
    assert git(project.root, "status", "--short").strip() == "M urls.py"


def test_a_patch_is_to_the_work_tree(project: Project, tmp_path: Path) -> None:
    patch = tmp_path / "fix.patch"
    patch.write_text("--- a/site/urls.py\n+++ b/site/urls.py\n@@ -1 +1 @@\n-three\n+four\n")
    assert urls(project, str(patch), tmp_path / "a") == "four\n"
    assert (project.root / "urls.py").read_text() == "three\n"


def test_another_folder(project: Project, tmp_path: Path) -> None:
    git(project.root.parent, "worktree", "add", "-q", str(tmp_path / "other"), "v1")
    assert urls(project, str(tmp_path / "other"), tmp_path / "a") == "one\n"
    assert urls(project, str(tmp_path / "other" / "site"), tmp_path / "b") == "one\n"


def test_what_is_no_version(project: Project, tmp_path: Path) -> None:
    with pytest.raises(NuagesError, match="'v9' is no version") as told:
        version_of("v9", project, tmp_path / "a")
    assert told.value.slug == "version"
    patch = tmp_path / "odd.patch"
    patch.write_text("--- a/site/urls.py\n+++ b/site/urls.py\n@@ -1 +1 @@\n-nine\n+four\n")
    with pytest.raises(NuagesError, match="does not apply"):
        version_of(str(patch), project, tmp_path / "b")
