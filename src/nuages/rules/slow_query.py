"""Single queries that take longer than the budget allows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from nuages.cases import Case
from nuages.histogram import percentile_ms
from nuages.model import (
    Evidence,
    Finding,
    Fix,
    Location,
    QueryGroup,
    Remedy,
    Statement,
)
from nuages.origins import is_set_up, one_execution
from nuages.statements import NAME, TABLE

ID = "slow-query"

VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
ENOUGH_CALLS = 3  # fewer may be slow by accident: a cold cache, a busy machine
ALONE = 3  # times the budget, from which on a query that was seen once is worth a word

CONDITION = re.compile(
    rf"^\(*{NAME}\.{NAME} (=|>|<|>=|<=|IS NULL|IS NOT NULL|IN|BETWEEN)", re.IGNORECASE
)
WHERE = re.compile(r"\bWHERE (.+?)(?= GROUP BY | ORDER BY | LIMIT | FOR |$)", re.IGNORECASE)
ORDER = re.compile(r"\bORDER BY (.+?)(?= LIMIT | FOR |$)", re.IGNORECASE)
ORDERED = re.compile(rf"^{NAME}\.{NAME}(?: ASC| DESC)?$", re.IGNORECASE)


def find(case: Case) -> Iterator[Finding]:
    """One finding per statement and line whose 95th percentile is over the budget."""
    queries: dict[tuple[Statement, Location | None], list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        if group.statement.verb in VERBS and not is_set_up(group.scope, group.location):
            queries[group.statement, group.location].append(group)
    for groups in queries.values():
        histogram = _sum(groups)
        p95_ms = percentile_ms(histogram, _share(histogram), max(g.max_ns for g in groups))
        if p95_ms >= case.budgets.slow_query_ms * (ALONE if sum(histogram) == 1 else 1):
            yield _finding(groups, p95_ms, case)


def _share(histogram: Sequence[int]) -> float:
    """The 95th percentile; of a few, all but the slowest, which may be slow by accident."""
    calls = sum(histogram)
    return min(0.95, (calls - 1) / calls) if calls > 1 else 0.95


def index_columns(sql: str) -> tuple[str, tuple[str, ...]] | None:
    """The table and the columns of an index worth a try, where one table and ANDs leave no doubt.

    Equalities come first, then one range or the order: the order of a B-tree's columns.
    """
    source, where, order = TABLE.search(sql), WHERE.search(sql), ORDER.search(sql)
    if source is None or " JOIN " in sql or " OR " in sql or sql.count("SELECT") != 1:
        return None
    if sql[source.end() :].lstrip().startswith(","):
        return None
    table = source.group(1)
    conditions = [CONDITION.match(c) for c in where.group(1).split(" AND ")] if where else []
    ordered = [ORDERED.match(part) for part in order.group(1).split(", ")] if order else []
    matches = [*conditions, *ordered]
    if not matches or any(m is None or m.group(1) != table for m in matches):
        return None
    equal = [m.group(2) for m in conditions if m and m.group(3).upper() in ("=", "IN", "IS NULL")]
    ranged = [m.group(2) for m in conditions if m and m.group(2) not in equal]
    columns = dict.fromkeys([*equal, *(ranged[:1] or [m.group(2) for m in ordered if m])])
    return (table, tuple(columns)) if set(columns) != {"id"} else None


def _finding(groups: list[QueryGroup], p95_ms: float, case: Case) -> Finding:
    worst = max(groups, key=lambda group: group.max_ns)
    calls = sum(group.calls for group in groups)
    wall_ns = sum(group.wall_ns for group in groups)
    scopes = sorted({group.scope.name for group in groups if group.scope.kind != "test"})
    tests = sorted({test for group in groups for test in group.tests})[:50]
    index = index_columns(worst.statement.sql)
    return Finding(
        rule=ID,
        message=f"A {worst.statement.verb} on {_table(worst)} takes {_ms(p95_ms)} of the "
        f"{_ms(case.budgets.slow_query_ms)} that a query may, in {one_execution(worst.scope)}",
        hint=_hint(worst, index),
        location=worst.location,
        created_at=worst.created_at,
        trigger=worst.trigger,
        evidence=Evidence(
            requests=sum(group.executions for group in groups),
            calls=calls,
            per_request_max=max(group.per_execution_max for group in groups),
            wall_ms=wall_ns / 1e6,
            share=case.share(wall_ns),
            route_share=case.route_share((group.scope, group.wall_ns) for group in groups),
            rows=sum(group.rows for group in groups),
            sql=worst.statement.sql,
            p95_ms=p95_ms,
            max_ms=worst.max_ns / 1e6,
        ),
        confidence=0.9 if calls >= ENOUGH_CALLS else 0.4,
        remedy=Remedy(kind="index", path=_index(index)) if index else Remedy(kind="none"),
        routes=tuple(scopes),
        tests=tuple(tests),
        fix=Fix(status="none", reason="no index was tried"),
    )


def _hint(worst: QueryGroup, index: tuple[str, tuple[str, ...]] | None) -> str:
    explain = f"run EXPLAIN (ANALYZE, BUFFERS) on it as {worst.scope.name} does"
    if worst.statement.vendor != "postgresql":
        explain = f"run EXPLAIN on it as {worst.scope.name} does"
    return f"{explain}, and try an index on {_index(index)}" if index else explain


def _index(index: tuple[str, tuple[str, ...]]) -> str:
    table, columns = index
    return f"{table}({', '.join(columns)})"


def _table(group: QueryGroup) -> str:
    found = re.search(rf"\b(?:FROM|INTO|UPDATE) {NAME}", group.statement.sql, re.IGNORECASE)
    return found.group(1) if found else "the database"


def _ms(value: float) -> str:
    return f"{value:,.0f} ms"


def _sum(groups: list[QueryGroup]) -> list[int]:
    return [sum(counts) for counts in zip_longest(*(g.histogram for g in groups), fillvalue=0)]
