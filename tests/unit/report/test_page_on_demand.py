"""`nuages diagnose --html` writes the page of a recording beside what it prints."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner

from nuages import store
from nuages.cli import cli
from nuages.errors import NuagesError

from .sample_recording import RECORDING
from .test_html import Page


@pytest.fixture
def recording(tmp_path):
    (tmp_path / "manage.py").touch()
    path = tmp_path / "recording.sqlite"
    store.write(replace(RECORDING, roots={".": str(tmp_path)}), path)
    return path


def diagnose(*options: str):
    return CliRunner().invoke(cli, ["diagnose", *options], standalone_mode=False)


def test_the_page_is_written_and_named(recording, tmp_path):
    target = tmp_path / "page.html"
    done = diagnose("-i", str(recording), "--html", str(target))
    assert done.exception is None
    assert f"Report: {target}" in done.stderr
    page = Page(target.read_text("utf-8"))
    assert "nuages diagnose" in page.text
    assert "GET /api/feed/" in page.text
    assert {"routes", "statements"} <= set(page.values("data-up"))


def test_a_page_that_cannot_be_written_is_told_before_the_work(recording, tmp_path):
    done = diagnose("-i", str(recording), "--html", str(tmp_path / "none" / "page.html"))
    assert isinstance(done.exception, NuagesError)
    assert done.exception.slug == "output"


def test_without_the_option_there_is_no_page(recording, tmp_path):
    diagnose("-i", str(recording))
    assert not list(tmp_path.glob("*.html"))
