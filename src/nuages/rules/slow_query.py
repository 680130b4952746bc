"""Single queries that take longer than the budget allows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from nuages.cases import Case
from nuages.grounds.lacking import Slow, guessed, lacking, slow_queries
from nuages.indexes.spelling import label
from nuages.model import Finding, Fix, IndexIdea, IndexTrial, QueryGroup, Remedy, Statement
from nuages.origins import one_execution
from nuages.statements import NAME
from nuages.wording import with_article

ID = "slow-query"

MUCH_QUICKER = 10  # times, alone than the budget has it
ENOUGH_CALLS = 3  # fewer may be slow by accident: a cold cache, a busy machine


def find(case: Case) -> Iterator[Finding]:
    """One finding per statement and line; what lacks an index is missing-index's."""
    explained = {group.statement for one in lacking(case) for group in one.groups}
    tried = {
        measured.statement: trial for trial in case.index_trials for measured in trial.measured
    }
    for slow in slow_queries(case):
        trial = tried.get(slow.statement)
        if slow.statement not in explained and not _is_quick_alone(slow, trial, case):
            yield _finding(slow, trial, case)


def _finding(slow: Slow, trial: IndexTrial | None, case: Case) -> Finding:
    groups = slow.groups
    worst = max(groups, key=lambda group: group.max_ns)
    calls = sum(group.calls for group in groups)
    scopes = sorted({group.scope.name for group in groups if group.scope.kind != "test"})
    tests = sorted({test for group in groups for test in group.tests})[:50]
    index = _worth_a_try(slow.statement, trial, case)
    verb = with_article(worst.statement.verb)
    return Finding(
        rule=ID,
        message=f"{verb[:1].upper()}{verb[1:]} on {_table(worst)} takes {_ms(slow.p95_ms)} of the "
        f"{_ms(case.budgets.slow_query_ms)} that a query may, in {one_execution(worst.scope)}",
        hint=_hint(worst, index, trial),
        location=worst.location,
        created_at=worst.created_at,
        trigger=worst.trigger,
        evidence=replace(
            case.evidence(groups, figures=_plan(slow.statement, trial)), p95_ms=slow.p95_ms
        ),
        confidence=0.9 if calls >= ENOUGH_CALLS else 0.4,
        remedy=Remedy(kind="index", path=label(index)) if index else Remedy(kind="none"),
        routes=tuple(scopes),
        tests=tuple(tests),
        fix=Fix(status="none", reason=_no_fix(trial)),
    )


def _is_quick_alone(slow: Slow, trial: IndexTrial | None, case: Case) -> bool:
    """Whether it was, run by itself on as many rows, so quick that others on the machine made
    it slow.
    """
    told = trial.measured if trial is not None else ()
    alone = [one.before_ms for one in told if one.statement == slow.statement and one.before_ms]
    return bool(alone) and alone[0] * MUCH_QUICKER <= case.budgets.slow_query_ms


def _worth_a_try(statement: Statement, trial: IndexTrial | None, case: Case) -> IndexIdea | None:
    """An index for a statement of which nothing is known but its text."""
    if trial is not None and trial.outcome != "not tried":
        return None
    return None if statement.alias in case.facts.catalogs else guessed(statement, case)


def _no_fix(trial: IndexTrial | None) -> str:
    if trial is None or trial.outcome in ("no candidate", "not tried"):
        return "no index was tried"
    if trial.outcome == "writes":
        return "the index that serves it costs the writes of its table more than it saves"
    if not trial.tried:
        return "no index was tried"
    tried = "1 index was" if trial.tried == 1 else f"{trial.tried} indexes were"
    return f"{tried} tried, and none made it clearly faster"


def _plan(statement: Statement, trial: IndexTrial | None) -> dict[str, float | str]:
    """How the database answered it, where an index was tried for it."""
    told = trial.measured if trial is not None else ()
    plan = next((one.before_plan for one in told if one.statement == statement), "")
    return {"plan": plan} if plan else {}


def _hint(worst: QueryGroup, index: IndexIdea | None, trial: IndexTrial | None) -> str:
    explain = f"run EXPLAIN (ANALYZE, BUFFERS) on it as {worst.scope.name} does"
    if worst.statement.vendor != "postgresql":
        explain = f"run EXPLAIN on it as {worst.scope.name} does"
    if index:
        return f"{explain}, and try an index on {label(index)}"
    if trial is not None and trial.outcome in ("not used", "not faster"):
        return f"no index helps: read fewer rows, or keep the result; {explain}"
    return explain


def _table(group: QueryGroup) -> str:
    found = re.search(rf"\b(?:FROM|INTO|UPDATE) {NAME}", group.statement.sql, re.IGNORECASE)
    return found.group(1) if found else "the database"


def _ms(value: float) -> str:
    return f"{value:,.0f} ms"
