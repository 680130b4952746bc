"""A method on the queryset: what it fetches along, and which columns."""

from __future__ import annotations

from typing import cast

from nuages.codemod.draft import Draft
from nuages.codemod.queryset import Method, add_to_draft
from nuages.model import Finding, Location


def place(finding: Finding) -> Location | None:
    """Where the queryset was created; the remedy names what the method is given."""
    return finding.created_at if finding.remedy.path else None


def write(draft: Draft, finding: Finding) -> None:
    assert finding.created_at is not None
    assert finding.remedy.path is not None
    add_to_draft(draft, finding.created_at, cast(Method, finding.remedy.kind), finding.remedy.path)
