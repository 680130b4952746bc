"""What runs now: executions begin, are entered by threads and tasks, and end.

What hooks call outside of a guard of theirs guards itself: active, is_in, begin, enter and end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from threading import RLock, get_ident

from nuages.record import faults
from nuages.record.clocks import perf_counter_ns, thread_time_ns
from nuages.record.execution import REPORT, Execution

_process = Execution.__new__(Execution)
innermost: ContextVar[Execution | None] = ContextVar("nuages_execution", default=None)
_open: dict[int, Execution] = {}
_tests: list[Execution] = []  # running now; a server thread's requests belong to the only one
_entered: dict[int, list[Execution]] = {}  # by thread: what it is in, innermost last
_on_begin: list[Callable[[Execution], None]] = []
_on_end: list[Callable[[Execution], None]] = []


def running_test() -> str:
    return _tests[-1].name if len(_tests) == 1 else ""


def current() -> Execution:
    """What runs in this context; the process itself when that has ended or there is none."""
    execution = innermost.get()
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
        execution = innermost.get()
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
        execution = Execution(kind, name, active(), running_test())
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
            self._token = innermost.set(execution)
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
            innermost.reset(self._token)
        except ValueError:  # left in another context, as a generator may be: that has its own
            innermost.set(execution.parent)


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
