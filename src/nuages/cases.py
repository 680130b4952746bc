"""Cases: all that the rules may judge, any part of which may be missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from typing import Any

from nuages.code import Code
from nuages.deployment import Deployment
from nuages.model import (
    Budgets,
    Evidence,
    Facts,
    Growth,
    IndexTrial,
    LedgerEntry,
    QueryGroup,
    Recording,
    Scope,
    ScopeStats,
)
from nuages.origins import is_work


@dataclass(frozen=True)
class Case:
    """A recording, the project's facts, its code; empty where there is none."""

    recording: Recording = field(default_factory=Recording)
    facts: Facts = field(default_factory=Facts)
    code: Code = field(default_factory=Code)
    budgets: Budgets = field(default_factory=Budgets)
    deployment: Deployment = field(default_factory=Deployment)
    ledger: tuple[LedgerEntry, ...] = ()  # what the enclosure kept from leaving
    index_trials: tuple[IndexTrial, ...] = ()  # of indexes, on a populated scratch database
    growth: Growth = field(default_factory=Growth)  # of the queries, on more data

    @property
    def settings(self) -> Mapping[str, Any]:
        """The project's settings, by Django's names; see model.Facts."""
        return self.facts.settings

    @property
    def is_recorded(self) -> bool:
        """Whether anything ran; without, only settings, code and catalog can speak."""
        return bool(self.recording.scopes)

    @cached_property
    def stats(self) -> Mapping[Scope, ScopeStats]:
        """The figures of each scope."""
        return {stats.scope: stats for stats in self.recording.scopes}

    @cached_property
    def total_ns(self) -> int:
        """Time of all requests, tasks and commands; where there were none, of what there was."""
        scopes = self.recording.scopes
        worked = sum(stats.wall_ns for stats in scopes if is_work(stats.scope))
        return (
            worked
            or sum(stats.wall_ns for stats in scopes)
            or sum(group.wall_ns for group in self.recording.groups)
        )

    def is_admin(self, scope: Scope) -> bool:
        """Whether a scope is a page of Django's admin."""
        stats = self.stats.get(scope)
        return stats is not None and stats.view.startswith("django.contrib.admin.")

    def share(self, wall_ns: float) -> float:
        """What part of all time this is, 0..1."""
        return min(wall_ns / self.total_ns, 1.0) if self.total_ns else 0.0

    def route_share(self, parts: Iterable[tuple[Scope, int]]) -> float:
        """Of the (scope, ns): what part of a scope's time they are where it is most, 0..1."""
        spent: dict[Scope, int] = defaultdict(int)
        for scope, wall_ns in parts:
            spent[scope] += wall_ns
        shares = (
            wall_ns / self.stats[scope].wall_ns
            for scope, wall_ns in spent.items()
            if scope in self.stats and self.stats[scope].wall_ns
        )
        return min(max(shares, default=0.0), 1.0)

    def evidence(
        self,
        groups: Sequence[QueryGroup],
        part: float = 1.0,
        figures: Mapping[str, float | str] | None = None,
    ) -> Evidence:
        """What these queries cost, or that part of their time (0..1) which is to blame."""
        costliest = max(groups, key=lambda group: group.wall_ns)
        spread = {scope: _Spread(some) for scope, some in _by_scope(groups).items()}
        wall_ns = sum(group.wall_ns for group in groups) * part
        return Evidence(
            requests=sum(each.executions for each in spread.values()),
            calls=sum(group.calls for group in groups),
            per_request_max=max(each.most for each in spread.values()),
            wall_ms=wall_ns / 1e6,
            share=self.share(wall_ns),
            route_share=self.route_share((g.scope, int(g.wall_ns * part)) for g in groups),
            rows=sum(group.rows for group in groups),
            sql=costliest.statement.sql,
            max_ms=max(group.max_ns for group in groups) / 1e6,
            figures=figures or {},
        )


def most_in_one(groups: Iterable[QueryGroup]) -> tuple[Scope, int]:
    """The scope of whose executions one ran most of these queries, and how many, at least."""
    spread = {scope: _Spread(some) for scope, some in _by_scope(groups).items()}
    scope = max(spread, key=lambda scope: spread[scope].most)
    return scope, spread[scope].most


class _Spread:
    """The queries of one cause in one scope: those of several places, or statements, are counted
    apart, though mostly they are of the same executions.
    """

    def __init__(self, groups: Sequence[QueryGroup]) -> None:
        self.executions = max(group.executions for group in groups)
        busiest = max(group.per_execution_max for group in groups)
        calls = sum(group.calls for group in groups)
        self.most = max(busiest, ceil(calls / self.executions) if self.executions else 0)


def _by_scope(groups: Iterable[QueryGroup]) -> Mapping[Scope, list[QueryGroup]]:
    found: dict[Scope, list[QueryGroup]] = defaultdict(list)
    for group in groups:
        found[group.scope].append(group)
    return found
