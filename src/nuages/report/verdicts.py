"""Budgets held or broken: by routes, by queries, by middleware."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nuages.model import Budgets
from nuages.report.calls import CallRow
from nuages.report.queries import Queries
from nuages.report.routes import Route
from nuages.report.sql import brief

SHOWN = 3  # of what breaks a budget


@dataclass(frozen=True, kw_only=True, slots=True)
class Over:
    """Something that breaks a budget."""

    name: str
    id: str  # of its page, "" where it has none
    ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One budget, and what became of it."""

    title: str  # "Response"
    measure: str  # what is compared with it
    noun: str  # of what is measured
    budget_ms: float
    measured: int
    over: tuple[Over, ...]  # the worst first

    @property
    def held(self) -> bool:
        return not self.over

    @property
    def worst(self) -> Sequence[Over]:
        return self.over[:SHOWN]


def verdicts(
    budgets: Budgets,
    routes: Iterable[Route],
    statements: Iterable[Queries],
    middleware: Iterable[CallRow],
) -> list[Verdict]:
    """The budgets that something was measured against."""
    found = [
        _verdict(
            "Response", "p95 of a route", "route", budgets.response_ms,
            [
                Over(name=route.name, id=route.id, ms=route.p95_ms)
                for route in routes if route.stats.scope.kind == "request" and route.executions
            ],
        ),
        _verdict(
            "Query", "p95 of a statement", "statement", budgets.query_ms,
            [
                Over(name=brief(one.statement.sql), id=one.id, ms=one.p95_ms) for one in statements
            ],
        ),
        _verdict(
            "Middleware", "mean time of its own", "middleware", budgets.middleware_ms,
            [Over(name=row.name, id="", ms=row.mean_ms) for row in middleware if not row.operation],
        ),
    ]  # fmt: skip
    return [verdict for verdict in found if verdict.measured]


def _verdict(
    title: str, measure: str, noun: str, budget_ms: float, measured: list[Over]
) -> Verdict:
    over = [one for one in measured if one.ms > budget_ms]
    return Verdict(
        title=title,
        measure=measure,
        noun=noun,
        budget_ms=budget_ms,
        measured=len(measured),
        over=tuple(sorted(over, key=lambda one: (-one.ms, one.name))),
    )
