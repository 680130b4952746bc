"""Totals as JSON: each location, statement and load written once and named by its index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nuages.record import histograms, interning, lineage, locations, reuse, statements, uses
from nuages.record.events import CallKey, Key
from nuages.record.exemplars import Event, Exemplar
from nuages.record.totals import OTHER, CallTotal, GroupTotal, ScopeTotal, Totals


class _Indexed:
    """Values written once; index 0 is null."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self._make = make
        self._indexes: dict[int, int] = {0: 0}
        self.values: list[Any] = [None]

    def __call__(self, number: int) -> int:
        if number not in self._indexes:
            value = self._make(number)
            if value is None:
                self._indexes[number] = 0
            else:
                self.values.append(value)
                self._indexes[number] = len(self.values) - 1
        return self._indexes[number]


class _Encoder:
    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.locations = _Indexed(self._location)
        self.loads = _Indexed(self._load)
        self.statements = _Indexed(self._statement)

    def _location(self, number: int) -> dict[str, Any] | None:
        found = locations.resolve(number)
        if found is None:
            return None
        name = f"{found['root']}:{found['file']}"
        if name not in self.files:
            digest = locations.digest(found, number)
            if digest is not None:
                self.files[name] = digest
        return found

    def _load(self, number: int) -> list[Any] | None:
        load = lineage.loads[number]
        if load is None:
            return None
        parent = self.loads(load.parent)  # before this one, so that a reader needs one pass
        return [load.model, self.locations(load.site), load.relation, parent, load.how]

    def _statement(self, number: int) -> list[str]:
        statement = statements.table[number]
        assert statement is not None  # 0 is written by group()
        return [statement.sql, statement.verb, statement.alias, statement.vendor]

    def scope(self, scope: tuple[str, str], total: ScopeTotal) -> dict[str, Any]:
        return {
            "kind": scope[0],
            "name": scope[1],
            **vars(total),
            "histogram": histograms.trimmed(total.histogram),
        }

    def group(self, scope: int, key: Key, total: GroupTotal) -> dict[str, Any]:
        statement, site, created, trigger, load, shape = key
        return {
            "scope": scope,
            "statement": self.statements(statement),
            "location": self.locations(site),
            "created_at": self.locations(created),
            "trigger": self.locations(trigger),
            "load": self.loads(load),
            "shape": shape,
            **vars(total),
            "histogram": histograms.trimmed(total.histogram),
            "tests": sorted(total.tests),
        }

    def call(self, scope: int, key: CallKey, total: CallTotal) -> dict[str, Any]:
        kind, name, operation, site = key
        return {
            "scope": scope,
            "kind": kind,
            "name": name,
            "operation": operation,
            "location": self.locations(site),
            **vars(total),
            "histogram": histograms.trimmed(total.histogram),
        }

    def reuse(self, statement: int, site: int, figures: dict[str, Any]) -> dict[str, Any]:
        return {
            "statement": self.statements(statement),
            "location": self.locations(site),
            **figures,
        }

    def exemplar(self, scope: int, exemplar: Exemplar) -> dict[str, Any]:
        values = {name: getattr(exemplar, name) for name in exemplar.__slots__}
        return {"scope": scope, **values, "events": list(map(self._event, exemplar.events))}

    def _event(self, event: Event) -> list[Any]:
        kind, name, operation, statement, site, *figures = event
        index = self.statements(statement) if kind == "query" else -1
        return [kind, name, operation, index, self.locations(site), *figures]


def encode(*parts: Callable[[], Totals]) -> dict[str, Any]:
    """The part of a snapshot that is about scopes and queries; a reader adds up what repeats.

    Nothing is locked: a count that changes meanwhile is right in the next snapshot. Each part is
    asked for when those before it are written, so what moves to an earlier one counts once at most.
    """
    encoder = _Encoder()
    scopes: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    exemplars: list[dict[str, Any]] = []
    cuts = [interning.cut]
    for part in parts:
        totals = part()
        cuts.append(totals.cut)
        indexes: dict[tuple[str, str], int] = {}
        for scope, stats in list(totals.scopes.items()):
            indexes[scope] = len(scopes)
            scopes.append(encoder.scope(scope, stats))
        for (scope, key), group in list(totals.groups.items()):
            if scope in indexes:
                groups.append(encoder.group(indexes[scope], key, group))
        for (scope, call_key), call in list(totals.calls.items()):
            if scope in indexes:
                calls.append(encoder.call(indexes[scope], call_key, call))
        for scope, kept in list(totals.exemplars.by_scope.items()):
            if scope in indexes:
                exemplars += [encoder.exemplar(indexes[scope], each) for each in list(kept)]
    return {
        "scopes": scopes,
        "groups": groups,
        "calls": calls,
        "exemplars": exemplars,
        "uses": [{"load": encoder.loads(load), **use} for load, use in uses.watched()],
        "reuse": [encoder.reuse(*found) for found in reuse.watched()],
        "statements": [[OTHER, "", "", ""], *encoder.statements.values[1:]],
        "locations": encoder.locations.values,
        "loads": encoder.loads.values,
        "files": encoder.files,
        "cut": _summed(*cuts),
    }


def _summed(*counts: dict[str, int]) -> dict[str, int]:
    total: dict[str, int] = {}
    for some in counts:
        for name, count in some.items():
            total[name] = total.get(name, 0) + count
    return total
