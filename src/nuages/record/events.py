"""Events: the queries and calls of an execution, and the tallies that they are added up in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nuages.record import histograms

if TYPE_CHECKING:
    from nuages.record.execution import Execution

DISTINCT = 64  # parameter sets told apart
FEW = 32  # parameters that are looked at one by one
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")

# Statement, site, creation's site, trigger, load, shape.
Key = tuple[int, int, int, int, int, str]
# Kind, name, operation, site: see model.CallGroup.
CallKey = tuple[str, str, str, int]


class Tally:
    """The queries of one kind within one execution."""

    __slots__ = (
        "calls", "errors", "histogram", "is_counted", "max_ns", "params_seen", "rows", "rows_max",
        "wall_ns",
    )  # fmt: skip

    def __init__(self, *, is_counted: bool = True) -> None:
        self.is_counted = is_counted  # BEGIN and the like are no queries of an execution's
        self.calls = 0
        self.rows = 0
        self.rows_max = 0
        self.wall_ns = 0
        self.max_ns = 0
        self.histogram: dict[int, int] = {}  # bucket → queries
        self.params_seen: set[int] = set()
        self.errors: dict[str, int] = {}

    def add(self, query: Query) -> None:
        query.tally = self
        wall_ns, rows = query.wall_ns, query.rows
        self.calls += 1
        self.rows += rows
        self.wall_ns += wall_ns
        bucket = histograms.bucket(wall_ns)
        self.histogram[bucket] = self.histogram.get(bucket, 0) + 1
        if rows > self.rows_max:
            self.rows_max = rows
        if wall_ns > self.max_ns:
            self.max_ns = wall_ns
        if query.params is not None and len(self.params_seen) < DISTINCT:
            self.params_seen.add(query.params)
        if query.error:
            self.errors[query.error] = self.errors.get(query.error, 0) + 1


class CallTally:
    """The calls of one kind within one execution."""

    __slots__ = ("calls", "histogram", "max_ns", "outcomes", "wall_ns")

    def __init__(self) -> None:
        self.calls = 0
        self.wall_ns = 0
        self.max_ns = 0
        self.histogram: dict[int, int] = {}
        self.outcomes: dict[str, int] = {}

    def add(self, wall_ns: int, outcomes: Iterable[str] = ()) -> None:
        self.calls += 1
        self.wall_ns += wall_ns
        bucket = histograms.bucket(wall_ns)
        self.histogram[bucket] = self.histogram.get(bucket, 0) + 1
        if wall_ns > self.max_ns:
            self.max_ns = wall_ns
        for outcome in outcomes:
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


class Query:
    """One query being executed and fetched: an event of its execution."""

    __slots__ = (
        "error", "execution", "key", "params", "rows", "started_ns", "tally", "wall_ns",
    )  # fmt: skip

    # Execution.query() fills them in: a constructor would cost each query 0.3 µs more.
    execution: Execution
    key: Key
    params: int | None  # a hash; None where parameters are not told apart
    started_ns: int
    wall_ns: int
    rows: int
    error: str  # the class of the exception that it ended with
    tally: Tally | None  # set once it was added up

    def add(self, wall_ns: int, rows: int) -> None:
        """Count time spent, and rows fetched, on this query."""
        if self.tally is None:
            self.wall_ns += wall_ns
            self.rows += rows
        else:
            self._correct(self.tally, wall_ns, rows)

    def _correct(self, tally: Tally, wall_ns: int, rows: int) -> None:
        """It was added up already, while it is still being fetched."""
        execution = self.execution
        with execution.lock:
            before = histograms.bucket(self.wall_ns)
            self.wall_ns += wall_ns
            self.rows += rows
            after = histograms.bucket(self.wall_ns)
            if after != before:
                tally.histogram[before] -= 1
                tally.histogram[after] = tally.histogram.get(after, 0) + 1
            tally.wall_ns += wall_ns
            tally.rows += rows
            tally.max_ns = max(tally.max_ns, self.wall_ns)
            tally.rows_max = max(tally.rows_max, self.rows)
            execution.db_ns += wall_ns
            execution.rows += rows


class Call:
    """One call that is no query: an event of its execution."""

    __slots__ = ("key", "outcomes", "started_ns", "wall_ns")

    def __init__(
        self, key: CallKey, started_ns: int, wall_ns: int, outcomes: tuple[str, ...]
    ) -> None:
        self.key = key
        self.started_ns = started_ns
        self.wall_ns = wall_ns
        self.outcomes = outcomes


def hash_of(params: Any) -> int:
    """Equal for what asks the same, though a clock that was read anew is among its parameters."""
    try:
        if isinstance(params, tuple | list):
            few = len(params) <= FEW
            return hash(tuple(map(_to_the_minute, params)) if few else tuple(params))
        return hash(params)
    except (TypeError, ValueError):  # a list, an adapter around one; a writable memoryview
        return hash(repr(params))


def _to_the_minute(param: Any) -> Any:
    if type(param) is str:  # as the drivers of SQLite and MySQL are given times
        return param[:16] if TIME.match(param) else param
    if isinstance(param, datetime):
        return param.replace(second=0, microsecond=0)
    return param
