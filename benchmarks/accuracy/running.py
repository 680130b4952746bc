"""Runs the project under each tool; → what was said of which place."""

from __future__ import annotations

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy.places import PROJECT, enclosing
from nuages.code import Code
from nuages.diagnose import diagnose
from nuages.model import Budgets, Finding, Location
from nuages.recording import record_command

# How long a query takes is the machine's doing, not the project's.
PATIENT = Budgets(slow_query_ms=60_000, query_ms=60_000, middleware_ms=60_000)
ADMIN = {"/admin/shop/book/": "admin_column", "/admin/shop/review/": "admin_str"}


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing that a tool said of a place."""

    text: str
    file: str = ""
    line: int = 0
    also: tuple[tuple[str, int], ...] = ()  # further lines that it names
    remedy: str = ""
    path: str | None = None
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A tool beside nuages, installed as its documentation says."""

    name: str
    listener: str  # in project/tools.py
    apps: tuple[str, ...] = ()
    middleware: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None


PEERS = (
    Peer(
        name="zeal", listener="zeal", apps=("zeal",),
        middleware=("zeal.middleware.zeal_middleware",), settings={"ZEAL_RAISE": False},
    ),
    Peer(
        name="nplus1", listener="nplusone",
        middleware=("nplusone.ext.django.NPlusOneMiddleware",),
    ),
    Peer(
        name="query-doctor", listener="query_doctor", apps=("query_doctor",),
        middleware=("query_doctor.middleware.QueryDoctorMiddleware",),
        settings={"QUERY_DOCTOR": {"REPORTERS": ["log"]}},
    ),
)  # fmt: skip


def environment(scratch: Path, tool: Mapping[str, Any] | None = None) -> dict[str, str]:
    return {
        **os.environ,
        "ACCURACY_DATABASE": str(scratch / "database.sqlite3"),
        "ACCURACY_TOOL": json.dumps(tool or {}),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def prepare(python: str, scratch: Path) -> None:
    """Make the database anew."""
    (scratch / "database.sqlite3").unlink(missing_ok=True)
    subprocess.run(
        [python, "prepare.py"], cwd=PROJECT, env=environment(scratch), check=True, text=True
    )


def of_nuages(python: str, scratch: Path) -> tuple[dict[str, list[Said]], list[str]]:
    """What nuages says of each place, and the names of all places."""
    prepare(python, scratch)
    out = scratch / "nuages.jsonl"
    run = record_command(
        [python, "drive.py", str(out)], cwd=PROJECT, output=scratch / "recording.sqlite",
        roots={".": str(PROJECT)}, env=environment(scratch),
    )  # fmt: skip
    assert run.exit_code == 0
    names = [json.loads(line)["place"] for line in out.read_text("utf-8").splitlines()]
    said: dict[str, list[Said]] = defaultdict(list)
    code = Code({".": str(PROJECT)})
    found = diagnose(run.recording, project="accuracy", code=code, budgets=PATIENT).findings
    for finding in found:
        if finding.concern == "time":  # what the settings do to all of the site is of no place
            for place in _places(finding, set(names)):
                said[place].append(_said(finding))
    return said, names


def _places(finding: Finding, names: set[str]) -> set[str]:
    """The places that a finding is about: by its routes, or without any by its line."""
    found = set()
    for route in finding.routes:
        verb, _, rest = route.partition(" ")
        path = rest.split("<")[0]
        found.add(ADMIN.get(path) or (rest if verb == "manage.py" else path.strip("/")))
    if not found and finding.location is not None:
        source = PROJECT / finding.location.file
        found.add(enclosing(source.read_text("utf-8"), finding.location.line))
    return found & names


def _said(finding: Finding) -> Said:
    places = (finding.location, finding.trigger, finding.created_at)
    lines = [(place.file, place.line) for place in places if isinstance(place, Location)]
    file, line = lines[0] if lines else ("", 0)
    return Said(
        text=f"{finding.rule}: {finding.message}", file=file, line=line, also=tuple(lines[1:2]),
        remedy=finding.remedy.kind, path=finding.remedy.path, rule=finding.rule,
    )  # fmt: skip


def of_peer(peer: Peer, python: str, scratch: Path) -> dict[str, list[Said]]:
    """What a peer says of each place."""
    prepare(python, scratch)
    out = scratch / f"{peer.name}.jsonl"
    tool = {"apps": peer.apps, "middleware": peer.middleware, "settings": peer.settings or {}}
    subprocess.run(
        [python, "drive.py", str(out), peer.listener],
        cwd=PROJECT, env=environment(scratch, tool), check=True, capture_output=True,
    )  # fmt: skip
    said: dict[str, list[Said]] = {}
    for line in out.read_text("utf-8").splitlines():
        visited = json.loads(line)
        said[visited["place"]] = [
            Said(text=r["said"], file=_own(r["file"]), line=r["line"]) for r in visited["reports"]
        ]
    return said


def _own(file: str) -> str:
    path = Path(file)
    return path.relative_to(PROJECT).as_posix() if path.is_relative_to(PROJECT) else file
