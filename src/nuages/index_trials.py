"""Try indexes for a recording on clones of the lab's filled databases, for a bounded time."""

from __future__ import annotations

from dataclasses import replace

from nuages.indexes.explain import Connection
from nuages.lab import BASE, Lab
from nuages.model import IndexTrial, Recording
from nuages.stack.databases import PostgresDatabases


def asked_in(grown: Recording | None, first: Recording) -> Recording:
    """What was asked on more data, and of the first recording what there was no time for again."""
    if grown is None:
        return first
    known = {group.statement for group in grown.groups}
    rest = tuple(group for group in first.groups if group.statement not in known)
    return replace(grown, groups=(*grown.groups, *rest))


def try_on_clones(
    lab: Lab, recording: Recording, *, template: str = BASE, seconds: float
) -> tuple[IndexTrial, ...]:
    """What came of it on the template's databases, which the recording was made on.

    Nothing where they are no PostgreSQL, or not the lab's to fill.
    """
    databases, catalogs = lab.databases, recording.facts.catalogs
    if not isinstance(databases, PostgresDatabases) or not catalogs:
        return ()
    from nuages.indexes.candidates import SMALL
    from nuages.indexes.trial import try_indexes

    largest = max((t.rows for c in catalogs.values() for t in c.tables.values()), default=0)
    if largest < SMALL:
        lab.progress.say(
            f"No index was tried: the largest table has {largest:,} rows, of the {SMALL} from "
            "which on one can help. More are filled in by --rows 5000."
        )
        return ()

    with lab.clones(template) as names:

        def connect(alias: str) -> Connection:
            return databases.connect(names[alias])

        return try_indexes(
            recording,
            {alias: catalog for alias, catalog in catalogs.items() if alias in names},
            connect,
            zone=str(recording.facts.settings.get("TIME_ZONE") or "UTC"),
            seconds=seconds,
            say=lab.progress.detail,
        )
