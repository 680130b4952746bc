"""Verified fixes become a branch; the tree, the index and HEAD stay as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.unit.codemod.conftest import span

from nuages.errors import NuagesError
from nuages.fix import combine, propose
from nuages.fix.commits import Step, commit, steps
from nuages.model import Evidence, Finding, Fix, Remedy

VIEWS = """\
def posts():
    return «Post.objects.all()»


def notes():
    return Note.objects.all()
"""


def git(folder: Path, *words: str) -> str:
    told = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@b.c", *words]
    return subprocess.run(told, check=True, capture_output=True, text=True).stdout


def verified(path: str, source: str = VIEWS) -> Finding:
    text, location = span(source)
    finding = Finding(
        rule="n-plus-one",
        message=f"Post.{path} is fetched one row at a time",
        hint=f'add .select_related("{path}") to the queryset',
        location=location,
        created_at=location,
        evidence=Evidence(),
        confidence=1,
        remedy=Remedy(kind="select_related", path=path),
    )
    found = propose([finding], {f".:{location.file}": text})[0]
    fix = found.fix
    shown = Fix(status="verified", reason="9 → 1 queries", diff=fix.diff, edits=fix.edits)
    return Finding(**{name: getattr(found, name) for name in found.__slots__} | {"fix": shown})


SOURCES = {".:posts/views.py": span(VIEWS)[0]}
NOTES = (
    VIEWS.replace("«", "").replace("»", "").replace("Note.objects.all()", "«Note.objects.all()»")
)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@b.c")
    folder = tmp_path / "site"
    (folder / "posts").mkdir(parents=True)
    (folder / "posts" / "views.py").write_text(SOURCES[".:posts/views.py"])
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def committed(repository: Path, findings: list[Finding]) -> tuple[str, int]:
    edits = combine(findings, SOURCES)
    found = list(steps(findings, SOURCES, edits))
    return commit(found, SOURCES, {".": repository}, repository)


def test_each_fix_is_a_commit(repository):
    findings = [verified("author"), verified("place", NOTES)]
    assert committed(repository, findings) == ("nuages/fixes", 2)
    subjects = git(repository, "log", "--format=%s", "nuages/fixes").splitlines()
    assert subjects == [
        'Add .select_related("place") to the queryset',
        'Add .select_related("author") to the queryset',
        "first",
    ]
    told = git(repository, "log", "-1", "--format=%b", "nuages/fixes~1")
    assert "Post.author is fetched one row at a time.\n9 → 1 queries." in told
    assert "Note" not in git(repository, "diff", "-U0", "HEAD", "nuages/fixes~1")
    last = git(repository, "show", "nuages/fixes:posts/views.py")
    assert last == combine(findings, SOURCES)[".:posts/views.py"]


def test_the_tree_and_the_index_stay(repository):
    head = git(repository, "rev-parse", "HEAD")
    committed(repository, [verified("author")])
    assert not git(repository, "status", "--porcelain")
    assert git(repository, "rev-parse", "HEAD") == head
    assert "author" not in (repository / "posts" / "views.py").read_text()


def test_a_fix_that_another_covers_is_no_commit(repository):
    assert committed(repository, [verified("author__profile"), verified("author")])[1] == 1


def test_what_stands_on_other_fixes_comes_last(repository):
    findings = [verified("author")]
    first = combine(findings, SOURCES)[".:posts/views.py"]
    edits = {".:posts/views.py": first + "\n# more\n", ".:posts/migrations/0002.py": "x = 1\n"}
    found = list(steps(findings, SOURCES, edits))
    assert [set(step.edits) for step in found] == [{".:posts/views.py"}, set(edits)]
    commit(found, SOURCES, {".": repository}, repository)
    assert git(repository, "show", "nuages/fixes:posts/migrations/0002.py") == "x = 1\n"


def test_a_branch_that_is_there_stays(repository):
    committed(repository, [verified("author")])
    assert committed(repository, [verified("author")])[0] == "nuages/fixes-2"


def test_a_file_with_changes_is_not_committed(repository):
    (repository / "posts" / "views.py").write_text("x = 1\n")
    with pytest.raises(NuagesError, match="not committed"):
        committed(repository, [verified("author")])
    assert not git(repository, "branch", "--list", "nuages/*")


def test_other_files_may_have_changes(repository):
    (repository / "new.py").write_text("x = 1\n")
    assert committed(repository, [verified("author")])[1] == 1


def test_a_project_without_a_repository_is_told_so(tmp_path):
    with pytest.raises(NuagesError, match="in no git repository"):
        commit([Step(message="m", edits={})], {}, {".": tmp_path}, tmp_path)
