"""Workflow commands are escaped as GitHub's runner reads them."""

from __future__ import annotations

from dataclasses import replace

from nuages.model import Location
from nuages.report.checkout import Checkout, checkout
from nuages.report.github import SHOWN, command, commands

from .samples import FINDINGS

ROOT = Checkout(prefixes={".": ""})


def one(**change: object) -> str:
    (line,) = commands([replace(FINDINGS[0], **change)], ROOT)  # type: ignore[arg-type]
    return line


def test_a_finding_is_a_warning_at_its_characters():
    assert one(hint="") == (
        "::warning file=chorus/feed/views.py,line=25,endLine=25,col=31,endColumn=49,"
        "title=nuages%3A n-plus-one::User.profile is loaded for each post: 100 queries per request"
    )


def test_a_broken_budget_is_an_error_and_what_is_unsure_a_notice():
    assert one(rule="slow-query").startswith("::error ")
    assert one(confidence=0.2).startswith("::notice ")


def test_columns_are_left_out_where_lines_are_several():
    line = one(location=Location(file="a.py", line=3, column=4, end_line=5, end_column=9))
    assert line.startswith("::warning file=a.py,line=3,endLine=5,title=")


def test_a_finding_without_a_file_has_no_position():
    assert one(location=None, trigger=None, created_at=None).startswith("::warning title=")


def test_what_would_end_a_command_or_start_another_is_escaped():
    told = command("warning", "50 %\r\n::error::no, really: x", title="a,b:c%\n")
    assert told == "::warning title=a%2Cb%3Ac%25%0A::50 %25%0D%0A::error::no, really: x"
    assert "\n" not in told


def test_no_more_than_github_keeps():
    assert len(list(commands(FINDINGS * 20, ROOT))) == SHOWN


def test_paths_are_the_checkouts(tmp_path):
    (tmp_path / ".git").mkdir()
    project, library = tmp_path / "backend", tmp_path / "libs" / "billing"
    project.mkdir()
    (project / "site.py").touch()
    found = checkout({".": str(project), "../libs/billing": str(library), "x": "/"}, "site")
    assert found.settings == "backend/site.py"
    assert found.path(Location(file="a.py", line=1)) == "backend/a.py"
    assert found.path(Location(file="a.py", line=1, root="../libs/billing")) == "libs/billing/a.py"
    assert found.path(Location(file="a.py", line=1, root="x")) is None
    assert found.path(Location(file="a.py", line=1, root="")) is None
