"""A small project that is recorded while it answers, again and again, with edits."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nuages
from nuages import store
from nuages.answers import Answer, Request
from nuages.codemod import text
from nuages.fix import ALL, RunOutcome

DRIVE = Path(__file__).parent / "drive.py"


class Site:
    """Copies of a project, each with edits, on one database."""

    def __init__(self, project: Path, folder: Path, paths: Sequence[str]) -> None:
        self.project = project
        self.folder = folder
        self.paths = paths
        self.runs = 0
        self.last: tuple[Mapping[str, str], RunOutcome] | None = None
        self.sources = {
            f".:{path.relative_to(project).as_posix()}": text.read(path)
            for path in project.rglob("*.py")
        }

    def run(self, edits: Mapping[str, str], tests: frozenset[str] = ALL) -> RunOutcome:
        self.runs += 1
        tree = self.folder / f"run{self.runs}"
        shutil.copytree(self.project, tree, ignore=shutil.ignore_patterns("__pycache__"))
        for key, new in edits.items():
            (tree / key.partition(":")[2]).write_bytes(text.to_bytes(new))
        done = subprocess.run(
            [sys.executable, str(DRIVE)],
            cwd=tree,
            env={
                **os.environ,
                "SITE_DB": str(self.folder / "db.sqlite3"),
                "PYTHONPATH": os.pathsep.join([str(tree), str(Path(nuages.__file__).parents[1])]),
            },
            input=json.dumps([*self.paths]),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        outcome = RunOutcome(
            recording=store.recording_from([said["snapshot"]]),
            answers=tuple(_answer(values) for values in said["answers"]),
        )
        self.last = (edits, outcome)
        return outcome


def _answer(values: dict[str, object]) -> Answer:
    return Answer(
        request=Request(path=str(values["path"])),
        status=int(str(values["status"])),
        route=str(values["route"]),
        headers={"Content-Type": str(values["type"])},
        body=base64.b64decode(str(values["body"])),
        queries=int(str(values["queries"])),
    )
