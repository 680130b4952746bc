"""Calls that are no queries, timed: only the outermost counts, however deeply they nest.

The state is one context variable, so tasks that take turns in a thread don't mistake each other's
calls for their own. A call that a task or thread inherited from who started it may be over.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Generator
from contextvars import ContextVar
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import capture, faults, snapshots
from nuages.record.clocks import perf_counter_ns, thread_time_ns
from nuages.record.events import Query
from nuages.record.execution import Execution
from nuages.record.executions import current
from nuages.record.patches import Patches

PART = "_nuages_part"  # on an object: the first half of a call, which its second half ends

# Name, operation and outcomes of a call, from its arguments and what it returned.
Description = tuple[str, str, tuple[str, ...]]
Describe = Callable[[tuple[Any, ...], dict[str, Any], Any], Description]
# Told the kind of a call that ends; what it gives is added to the call's outcomes.
Listener = Callable[[str], tuple[str, ...]]

is_recording = False  # functions that the project keeps hold of call through once it is over
outermost: ContextVar[Timed | None] = ContextVar("nuages_call", default=None)
on_end: list[Listener] = []


def hook(module: ModuleType, patches: Patches) -> None:
    """Count from now on, whichever module has been imported."""
    patches.replace(sys.modules[__name__], "is_recording", True)


class Timed:
    """A call that is running, outermost in its context."""

    __slots__ = (
        "_cpu_ns", "_io_cpu_ns", "_queries", "_start_ns", "execution", "is_done", "kind",
        "started_ns", "wall_ns",
    )  # fmt: skip

    def __init__(self, kind: str, execution: Execution, is_async: bool) -> None:
        self.kind = kind
        self.execution = execution
        self.is_done = False
        self._queries: list[Query] | None = None
        self.wall_ns = 0
        self._cpu_ns = 0
        # Other tasks run while an asynchronous call waits: Metered measures its steps.
        if execution.is_sampled and not is_async:
            self._io_cpu_ns = execution.io_cpu_ns
            self._cpu_ns = thread_time_ns()
        outermost.set(self)
        self._start_ns = self.started_ns = perf_counter_ns()

    def owe(self, query: Query) -> None:
        """Leave the time of a query that is made on its behalf to the query."""
        if self._queries is None:
            self._queries = []
        self._queries.append(query)

    def stop(self) -> None:
        """Take the time, less that of its queries; other calls count again."""
        self.wall_ns += perf_counter_ns() - self._start_ns
        self.is_done = True
        try:
            if outermost.get() is self:  # an abandoned coroutine ends in another's context
                outermost.set(None)
            if self._cpu_ns:
                execution = self.execution
                inside = execution.io_cpu_ns - self._io_cpu_ns
                execution.io_cpu_ns += max(thread_time_ns() - self._cpu_ns - inside, 0)
            for query in self._queries or ():
                self.wall_ns = max(self.wall_ns - query.wall_ns, 0)
        except Exception:
            faults.note()

    def end(
        self, describe: Describe, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        """Count it: by what it returned, or the exception that it ended with."""
        self.stop()
        try:
            if isinstance(result, BaseException):
                name, operation, _ = describe(args, kwargs, None)
                outcomes: tuple[str, ...] = (type(result).__name__,)
            else:
                name, operation, outcomes = describe(args, kwargs, result)
            site = capture.place_quickly(sys._getframe(1))[0]
            execution = self.execution
            for listener in on_end:
                outcomes += listener(self.kind)
            key = (self.kind, name, operation, site)
            execution.call(key, self.started_ns, self.wall_ns, outcomes)
            if execution.kind != "request":  # a request's end will do
                snapshots.touch()
        except Exception:
            faults.note()

    def wait(self, owner: Any) -> None:
        """The first half is over; what carries on takes it from the owner's attributes."""
        self.stop()
        try:
            vars(owner)[PART] = self
        except Exception:
            faults.note()

    def carry_on(self, owner: Any) -> None:
        """Add the first half to this, the second."""
        try:
            part = vars(owner).pop(PART, None)
            if part is not None:
                self.started_ns = part.started_ns
                self.wall_ns = part.wall_ns
        except Exception:
            faults.note()


def begin(kind: str, is_async: bool = False) -> Timed | None:
    """Start to time a call; None inside of another, or when nothing is recorded."""
    try:
        outer = outermost.get()
        if (outer is not None and not outer.is_done) or not is_recording:
            return None
        return Timed(kind, current(), is_async)
    except Exception:
        faults.note()
        return None


def serves_connection(outer: Timed) -> bool:
    """Whether a query made inside this call serves to open or check a connection, which counts."""
    if outer.kind != "connection" or outer.is_done:
        return False
    try:
        outer.execution.count("connection_queries")
    except Exception:
        faults.note()
    return True


def is_connecting() -> bool:
    """Whether a connection is being opened in this context."""
    outer = outermost.get()
    return outer is not None and outer.kind == "connection" and not outer.is_done


def timing(original: Callable[..., Any], kind: str, describe: Describe) -> Callable[..., Any]:
    """A function that is a call of its own."""

    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        timed = begin(kind)
        if timed is None:
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            timed.end(describe, args, kwargs, error)
            raise
        timed.end(describe, args, kwargs, result)
        return result

    return call


def timing_async(original: Callable[..., Any], kind: str, describe: Describe) -> Callable[..., Any]:
    """A coroutine function that is a call of its own."""

    @wraps(original)
    async def call(*args: Any, **kwargs: Any) -> Any:
        timed = begin(kind, True)
        if timed is None:
            return await original(*args, **kwargs)
        try:
            awaitable = original(*args, **kwargs)
            if timed.execution.is_sampled:
                awaitable = Metered(awaitable, timed.execution)
            result = await awaitable
        except BaseException as error:
            timed.end(describe, args, kwargs, error)
            raise
        timed.end(describe, args, kwargs, result)
        return result

    return call


def first_half(original: Callable[..., Any], kind: str, describe: Describe) -> Callable[..., Any]:
    """A method that starts a call which another method of the object, a second half, ends."""

    @wraps(original)
    def start(self: Any, *args: Any, **kwargs: Any) -> Any:
        timed = begin(kind)
        if timed is None:
            return original(self, *args, **kwargs)
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            timed.end(describe, (self, *args), kwargs, error)
            raise
        timed.wait(self)
        return result

    return start


def second_half(
    original: Callable[..., Any],
    kind: str,
    describe: Describe,
    *,
    is_over: Callable[[Any], bool] = lambda _: False,
) -> Callable[..., Any]:
    """A method that ends what a first half started; not counted once that is over."""

    @wraps(original)
    def finish(self: Any, *args: Any, **kwargs: Any) -> Any:
        timed = _begin_second(kind, self, is_over)
        if timed is None:
            return original(self, *args, **kwargs)
        timed.carry_on(self)
        try:
            result = original(self, *args, **kwargs)
        except BaseException as error:
            timed.end(describe, (self, *args), kwargs, error)
            raise
        timed.end(describe, (self, *args), kwargs, result)
        return result

    return finish


def _begin_second(kind: str, owner: Any, is_over: Callable[[Any], bool]) -> Timed | None:
    try:
        return None if is_over(owner) else begin(kind)
    except Exception:
        faults.note()
        return None


class Metered:
    """Awaits step by step, so that the CPU time of the steps is known."""

    def __init__(self, awaitable: Awaitable[Any], execution: Execution) -> None:
        self._awaitable = awaitable
        self._execution = execution

    def __await__(self) -> Generator[Any, Any, Any]:
        steps: Any = self._awaitable.__await__()
        step, value = steps.send, None
        while True:
            cpu_ns = thread_time_ns()
            try:
                waited_for = step(value)
            except StopIteration as done:
                return done.value
            finally:
                try:
                    self._execution.io_cpu_ns += thread_time_ns() - cpu_ns
                except Exception:
                    faults.note()
            try:
                step, value = steps.send, (yield waited_for)
            except GeneratorExit:
                steps.close()
                raise
            except BaseException as error:
                step, value = steps.throw, error
