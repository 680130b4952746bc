"""What an edit other than of a loop gains: measured where it stands, before and after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nuages.grounds.fetched import site_of
from nuages.model import CallKind, Location, Recording, RemedyKind, Scope

Here = Callable[[Location | None], bool]  # whether a place is the edited one
LIMIT = re.compile(r"\bLIMIT\b|\bFETCH (?:FIRST|NEXT)\b|\bTOP\b", re.IGNORECASE)
SET_COLUMN = re.compile(r'[`"\[]\w+[`"\]] = ')


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """A figure of the edited place, which has to go down."""

    noun: str  # "rows a request"
    of: Callable[[Recording, Here, frozenset[Scope]], float | None]  # None: it did not run


def rows(recording: Recording, here: Here, scopes: frozenset[Scope]) -> float | None:
    """Rows that one execution fetches or counts there, the most of any scope."""
    groups = [
        group
        for group in recording.groups
        if group.scope in scopes and group.statement.verb == "SELECT" and here(group.location)
    ]
    return max((group.rows / max(group.executions, 1) for group in groups), default=None)


def unbounded(recording: Recording, here: Here, scopes: frozenset[Scope]) -> float | None:
    """Queries there that look at all rows, of one execution, the most of any scope."""
    groups = [
        group
        for group in recording.groups
        if group.scope in scopes and group.statement.verb == "SELECT" and here(group.location)
    ]
    if not groups:
        return None
    per_scope: Counter[Scope] = Counter()
    for group in groups:
        is_bound = LIMIT.search(group.statement.sql)
        per_scope[group.scope] += 0 if is_bound else group.per_execution_max
    return max(per_scope.values())


def loaded_bytes(recording: Recording, here: Here, scopes: frozenset[Scope]) -> float | None:
    """Bytes of one instance that the queryset loads, about."""
    uses = [use for use in recording.uses if here(site_of(use.load).created_at) and use.instances]
    if not uses:
        return None
    return sum(sum(use.bytes.values()) for use in uses) / max(use.instances for use in uses)


def columns(recording: Recording, here: Here, scopes: frozenset[Scope]) -> float | None:
    """Columns that one UPDATE sets, at most."""
    found = [
        len(SET_COLUMN.findall(group.statement.sql.partition(" WHERE ")[0]))
        for group in recording.groups
        if group.scope in scopes and group.statement.verb == "UPDATE" and here(group.location)
    ]
    return max(found, default=None)


def asked(recording: Recording, here: Here, scopes: frozenset[Scope]) -> float | None:
    """Queries that are asked there, or of a queryset that is made there, in the whole run.

    None at all are left where what came before the first request, a login, has filled the cache.
    """
    calls = [
        group.calls
        for group in recording.groups
        if group.scope in scopes and (here(group.location) or here(group.created_at))
    ]
    return sum(calls) if scopes else None


MEASURES: Mapping[RemedyKind, Measure] = {
    "count": Measure(noun="rows", of=rows),
    "exists": Measure(noun="queries of all rows", of=unbounded),
    "only": Measure(noun="bytes a row", of=loaded_bytes),
    "defer": Measure(noun="bytes a row", of=loaded_bytes),
    "cache": Measure(noun="queries of all requests", of=asked),
    "update_fields": Measure(noun="columns written", of=columns),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """A figure of the finding's routes, an execution, which has to go down."""

    noun: str
    kind: CallKind
    operation: str = ""
    is_named: bool = True  # calls of what the remedy names, and not of all
    is_time: bool = False  # milliseconds, in place of calls

    def of(self, recording: Recording, name: str, scopes: frozenset[Scope]) -> float:
        executions = sum(s.executions for s in recording.scopes if s.scope in scopes)
        found = [
            call
            for call in recording.calls
            if call.scope in scopes
            and call.kind == self.kind
            and (call.name == name if self.is_named else call.name != "(string)")
            and (not self.operation or call.operation == self.operation)
        ]
        total = sum(call.wall_ns / 1e6 if self.is_time else call.calls for call in found)
        return total / max(executions, 1)


# By the rule: what is seen of a setting in a recording.
SETTINGS: Mapping[str, Setting] = {
    "idle-middleware": Setting(noun="ms of it", kind="middleware", is_time=True),
    "uncached-templates": Setting(
        noun="compilations of templates", kind="template", operation="compile", is_named=False
    ),
    "connection-per-request": Setting(
        noun="connections opened", kind="connection", operation="connect"
    ),
}


def fetched_later(recording: Recording, here: Here) -> int:
    """Queries of one execution that fetch what the queryset left out, row by row."""
    return max(
        (
            group.per_execution_max
            for group in recording.groups
            if (load := group.load) is not None
            and load.relation is not None
            and load.relation.kind == "deferred"
            and load.parent is not None
            and here(site_of(load.parent).created_at)
        ),
        default=0,
    )
