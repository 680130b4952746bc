"""Budgets are held or broken by what was measured."""

from __future__ import annotations

from dataclasses import replace

from nuages.model import Budgets
from nuages.report.calls import tables
from nuages.report.queries import statements
from nuages.report.routes import routes
from nuages.report.verdicts import verdicts

from .sample_findings import COMMENTS, FEED
from .sample_recording import RECORDING


def told(budgets: Budgets = Budgets()):  # noqa: B008
    listed = routes(RECORDING, [])
    middleware = tables(RECORDING.calls, by_place=False).middleware
    return verdicts(budgets, listed, statements(RECORDING.groups), middleware)


def test_what_breaks_a_budget_is_named_the_worst_first():
    response, query, middleware = told(Budgets(response_ms=50))
    assert response.measured == 3
    assert [one.name for one in response.over][:2] == [COMMENTS, FEED]
    assert [one.ms for one in response.over] == sorted((o.ms for o in response.over), reverse=True)
    assert [one.ms for one in query.over] == [45]
    assert [one.name for one in middleware.over] == ["chorus.core.middleware.Flags"]


def test_what_a_middleware_is_first_to_ask_for_is_not_its_own_time():
    [row] = [row for row in tables(RECORDING.calls, by_place=False).middleware if row.wall_ms > 100]
    verdict = verdicts(Budgets(), [], [], [replace(row, operation="load")])
    assert verdict == []


def test_a_command_answers_nobody():
    assert "manage.py digest" not in [one.name for one in told()[0].over]


def test_a_budget_may_be_held():
    verdict = told(Budgets(response_ms=10_000))[0]
    assert verdict.held
    assert verdict.worst == ()


def test_what_was_not_measured_has_no_verdict():
    assert verdicts(Budgets(), [], [], []) == []
