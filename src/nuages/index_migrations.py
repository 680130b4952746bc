"""Indexes that helped in a trial become edits: an entry in Meta, and a migration that was run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nuages.catalogs import catalogs_from
from nuages.codemod import text
from nuages.errors import NuagesError
from nuages.fix import combine
from nuages.fix.judging import refused
from nuages.fix.proposals import proposed
from nuages.lab import Lab
from nuages.model import Finding
from nuages.session import AgentSession

SECONDS = 600.0
NAME = re.compile(r'\bname="(\w+)"\)?$')

Told = Mapping[str, Mapping[str, str]]  # by app label, as agent/index_migrations.py says


def with_migrations(
    lab: Lab, findings: Sequence[Finding], sources: Mapping[str, str]
) -> tuple[Finding, ...]:
    """The findings, those on a lacking index with the edits that make it, run on a clone."""
    drafted = {
        place: proposed(finding, sources, {})
        for place, finding in enumerate(findings)
        if finding.remedy.kind == "index" and finding.remedy.code
    }
    ready = {place: one for place, one in drafted.items() if one.fix.status == "proposed"}
    found = {**drafted, **(_tried(lab, ready, sources) if ready else {})}
    return tuple(found.get(place, finding) for place, finding in enumerate(findings))


def _tried(
    lab: Lab, ready: Mapping[int, Finding], sources: Mapping[str, str]
) -> dict[int, Finding]:
    """All together: one migration of an app makes all of its indexes."""
    edits = combine(ready.values(), sources)
    names = [_name(finding) for finding in ready.values()]
    vendors = {alias: d.get("own_vendor", "") for alias, d in lab.info["databases"].items()}
    asked: dict[str, Any] = {"names": names, "vendors": vendors}
    try:
        with lab.session(mode=None, edits=edits) as session:
            told: Told = session.call("index_migrations", **asked)
        made = {_file(lab, m["path"]): m["text"] for m in told.values() if "path" in m}
        applied = _applied(lab, {**edits, **made}, asked) if made else frozenset()
    except NuagesError as error:
        return {place: replace(one, fix=refused(error.message)) for place, one in ready.items()}
    missed = next((m["reason"] for m in told.values() if "reason" in m), "Django sees no new index")
    found = {}
    for place, one in ready.items():
        files = {file: new for file, new in made.items() if _name(one) in new}
        is_there = files and _name(one) in applied
        found[place] = _verified(one, files) if is_there else replace(one, fix=refused(missed))
    return found


def _verified(finding: Finding, migration: Mapping[str, str]) -> Finding:
    added = "".join(text.diff(key.partition(":")[2], "", new) for key, new in migration.items())
    fix = replace(
        finding.fix,
        status="verified",
        reason=f"{finding.message.rpartition(': ')[2]}; its migration ran on a scratch database",
        diff=finding.fix.diff + added,
        edits={**finding.fix.edits, **migration},
    )
    return replace(finding, fix=fix)


def _applied(lab: Lab, edits: Mapping[str, str], asked: Mapping[str, Any]) -> frozenset[str]:
    """The names of the indexes that are there after migrating a clone with the edits."""
    if lab.project.config.migrate:
        raise NuagesError("[tool.nuages] migrate is a command of its own: run it by hand")
    with lab.session(mode=None, edits=edits) as session:
        session.call("migrate", timeout=SECONDS)
        if session.call("index_migrations", **asked):
            raise NuagesError("with its migration Django still sees changes of the models")
        return frozenset(_index_names(session))


def _index_names(session: AgentSession) -> Iterable[str]:
    for catalog in catalogs_from(session.call("catalog")).values():
        for table in catalog.tables.values():
            yield from (index.name for index in table.indexes)


def _file(lab: Lab, path: str) -> str:
    """The "label:file" of a path, by the innermost source root that it is in."""
    roots = {label: Path(root).resolve() for label, root in lab.project.source_roots.items()}
    within = [label for label, root in roots.items() if Path(path).is_relative_to(root)]
    if not within:
        raise NuagesError(f"{path} is not in the project: its migrations are written elsewhere")
    label = max(within, key=lambda one: len(str(roots[one])))
    return f"{label}:{Path(path).relative_to(roots[label]).as_posix()}"


def _name(finding: Finding) -> str:
    found = NAME.search(re.sub(r", condition=.*", ")", finding.remedy.code))
    return found[1] if found else ""
