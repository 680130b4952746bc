"""How the queries of a site grow with its data: two recordings compared, and what that tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from nuages.model import Grown, GrownKey, Growth, QueryGroup, Recording, Scope

TIMES = 5  # as many rows, in the second fill
MORE_QUERIES = 2.0  # times as many: a page limit gives 1.0, a loop over the table TIMES
MORE_ROWS = 4.0  # times as many: nearly TIMES, as some rows of a fill are refused
SURER = 0.1  # of a confidence, where the number of queries was seen to grow
SUREST = 0.99


def compare(before: Recording, after: Recording, *, rows: int, grown_rows: int) -> Growth:
    """What both recordings have of each query; of one that only one of them has, nothing."""
    small, large = _by_key(before), _by_key(after)
    return Growth(
        rows=rows,
        grown_rows=grown_rows,
        queries={key: _grown(small[key], large[key]) for key in small if key in large},
    )


def key(group: QueryGroup) -> GrownKey:
    return GrownKey(group.scope, group.statement, group.location, group.trigger, group.shape)


def most_grown(growth: Growth, groups: Iterable[QueryGroup]) -> tuple[int, int] | None:
    """Queries of one execution of a scope, all of these together, where they grew most.

    None: nothing is known of any.
    """
    found: dict[Scope, tuple[int, int]] = {}
    for known in {key(group) for group in groups} & growth.queries.keys():
        before, after = found.get(known.scope, (0, 0))
        small, large = growth.queries[known].queries
        found[known.scope] = before + small, after + large
    return max(found.values(), key=lambda each: (each[1] / max(each[0], 1), each), default=None)


def is_more_often(growth: Growth, groups: Iterable[QueryGroup]) -> bool:
    """Whether one execution made more of these queries on more data."""
    found = most_grown(growth, groups)
    return found is not None and found[1] >= MORE_QUERIES * max(found[0], 1)


def surer(confidence: float, growth: Growth, groups: Iterable[QueryGroup]) -> float:
    """A confidence, raised where the number of queries grew; where it did not, as it was."""
    if not is_more_often(growth, groups):
        return confidence
    return max(confidence, round(min(confidence + SURER, SUREST), 2))


def figures(growth: Growth, groups: Iterable[QueryGroup]) -> dict[str, float | str]:
    """Queries of one execution on less and on more data, for a finding's evidence."""
    found = most_grown(growth, groups)
    if found is None:
        return {}
    return {
        f"queries_at_{growth.rows}_rows": found[0],
        f"queries_at_{growth.grown_rows}_rows": found[1],
    }


def grown_rows(growth: Growth, group: QueryGroup) -> int:
    """Rows of this query on more data, where they grew with it; else 0."""
    found = growth.queries.get(key(group))
    if found is None or found.rows[1] < MORE_ROWS * max(found.rows[0], 1):
        return 0
    return found.rows[1]


def _by_key(recording: Recording) -> Mapping[GrownKey, Sequence[QueryGroup]]:
    groups: dict[GrownKey, list[QueryGroup]] = defaultdict(list)
    for group in recording.groups:
        groups[key(group)].append(group)
    return groups


def _grown(small: Sequence[QueryGroup], large: Sequence[QueryGroup]) -> Grown:
    return Grown(
        queries=(_queries(small), _queries(large)),
        rows=(_rows(small), _rows(large)),
        ms=(_ms(small), _ms(large)),
    )


def _queries(groups: Sequence[QueryGroup]) -> int:
    return max(group.per_execution_max for group in groups)


def _rows(groups: Sequence[QueryGroup]) -> int:
    return max(group.rows_max for group in groups)


def _ms(groups: Sequence[QueryGroup]) -> float:
    executions = max(group.executions for group in groups)
    return sum(group.wall_ns for group in groups) / max(executions, 1) / 1e6
