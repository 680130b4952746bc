"""A finding on the expression between « and » of a source, and what its edit makes of it."""

from __future__ import annotations

from textwrap import dedent

from tests.unit.codemod.conftest import span

from nuages.codemod.draft import Draft
from nuages.edits import write_in
from nuages.model import Evidence, Finding, Location, Remedy, RemedyKind

MODELS = "shop/models.py"


def finding_at(
    location: Location | None, remedy: Remedy, created: Location | None = None
) -> Finding:
    return Finding(
        rule="any",
        message="",
        hint="",
        location=location,
        created_at=created,
        evidence=Evidence(),
        confidence=1,
        remedy=remedy,
    )


def edited(marked: str, kind: RemedyKind, remedy: Remedy | None = None) -> str:
    source, location = span(dedent(marked))
    key = f".:{location.file}"
    drafts: dict[str, Draft] = {}
    write_in(drafts, {key: source}, finding_at(location, remedy or Remedy(kind=kind)))
    return drafts[key].text
