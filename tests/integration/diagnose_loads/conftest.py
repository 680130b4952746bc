"""A project recorded once, and what the rules on loads say of each of its places."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from nuages import store
from nuages.cases import Case
from nuages.code import Code
from nuages.model import Finding, Recording
from nuages.rules import (
    count_by_len,
    deep_offset,
    exists_by_truth,
    over_fetch,
    unbounded_result,
    unused_prefetch,
)

RULES = (
    count_by_len, deep_offset, exists_by_truth, over_fetch, unbounded_result, unused_prefetch,
)  # fmt: skip
PROJECT = Path(__file__).parent / "project"


@dataclass(frozen=True)
class Judged:
    """What was recorded of the project, and what is said of it."""

    recording: Recording
    folder: Path
    by_route: dict[str, list[Finding]]

    @property
    def code(self) -> Code:
        return Code({".": str(self.folder)})

    def of(self, route: str, rule: str) -> Finding:
        """The one finding of a rule on a route."""
        found = [finding for finding in self.by_route[route] if finding.rule == rule]
        assert len(found) == 1, [finding.message for finding in self.by_route[route]]
        return found[0]


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("loads") / "project"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("__pycache__"))
    output, database = folder.with_name("loads.json"), folder.with_name("loads.sqlite3")
    done = subprocess.run(
        [sys.executable, "run.py", str(output)],
        cwd=folder,
        env={
            **os.environ,
            "LOADS_DATABASE": str(database),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    recording = store.recording_from([json.loads(output.read_text())])
    case = Case(recording, code=Code({".": str(folder)}))
    by_route: dict[str, list[Finding]] = defaultdict(list)
    for rule in RULES:
        for finding in rule.find(case):
            for route in finding.routes or ("",):
                by_route[route].append(finding)
    return Judged(recording, folder, by_route)
