"""Excerpts are of the files as they were recorded."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from nuages.model import Location, Recording
from nuages.report.contents import read_sources

from .sample_findings import FINDINGS

TEXT = "def home(request):\n    return 1\n"


@pytest.fixture
def project(tmp_path):
    (tmp_path / "views.py").write_text(TEXT, encoding="utf-8")
    return tmp_path


def read(project, file="views.py", root=".", **files: str) -> dict[str, str]:
    finding = replace(
        FINDINGS[0], location=Location(file=file, line=2, root=root), created_at=None, trigger=None
    )
    return read_sources(Recording(roots={".": str(project)}, files=files), [finding])


def test_a_file_that_is_as_it_was_is_read(project):
    digest = hashlib.sha256(TEXT.encode()).hexdigest()
    assert read(project, **{".:views.py": digest}) == {".:views.py": TEXT}


def test_a_file_whose_text_was_not_kept_is_read(project):
    assert read(project) == {".:views.py": TEXT}


def test_a_file_that_has_changed_is_not_quoted(project):
    assert read(project, **{".:views.py": "0" * 64}) == {}


@pytest.mark.parametrize("file", ["gone.py", ".", "nul\0.py", "../" * 40 + "etc/nothing"])
def test_what_cannot_be_read_is_left_out(project, file):
    assert read(project, file) == {}


def test_a_librarys_file_is_left_out(project):
    assert read(project, root="") == {}


def test_a_huge_file_is_left_out(project):
    (project / "views.py").write_text("x = 1\n" * 400_000, encoding="utf-8")
    assert read(project) == {}
