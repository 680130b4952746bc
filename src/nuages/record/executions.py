"""Executions: what runs now, for which scope, and the queries it has made so far.

What hooks call outside of a guard of theirs guards itself: active, is_in, begin, enter and end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from threading import RLock, get_ident
from types import MappingProxyType
from typing import Any

from nuages.record import faults, statements
from nuages.record.clocks import perf_counter_ns, thread_time_ns
from nuages.record.events import Call, CallKey, CallTally, Key, Query, Tally
from nuages.record.sampling import Sample

KEYS = 20_000  # kinds of query, and of call, in one execution
NAME = 200  # characters kept of a call's name
EVENTS = 512  # queries and calls that an execution holds before it adds them up
REPORT = "report"  # of an execution that nobody begins or ends, see error_reports.py
SAMPLED_FIRST = 64  # executions, before only every so many are sampled
FIGURES = (
    "queries", "rows", "db_ns", "cpu_ns", "wall_ns", "io_cpu_ns", "settled", "events_left_out",
    "left_out", "counters", "peaks", "nested_wall_ns", "nested_cpu_ns", "gc_ns",
)  # fmt: skip

_sample = Sample(first=SAMPLED_FIRST, every=1)


def sample(every: int) -> None:
    """Measure what is dear in one of so many executions; 1: in all."""
    _sample.choose(every)


class Execution:
    """One request, command, test or task; or the process, for what belongs to none of them."""

    # What is rarely set stands here, since each of them would cost every request 20 ns.
    view = ""
    statuses: Mapping[str, int] = MappingProxyType({})
    is_ended = False
    is_answered = False  # a response was given; a stream may still be sent
    is_unmatched = False  # a request that Django has found no route for
    is_inherited = False  # begun before a fork, in the process that forked
    request: Any = None  # while it is being answered; tells the route, once it is resolved
    queries = rows = db_ns = cpu_ns = wall_ns = 0
    io_cpu_ns = 0  # of cpu_ns, spent inside the database's driver, a cache's, a client's
    nested_wall_ns = nested_cpu_ns = gc_ns = 0  # of executions inside; of garbage collections
    settled = 0  # events added up
    events_left_out = 0  # added up and forgotten
    left_out = 0  # kinds beyond KEYS
    counters: Mapping[str, int] = MappingProxyType({})  # see model.COUNTERS
    peaks: Mapping[str, int] = MappingProxyType({})  # see model.PEAKS

    def __init__(self, kind: str, name: str, parent: Execution | None = None) -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        self.test: str = name if kind == "test" else parent.test if parent else running_test()
        # Whether what is dear to measure is measured.
        self.is_sampled = _sample.takes_next()
        self.lock = RLock()
        self.events: list[Query | Call] = []
        self.tallies: dict[Key, Tally] = {}
        self.call_tallies: dict[CallKey, CallTally] = {}
        self.started_ns = perf_counter_ns()

    def forget(self) -> None:
        """Count anew from now on."""
        for name in FIGURES:
            vars(self).pop(name, None)
        self.events, self.tallies, self.call_tallies = [], {}, {}
        self.started_ns = perf_counter_ns()

    def query(self, key: Key, params: int | None, started_ns: int, wall_ns: int) -> Query:
        """Count a query that took `wall_ns` to execute; `params` is a hash, see hash_of()."""
        query = Query(self, key, params, started_ns, wall_ns)
        events = self.events
        events.append(query)
        if len(events) >= EVENTS:
            self._let_go()
        return query

    def call(
        self, key: CallKey, started_ns: int, wall_ns: int, outcomes: tuple[str, ...] = ()
    ) -> None:
        """Count a call that is no query."""
        if len(key[1]) > NAME:
            key = (key[0], key[1][:NAME], *key[2:])
        self.events.append(Call(key, started_ns, wall_ns, outcomes))
        if len(self.events) >= EVENTS:
            self._let_go()

    def count(self, name: str, amount: int = 1) -> None:
        """Add to one of model.COUNTERS."""
        with self.lock:
            self.counters = {**self.counters, name: self.counters.get(name, 0) + amount}

    def peak(self, name: str, amount: int) -> None:
        """Raise one of model.PEAKS."""
        with self.lock:
            self.peaks = {**self.peaks, name: max(self.peaks.get(name, 0), amount)}

    def _let_go(self) -> None:
        """Forget events that were added up."""
        self.settle()
        with self.lock:
            self.events_left_out += self.settled
            del self.events[: self.settled]
            self.settled = 0

    def has_figures(self) -> bool:
        """Whether anything was counted."""
        events = self.events or self.tallies or self.call_tallies
        return bool(events or self.counters or self.peaks)

    def counts(self) -> bool:
        """Whether a snapshot is to tell of it though it has not ended."""
        if self.is_inherited or self.kind == "process":
            return self.has_figures()
        return self.kind != "request" or self.is_answered

    def settle(self) -> None:
        """Add up what happened since the last time."""
        with self.lock:
            new = self.events[self.settled :]
            self.settled += len(new)
            for event in new:
                if isinstance(event, Query):
                    self._add_query(event)
                else:
                    self._add_call(event)

    def _add_query(self, query: Query) -> None:
        tally = self.tallies.get(query.key)
        if tally is None:
            if len(self.tallies) >= KEYS:
                self.left_out += 1
                return
            tally = self.tallies[query.key] = Tally()
        query.tally = tally
        tally.add(query)
        statement = statements.table.values[query.key[0]]
        if statement is None or not statement.is_transaction:
            self.queries += 1
        self.rows += query.rows
        self.db_ns += query.wall_ns

    def _add_call(self, call: Call) -> None:
        tally = self.call_tallies.get(call.key)
        if tally is None:
            if len(self.call_tallies) >= KEYS:
                self.left_out += 1
                return
            tally = self.call_tallies[call.key] = CallTally()
        tally.add(call.wall_ns, call.outcomes)


_process = Execution.__new__(Execution)
_current: ContextVar[Execution | None] = ContextVar("nuages_execution", default=None)
_open: dict[int, Execution] = {}
_tests: list[Execution] = []  # running now; a server thread's requests belong to the only one
_entered: dict[int, list[Execution]] = {}  # by thread: what it is in, innermost last
_on_begin: list[Callable[[Execution], None]] = []
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
    try:
        execution = current()
    except Exception:
        faults.note()
        return None
    return None if execution is _process else execution


def is_reporting() -> bool:
    """Whether Django builds the report of an error: what that asks is not the project's doing."""
    return current().kind == REPORT


def process() -> Execution:
    return _process


def is_in(kind: str) -> bool:
    """Whether an execution of this kind surrounds the current one."""
    try:
        execution = _current.get()
        while execution is not None:
            if execution.kind == kind and not execution.is_ended:
                return True
            execution = execution.parent
    except Exception:
        faults.note()
    return False


def begin(kind: str, name: str) -> Execution | None:
    """Start an execution inside the current one; enter() makes it current. None when that fails."""
    try:
        execution = Execution(kind, name, active())
        _open[id(execution)] = execution
        if kind == "test":
            _tests.append(execution)
        for listener in _on_begin:
            listener(execution)
        execution.started_ns = perf_counter_ns()  # without what the listeners measured
    except Exception:
        faults.note()
        return None
    return execution


class enter:  # noqa: N801 - used like a function
    """Makes an execution current within a `with`, and counts the CPU time spent there.

    CPU time counts once however often a thread has entered.
    """

    __slots__ = ("_cpu", "_execution", "_is_inner", "_token")

    def __init__(self, execution: Execution | None) -> None:
        self._execution = execution

    def __enter__(self) -> None:
        execution = self._execution
        if execution is None:
            return
        try:
            entered = _entered.get(get_ident())
            if entered is None:
                entered = _entered[get_ident()] = []
            self._is_inner = bool(entered) and execution in entered
            entered.append(execution)
            self._token = _current.set(execution)
            self._cpu = 0 if self._is_inner else thread_time_ns()
        except Exception:
            faults.note()
            self._execution = None

    def __exit__(self, *_: object) -> None:
        execution = self._execution
        if execution is None:
            return
        try:
            if not self._is_inner:
                cpu = thread_time_ns()
                # After a fork the clock of the child starts anew.
                execution.cpu_ns += cpu - self._cpu if cpu >= self._cpu else cpu
            _leave(execution)
        except Exception:
            faults.note()
        try:
            _current.reset(self._token)
        except ValueError:  # left in another context, as a generator may be: that has its own
            _current.set(execution.parent)


def _leave(execution: Execution) -> None:
    entered = _entered.get(get_ident(), [])
    if entered and entered[-1] is execution:
        entered.pop()
    elif execution in entered:
        entered.remove(execution)
    if not entered:
        _entered.pop(get_ident(), None)


def end(execution: Execution | None, status: str = "") -> None:
    """Close an execution once, with how it ended; whoever listens folds it."""
    if execution is None or execution.is_ended:
        return
    try:
        _close(execution, status)
    except Exception:
        faults.note()
        execution.is_ended = True  # what failed is not tried again, and does not stay open
        _open.pop(id(execution), None)


def _close(execution: Execution, status: str) -> None:
    with execution.lock:
        if execution.is_ended:
            return
        execution.is_ended = True
        execution.wall_ns = perf_counter_ns() - execution.started_ns
    _open.pop(id(execution), None)
    if execution in _tests:
        _tests.remove(execution)
    if status:
        execution.statuses = {status: 1}
    for listener in _on_end:
        listener(execution)


def on_begin(listener: Callable[[Execution], None]) -> None:
    _on_begin.append(listener)


def on_end(listener: Callable[[Execution], None]) -> None:
    _on_end.append(listener)


def unfinished() -> list[Execution]:
    """What a snapshot must not leave out: all but requests that are still being answered.

    What a child has inherited may never end there, and counts once it has done something.
    """
    return [execution for execution in (*list(_open.values()), _process) if execution.counts()]


def forget_parent_process() -> list[Execution]:
    """After a fork: what other threads of the parent were doing is not this process's.

    → What this process goes on with.
    """
    own = {id(execution) for execution in _entered.get(get_ident(), ())}
    for number in [number for number in _open if number not in own]:
        del _open[number]
    for thread in [thread for thread in _entered if thread != get_ident()]:
        del _entered[thread]
    _tests[:] = [execution for execution in _tests if id(execution) in own]
    for execution in _open.values():
        execution.lock = RLock()
        execution.is_inherited = True
    return list(_open.values())


def clear() -> None:
    """Start counting anew; what runs goes on, its queries so far forgotten."""
    global _process
    _process = Execution("process", "process")
    for execution in list(_open.values()):
        with execution.lock:
            execution.forget()


clear()
