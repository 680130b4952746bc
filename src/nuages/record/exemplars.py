"""Exemplars: the slowest executions of each scope, event by event."""

from __future__ import annotations

import secrets

from nuages.record.clocks import time_ns
from nuages.record.events import Call, Query
from nuages.record.execution import Execution

KINDS = frozenset({"request", "task", "command"})
KEPT = 3  # of a scope
SCOPES = 500
EVENTS = 64  # of an exemplar, its first


class Exemplar:
    """One execution in detail; it holds nothing of the project's."""

    __slots__ = ("cpu_ns", "events", "events_left_out", "key", "started", "status", "wall_ns")

    def __init__(self, execution: Execution) -> None:
        self.key = secrets.token_hex(8)
        self.started = time_ns() - execution.wall_ns
        self.wall_ns = execution.wall_ns
        self.cpu_ns = execution.cpu_ns
        self.status = next(iter(execution.statuses), "")
        events = sorted(execution.events, key=lambda event: event.started_ns)
        self.events_left_out = execution.events_left_out + max(len(events) - EVENTS, 0)
        self.events = [_event(event, execution.started_ns) for event in events[:EVENTS]]


Event = tuple[str, str, str, int, int, int, int, int]


def _event(event: Query | Call, origin_ns: int) -> Event:
    """Kind, name, operation, statement, site, offset in ns, wall time in ns, rows."""
    offset_ns = event.started_ns - origin_ns
    if isinstance(event, Query):
        return "query", "", "", event.key[0], event.key[1], offset_ns, event.wall_ns, event.rows
    kind, name, operation, site = event.key
    return kind, name, operation, 0, site, offset_ns, event.wall_ns, 0


class Exemplars:
    """The slowest executions by scope, slowest first."""

    def __init__(self) -> None:
        self.by_scope: dict[tuple[str, str], list[Exemplar]] = {}

    def offer(self, scope: tuple[str, str], execution: Execution) -> None:
        """Keep an execution unless as many of its scope as are kept were slower."""
        kept = self.by_scope.get(scope)
        if kept is None:
            if execution.kind not in KINDS or len(self.by_scope) >= SCOPES:
                return
            kept = self.by_scope[scope] = []
        if len(kept) >= KEPT:
            if execution.wall_ns <= kept[-1].wall_ns:
                return
            kept.pop()
        kept.append(Exemplar(execution))
        kept.sort(key=lambda exemplar: exemplar.wall_ns, reverse=True)
