"""Routes, tasks and commands as pages: what one execution costs, and what it is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from nuages.bottleneck import GROWTH_EXECUTIONS
from nuages.histogram import percentile_ms
from nuages.model import (
    CallGroup,
    Exemplar,
    QueryGroup,
    Recording,
    Scope,
    ScopeStats,
    TimePart,
    TimeSplit,
)
from nuages.origins import is_work
from nuages.report import time_split
from nuages.report.calls import CallTables, tables
from nuages.report.links import route_ids
from nuages.report.queries import Queries, statements

Scoped = TypeVar("Scoped", QueryGroup, CallGroup, Exemplar)
NAMES = {"request": "route", "task": "task", "command": "command", "test": "test"}


@dataclass(frozen=True, kw_only=True)
class Route:
    """One scope, per execution."""

    id: str
    stats: ScopeStats
    total_ns: int  # of all the time that is shown
    findings: tuple[int, ...] = ()  # numbers, from 0
    groups: Sequence[QueryGroup] = ()
    call_groups: Sequence[CallGroup] = ()
    exemplars: Sequence[Exemplar] = ()  # the slowest first

    @property
    def name(self) -> str:
        return self.stats.scope.name

    @property
    def noun(self) -> str:
        """What the scope is: "route", "task", …"""
        return NAMES.get(self.stats.scope.kind, "process")

    @property
    def execution(self) -> str:
        """What one execution of it is called."""
        return "request" if self.stats.scope.kind == "request" else "execution"

    @property
    def executions(self) -> int:
        return self.stats.executions

    @property
    def total_ms(self) -> float:
        """Of all executions."""
        return self.stats.wall_ns / 1e6

    @property
    def share(self) -> float:
        return self.stats.wall_ns / self.total_ns if self.total_ns else 0.0

    @property
    def mean_ms(self) -> float:
        return self._each(self.stats.wall_ns) / 1e6

    @property
    def queries(self) -> float:
        return self._each(self.stats.queries)

    @property
    def rows(self) -> float:
        return self._each(self.stats.rows)

    @property
    def db_ms(self) -> float:
        return self._each(self.stats.db_ns) / 1e6

    @property
    def cpu_ms(self) -> float:
        return self._each(self.stats.cpu_ns) / 1e6

    @cached_property
    def p50_ms(self) -> float:
        return self._percentile_ms(0.50)

    @cached_property
    def p95_ms(self) -> float:
        return self._percentile_ms(0.95)

    @property
    def bytes(self) -> float | None:
        """Mean length of a response; None where none was measured."""
        return self._counter("response_bytes", "responses_measured")

    @property
    def bytes_max(self) -> int:
        return self.stats.peaks.get("response_bytes", 0)

    @property
    def grown_bytes(self) -> float | None:
        """Memory left behind by an execution; None where it was measured too rarely."""
        if self.stats.counters.get("memory_executions", 0) < GROWTH_EXECUTIONS:
            return None
        return self._counter("memory_grown_bytes", "memory_executions")

    @cached_property
    def split(self) -> list[tuple[TimePart, str, float]]:
        """Where its time goes: part, name, share."""
        return time_split.parts(time_split.of_scope(self.stats))

    @property
    def split_executions(self) -> int:
        """Executions that were measured in parts."""
        return self.stats.counters.get("split_executions", 0)

    @cached_property
    def statements(self) -> list[Queries]:
        return statements(self.groups)

    @cached_property
    def calls(self) -> CallTables:
        return tables(self.call_groups, by_place=True)

    def _percentile_ms(self, share: float) -> float:
        """Never more than the slowest execution took, where that was kept."""
        slowest = self.exemplars[0].wall_ns if self.exemplars else None
        return percentile_ms(self.stats.histogram, share, slowest)

    def _each(self, total: int) -> float:
        return total / self.executions if self.executions else 0.0

    def _counter(self, name: str, times: str) -> float | None:
        measured = self.stats.counters.get(times, 0)
        return self.stats.counters.get(name, 0) / measured if measured else None


def shown_scopes(recording: Recording) -> list[ScopeStats]:
    """Requests, tasks and commands; where there were none, whatever there was."""
    work = [stats for stats in recording.scopes if is_work(stats.scope)]
    return sorted(work or recording.scopes, key=lambda s: (-s.wall_ns, s.scope.name))


def routes(recording: Recording, findings: Iterable[Sequence[str]]) -> list[Route]:
    """Every scope, the one that took most time in all first; `findings` by their routes."""
    scopes = shown_scopes(recording)
    ids = route_ids(stats.scope.name for stats in scopes)
    total_ns = sum(stats.wall_ns for stats in scopes)
    groups, calls = _by_scope(recording.groups), _by_scope(recording.calls)
    exemplars = _by_scope(recording.exemplars)
    numbers = _numbers(findings)
    return [
        Route(
            id=ids[stats.scope.name],
            stats=stats,
            total_ns=total_ns,
            findings=tuple(numbers.get(stats.scope.name, ())),
            groups=groups.get(stats.scope, ()),
            call_groups=calls.get(stats.scope, ()),
            exemplars=sorted(exemplars.get(stats.scope, ()), key=lambda e: -e.wall_ns),
        )
        for stats in scopes
    ]


def split_of_all(split: TimeSplit) -> list[tuple[TimePart, str, float, float]]:
    """Part, name, share and milliseconds for one execution."""
    each = split.wall_ms / split.executions if split.executions else 0.0
    return [(part, name, share, share * each) for part, name, share in time_split.parts(split)]


def _numbers(findings: Iterable[Sequence[str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, names in enumerate(findings):
        for name in names:
            found[name].append(number)
    return found


def _by_scope(values: Iterable[Scoped]) -> Mapping[Scope, list[Scoped]]:
    found: dict[Scope, list[Scoped]] = defaultdict(list)
    for value in values:
        found[value.scope].append(value)
    return found
