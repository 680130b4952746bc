"""The edits that remedies stand for, one module per kind."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from nuages.codemod.draft import Draft
from nuages.edits import arguments, indexes, methods, replacements
from nuages.model import Finding, Location, RemedyKind


class Edit(NamedTuple):
    """How a kind of remedy is written."""

    place: Callable[[Finding], Location | None]  # the expression that is edited
    write: Callable[[Draft, Finding], None]  # Refusal where it would be a guess


EDITS: Mapping[RemedyKind, Edit] = {
    "select_related": Edit(methods.place, methods.write),
    "prefetch_related": Edit(methods.place, methods.write),
    "only": Edit(methods.place, methods.write),
    "defer": Edit(methods.place, methods.write),
    "count": Edit(replacements.place, replacements.write),
    "exists": Edit(replacements.place, replacements.write),
    "index": Edit(indexes.place, indexes.write),
    "update_fields": Edit(arguments.place, arguments.write),
}


def place_of(finding: Finding) -> Location | None:
    """The expression that the finding's remedy would edit; None where that is not known."""
    edit = EDITS.get(finding.remedy.kind)
    return edit.place(finding) if edit else None


def write(draft: Draft, finding: Finding) -> None:
    """Make the finding's edit; Refusal where it would be a guess."""
    EDITS[finding.remedy.kind].write(draft, finding)
