"""Loops of a real project: what is marked in its code is found, and nothing else.

A mark is `# ! rule [remedy [path]] [| expression] [| trigger]`, above the line to blame; `*` stands
for any expression, and a dash for no path.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from nuages import store
from nuages.code import Code
from nuages.diagnose import diagnose
from nuages.model import Finding, Location

LOOPS = Path(__file__).parent / "projects" / "festival"
PROJECT = LOOPS / "project"
RULES = {"n-plus-one", "repeated-query", "row-by-row-write", "save-all-fields"}
MARK = re.compile(
    r"# ! (?P<rule>[\w-]+)(?: (?P<kind>\w+))?(?: (?P<path>[\w-]+))?"
    r"(?: \| (?P<expression>.+?))?(?: \| (?P<trigger>\S+:\d+))?$"
)


@dataclass(frozen=True)
class Mark:
    """What has to be found at a line."""

    rule: str
    file: str
    line: int
    kind: str | None
    path: str | None
    expression: str | None
    trigger: str | None

    def __str__(self) -> str:
        return f"{self.rule} {self.file}:{self.line}"


def marks() -> list[Mark]:
    found = []
    for path in sorted(PROJECT.rglob("*.py")):
        for line, text in enumerate(path.read_text().splitlines(), 2):
            mark = MARK.search(text)
            if mark is not None:
                file = path.relative_to(PROJECT).as_posix()
                found.append(Mark(file=file, line=line, **mark.groupdict()))
    return found


MARKS = marks()


@dataclass(frozen=True)
class Diagnosed:
    """The project's findings, and what its routes answered."""

    findings: list[Finding]
    unused: list[Finding]  # prefetches
    statuses: dict[str, int]
    folder: Path

    def at(self, mark: Mark) -> Finding:
        """The finding that is marked; one line may be reached by several querysets."""
        return next(
            finding
            for finding in self.findings
            if finding.rule == mark.rule
            and finding.location
            and (finding.location.file, finding.location.line) == (mark.file, mark.line)
            and mark.kind in (None, finding.remedy.kind)
            and mark.path in (None, finding.remedy.path or "-")
        )

    def text(self, location: Location) -> str:
        """The expression at a location; of a `for` what it goes through."""
        lines = (self.folder / location.file).read_text().splitlines()
        assert location.column is not None
        assert location.end_line is not None
        if location.kind == "iterate" and location.end_line > location.line:
            return lines[location.line - 1].strip()
        span = lines[location.line - 1 : location.end_line]
        span[-1] = span[-1][: location.end_column]
        span[0] = span[0][location.column :]
        return "\n".join(span)


@pytest.fixture(scope="module")
def festival(tmp_path_factory: pytest.TempPathFactory) -> Diagnosed:
    folder = tmp_path_factory.mktemp("festival")
    for name in ("project", "library"):
        shutil.copytree(LOOPS / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(LOOPS / "run.py", folder)
    done = subprocess.run(
        [sys.executable, "../run.py", "recorded.json"],
        cwd=folder / "project",
        env={
            **os.environ,
            "FESTIVAL_DATABASE": str(folder / "database.sqlite3"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(folder / "library"),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    recorded = json.loads((folder / "project" / "recorded.json").read_text())
    diagnosis = diagnose(
        store.recording_from([recorded["snapshot"]]),
        project="festival",
        code=Code({".": str(folder / "project")}),
    )
    findings = [finding for finding in diagnosis.findings if finding.rule in RULES]
    unused = [finding for finding in diagnosis.findings if finding.rule == "unused-prefetch"]
    return Diagnosed(findings, unused, recorded["statuses"], folder / "project")


def test_every_route_answers(festival: Diagnosed) -> None:
    assert {path: s for path, s in festival.statuses.items() if s not in (200, 201)} == {}


def test_there_is_enough_to_find_and_to_pass_over(festival: Diagnosed) -> None:
    assert len(MARKS) >= 60
    assert sum(path.startswith("/quiet/") for path in festival.statuses) >= 50


def test_only_what_is_marked_is_found(festival: Diagnosed) -> None:
    marked = {(mark.rule, mark.file, mark.line) for mark in MARKS}
    found = {
        (f.rule, f.location.file, f.location.line) if f.location else (f.rule, f.message, 0)
        for f in festival.findings
    }
    assert found - marked == set()


@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_what_is_marked_is_found(festival: Diagnosed, mark: Mark) -> None:
    finding = festival.at(mark)
    if mark.expression not in (None, "*"):
        assert finding.location is not None
        assert mark.expression in festival.text(finding.location)
    if mark.trigger is not None:
        assert finding.trigger is not None
        assert f"{finding.trigger.file.rpartition('/')[2]}:{finding.trigger.line}" == mark.trigger


def test_each_place_is_told_once(festival: Diagnosed) -> None:
    told = [
        (f.location, f.trigger, f.created_at if f.rule == "n-plus-one" else None)
        for f in festival.findings
    ]
    assert len(set(told)) == len(told)


def test_a_defeated_prefetch_is_no_unused_one_as_well(festival: Diagnosed) -> None:
    places = {f.created_at for f in festival.findings if "past its prefetch" in f.message}
    assert len(places) >= 4
    assert not {finding.created_at for finding in festival.unused} & places


def test_an_annotation_is_spelled_as_queries_do(festival: Diagnosed) -> None:
    counted = [f for f in festival.findings if f.remedy.path == "ticket_set" and "Count(" in f.hint]
    assert counted
    assert all('Count("admission"' in finding.hint for finding in counted)
