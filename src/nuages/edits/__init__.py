"""The edits that remedies stand for, one module per kind."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import NamedTuple

from nuages.codemod import Refusal
from nuages.codemod.draft import Draft
from nuages.edits import (
    annotations,
    arguments,
    bulk,
    caching,
    hoisting,
    indexes,
    lookups,
    methods,
    replacements,
    settings,
)
from nuages.model import Finding, Location, RemedyKind

Place = Callable[[Finding], Location | None]
Write = Callable[[Draft, Finding], None]


class Edit(NamedTuple):
    """How a kind of remedy is written."""

    place: Place  # the expression that is edited
    write: Write  # Refusal where it would be a guess
    # What has to change along, elsewhere.
    along: tuple[tuple[Place, Write], ...] = ()


EDITS: Mapping[RemedyKind, Edit] = {
    "select_related": Edit(methods.place, methods.write),
    "prefetch_related": Edit(methods.place, methods.write),
    "only": Edit(methods.place, methods.write),
    "defer": Edit(methods.place, methods.write),
    "count": Edit(replacements.place, replacements.write),
    "exists": Edit(replacements.place, replacements.write),
    "index": Edit(indexes.place, indexes.write),
    "update_fields": Edit(arguments.place, arguments.write),
    "annotate": Edit(
        annotations.place, annotations.write, ((annotations.where_read, annotations.write_read),)
    ),
    "in_bulk": Edit(lookups.place, lookups.write),
    "cache": Edit(caching.place, caching.write),
    "hoist": Edit(hoisting.place, hoisting.write),
    "setting": Edit(settings.place, settings.write),
    "remove": Edit(settings.place, settings.remove),
    "bulk_create": Edit(bulk.place, bulk.create),
    "bulk_update": Edit(bulk.place, bulk.update),
}


def place_of(finding: Finding) -> Location | None:
    """The expression that the finding's remedy would edit; None where that is not known."""
    edit = EDITS.get(finding.remedy.kind)
    return edit.place(finding) if edit else None


def write_in(
    drafts: MutableMapping[str, Draft], sources: Mapping[str, str], finding: Finding
) -> None:
    """Make the finding's edit, in drafts by "label:file"; Refusal where it would be a guess.

    All that it edits or nothing.
    """
    edit = EDITS[finding.remedy.kind]
    tried: dict[str, Draft] = {}
    for place_in, write_in in ((edit.place, edit.write), *edit.along):
        place = place_in(finding)
        key = f"{place.root}:{place.file}" if place else ""
        if key not in sources:
            raise Refusal(f"{place.file if place else 'what reads it'} is not the project's")
        if key not in tried:
            tried[key] = drafts[key].copy() if key in drafts else Draft(sources[key])
        write_in(tried[key], finding)
    drafts.update(tried)


def write(draft: Draft, finding: Finding) -> None:
    """Make the edit where `place_of` says, without what has to change along."""
    EDITS[finding.remedy.kind].write(draft, finding)
