"""Executions: what runs now, for which scope, and the queries it has made so far."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from threading import RLock, local
from time import perf_counter_ns, thread_time_ns
from typing import Any

from nuages.record import histograms

DISTINCT = 64  # parameter sets told apart
KEYS = 20_000  # kinds of query in one execution
FEW = 32  # parameters that are looked at one by one
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")

# Statement, site, creation's site, trigger, load, shape.
Key = tuple[int, int, int, int, int, str]


class Tally:
    """The queries of one kind within one execution."""

    __slots__ = (
        "calls", "histogram", "max_ns", "params_seen", "rows", "rows_max", "wall_ns",
    )  # fmt: skip

    def __init__(self) -> None:
        self.calls = 0
        self.rows = 0
        self.rows_max = 0
        self.wall_ns = 0
        self.max_ns = 0
        self.histogram = [0] * histograms.BUCKETS
        self.params_seen: set[int] = set()


class Query:
    """One query being executed and fetched, and where to count it."""

    __slots__ = ("execution", "rows", "tally", "wall_ns")

    def __init__(self, execution: Execution, tally: Tally) -> None:
        self.execution = execution
        self.tally = tally
        self.wall_ns = 0
        self.rows = 0

    def add(self, wall_ns: int, rows: int) -> None:
        """Count time spent, and rows fetched, on this query."""
        tally, execution = self.tally, self.execution
        with execution.lock:
            if self.wall_ns:
                tally.histogram[histograms.bucket(self.wall_ns)] -= 1
            self.wall_ns += wall_ns
            tally.histogram[histograms.bucket(self.wall_ns)] += 1
            tally.wall_ns += wall_ns
            execution.db_ns += wall_ns
            tally.max_ns = max(tally.max_ns, self.wall_ns)
            if rows:
                self.rows += rows
                tally.rows += rows
                execution.rows += rows
                tally.rows_max = max(tally.rows_max, self.rows)


class Execution:
    """One request, command, test or task; or the process, for what belongs to none of them."""

    def __init__(self, kind: str, name: str, parent: Execution | None = None) -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        self.test: str = name if kind == "test" else parent.test if parent else running_test()
        self.view = ""
        self.statuses: dict[str, int] = {}
        self.queries = 0
        self.rows = 0
        self.db_ns = 0
        self.cpu_ns = 0
        self.wall_ns = 0
        self.started_ns = perf_counter_ns()
        self.tallies: dict[Key, Tally] = {}
        self.left_out = 0
        self.lock = RLock()
        self.is_ended = False
        self.is_answered = False  # a response was given; a stream may still be sent

    def query(self, key: Key, params: Any, *, counts: bool, wall_ns: int) -> Query | None:
        """Count a query that took `wall_ns` to execute; `counts` is false for COMMIT and such."""
        with self.lock:
            tally = self.tallies.get(key)
            if tally is None:
                if len(self.tallies) >= KEYS:
                    self.left_out += 1
                    return None
                tally = self.tallies[key] = Tally()
            tally.calls += 1
            self.queries += counts
            if len(tally.params_seen) < DISTINCT:
                tally.params_seen.add(_hash(params))
            query = Query(self, tally)
            query.add(max(wall_ns, 1), 0)
            return query


def _hash(params: Any) -> int:
    """Equal for what asks the same, though a clock that was read anew is among its parameters."""
    try:
        if isinstance(params, tuple | list) and len(params) <= FEW:
            return hash(tuple(map(_to_the_minute, params)))
        return hash(params)
    except TypeError:  # a list, or an adapter around one
        return hash(repr(params))


def _to_the_minute(param: Any) -> Any:
    if type(param) is str:  # as the drivers of SQLite and MySQL are given times
        return param[:16] if TIME.match(param) else param
    if isinstance(param, datetime):
        return param.replace(second=0, microsecond=0)
    return param


_process = Execution.__new__(Execution)
_current: ContextVar[Execution | None] = ContextVar("nuages_execution", default=None)
_open: dict[int, Execution] = {}
_tests: list[Execution] = []  # running now; a server thread's requests belong to the only one
_on_end: list[Callable[[Execution], None]] = []


def running_test() -> str:
    return _tests[-1].name if len(_tests) == 1 else ""


def current() -> Execution:
    """What runs in this context; the process itself when that has ended or there is none."""
    execution = _current.get()
    while execution is not None and execution.is_ended:
        execution = execution.parent
    return execution or _process


def active() -> Execution | None:
    """What runs in this context, None for the process."""
    execution = current()
    return None if execution is _process else execution


def process() -> Execution:
    return _process


def is_in(kind: str) -> bool:
    """Whether an execution of this kind surrounds the current one."""
    execution = _current.get()
    while execution is not None:
        if execution.kind == kind and not execution.is_ended:
            return True
        execution = execution.parent
    return False


def begin(kind: str, name: str) -> Execution:
    """Start an execution inside the current one; enter() makes it current."""
    execution = Execution(kind, name, active())
    _open[id(execution)] = execution
    if kind == "test":
        _tests.append(execution)
    return execution


class _Entered(local):
    """What this thread is in, innermost last; CPU time counts once however often it entered."""

    def __init__(self) -> None:
        self.stack: list[Execution] = []


_entered = _Entered()


class enter:  # noqa: N801 - used like a function
    """Makes an execution current within a `with`, and counts the CPU time spent there."""

    __slots__ = ("_cpu", "_execution", "_is_outermost", "_token")

    def __init__(self, execution: Execution | None) -> None:
        self._execution = execution

    def __enter__(self) -> None:
        if self._execution is not None:
            self._token = _current.set(self._execution)
            self._is_outermost = self._execution not in _entered.stack
            _entered.stack.append(self._execution)
            self._cpu = thread_time_ns()

    def __exit__(self, *_: object) -> None:
        execution = self._execution
        if execution is not None:
            if self._is_outermost:
                execution.cpu_ns += thread_time_ns() - self._cpu
            if execution in _entered.stack:
                _entered.stack.remove(execution)
            try:
                _current.reset(self._token)
            except ValueError:  # left in another context, as a generator may be: that has its own
                _current.set(execution.parent)


def end(execution: Execution) -> None:
    """Close an execution once; whoever listens folds it."""
    with execution.lock:
        if execution.is_ended:
            return
        execution.is_ended = True
        execution.wall_ns = perf_counter_ns() - execution.started_ns
    _open.pop(id(execution), None)
    if execution in _tests:
        _tests.remove(execution)
    for listener in _on_end:
        listener(execution)


def on_end(listener: Callable[[Execution], None]) -> None:
    _on_end.append(listener)


def unfinished() -> list[Execution]:
    """What a snapshot must not leave out: all but requests that are still being answered."""
    running = [e for e in list(_open.values()) if e.kind != "request" or e.is_answered]
    return [*running, _process]


def forget_parent_process() -> None:
    """After a fork: what other threads of the parent were doing is not this process's."""
    own = {id(execution) for execution in _entered.stack}
    for number in [number for number in _open if number not in own]:
        del _open[number]
    _tests[:] = [execution for execution in _tests if id(execution) in own]
    for execution in _open.values():
        execution.lock = RLock()


def clear() -> None:
    """Start counting anew; what runs goes on, its queries so far forgotten."""
    global _process
    _process = Execution("process", "process")
    for execution in list(_open.values()):
        with execution.lock:
            execution.tallies = {}
            execution.queries = execution.rows = execution.db_ns = execution.cpu_ns = 0
            execution.started_ns = perf_counter_ns()


clear()
