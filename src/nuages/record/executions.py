"""Executions: what runs now, for which scope, and the queries it has made so far."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from threading import RLock, local
from time import perf_counter_ns, thread_time_ns

from nuages.record import statements
from nuages.record.events import Call, CallKey, CallTally, Key, Query, Tally

KEYS = 20_000  # kinds of query, and of call, in one execution
EVENTS = 512  # queries and calls that an execution holds before it adds them up


class Execution:
    """One request, command, test or task; or the process, for what belongs to none of them."""

    __slots__ = (
        "call_tallies", "counters", "cpu_ns", "db_ns", "events", "events_left_out", "io_cpu_ns",
        "is_answered", "is_ended", "is_sampled", "kind", "left_out", "lock", "name", "parent",
        "peaks", "queries", "rows", "settled", "started_ns", "statuses", "tallies", "test", "view",
        "wall_ns",
    )  # fmt: skip

    def __init__(self, kind: str, name: str, parent: Execution | None = None) -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        self.test: str = name if kind == "test" else parent.test if parent else running_test()
        self.view = ""
        self.statuses: dict[str, int] = {}
        self.is_sampled = _samples()  # whether what is dear to measure is measured
        self.lock = RLock()
        self.is_ended = False
        self.is_answered = False  # a response was given; a stream may still be sent
        self.forget()

    def forget(self) -> None:
        """Count anew from now on."""
        self.queries = self.rows = self.db_ns = 0
        self.cpu_ns = self.wall_ns = 0
        self.io_cpu_ns = 0  # of it, spent inside the database's driver, a cache's, a client's
        self.started_ns = perf_counter_ns()
        self.events: list[Query | Call] = []
        self.settled = 0  # events added up
        self.events_left_out = 0  # added up and forgotten
        self.tallies: dict[Key, Tally] = {}
        self.call_tallies: dict[CallKey, CallTally] = {}
        self.counters: dict[str, int] = {}  # see model.COUNTERS
        self.peaks: dict[str, int] = {}
        self.left_out = 0

    def query(self, key: Key, params: int | None, started_ns: int, wall_ns: int) -> Query:
        """Count a query that took `wall_ns` to execute; `params` is a hash, see hash_of()."""
        query = Query(self, key, params, started_ns, wall_ns)
        self._append(query)
        return query

    def call(
        self, key: CallKey, started_ns: int, wall_ns: int, outcomes: tuple[str, ...] = ()
    ) -> None:
        """Count a call that is no query."""
        self._append(Call(key, started_ns, wall_ns, outcomes))

    def count(self, name: str, amount: int = 1) -> None:
        """Add to one of model.COUNTERS."""
        with self.lock:
            self.counters[name] = self.counters.get(name, 0) + amount

    def peak(self, name: str, amount: int) -> None:
        """Raise one of model.PEAKS."""
        with self.lock:
            self.peaks[name] = max(self.peaks.get(name, 0), amount)

    def _append(self, event: Query | Call) -> None:
        events = self.events
        events.append(event)
        if len(events) >= EVENTS:
            self.settle()
            with self.lock:
                self.events_left_out += self.settled
                del events[: self.settled]
                self.settled = 0

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
        statement = statements.table[query.key[0]]
        self.queries += statement is None or not statement.is_transaction
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


SAMPLED_FIRST = 64  # executions, before only every so many are sampled
_every = 1
_begun = count()


def sample(every: int) -> None:
    """Measure what is dear in one of so many executions; 1: in all."""
    global _every
    _every = every


def _samples() -> bool:
    number = next(_begun)
    return number < SAMPLED_FIRST or not number % _every


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
        execution.settle()
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
            execution.forget()


clear()
