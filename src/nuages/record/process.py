"""This process: memory that executions leave behind, its size, its CPU time, its garbage."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable, Container
from types import ModuleType
from typing import Any

from nuages.record import arrivals, executions, faults, memory
from nuages.record.clocks import perf_counter_ns, process_time_ns
from nuages.record.execution import Execution
from nuages.record.memory import Size
from nuages.record.sampling import Sample
from nuages.record.totals import ScopeTotal, Totals

UNITS = frozenset({"request", "task"})  # what a process does many of, one after the other
SCOPES = 2_000
WARM_UP = 10  # executions of a scope that fill caches and import what they need
# Of the sampled executions: it takes 40 µs, and 0.1 ms where a million objects live.
sample = Sample(first=64, every=4)


class _Window:
    """A sampled execution, from its begin to the begin of the next: then all is freed that was its
    own, request and response as well.
    """

    __slots__ = ("before", "execution")

    def __init__(self, execution: Execution, before: Size) -> None:
        self.execution = execution
        self.before = before


class _Growth:
    """What the executions of one scope left behind together."""

    __slots__ = ("blocks", "bytes", "bytes_max", "executions", "warming")

    def __init__(self) -> None:
        self.executions = self.bytes = self.bytes_max = self.blocks = 0
        self.warming = WARM_UP

    def add(self, grown_bytes: int, grown_blocks: int) -> None:
        if self.warming:
            self.warming -= 1
            return
        self.executions += 1
        self.bytes += grown_bytes
        self.bytes_max = max(self.bytes_max, grown_bytes)
        self.blocks += grown_blocks


class _State:
    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.window: _Window | None = None
        self.growth: dict[tuple[str, str], _Growth] = {}
        self.cpu_ns = process_time_ns()
        self.pauses = self.paused_ns = self.longest_ns = self.pause_began_ns = 0


_state = _State()


def began(execution: Execution) -> None:
    """Measure what the last execution left behind, and how much there is before this one."""
    try:
        if _state.window is None and not execution.is_sampled:
            return
        if execution.kind in UNITS and not _is_nested(execution):
            _begin(execution)
    except Exception:
        faults.note()


def _is_nested(execution: Execution) -> bool:
    parent = execution.parent
    while parent is not None and parent.kind not in UNITS:
        parent = parent.parent
    return parent is not None


def _is_alone(execution: Execution) -> bool:
    """Whether no other runs; what is answered only sends its stream, or never ends since nobody
    reads it.
    """
    return not any(
        other.kind in UNITS and other is not execution and not other.is_answered
        for other in list(executions._open.values())
    )


def _begin(execution: Execution) -> None:
    window, _state.window = _state.window, None
    is_counted = window is not None and window.execution.is_ended
    is_next = execution.is_sampled and _is_alone(execution) and sample.takes_next()
    if not is_counted and not is_next:
        return
    size = memory.size()
    if window is not None and is_counted:
        _count(window, size)
    if is_next:
        _state.window = _Window(execution, size)


def _count(window: _Window, after: Size) -> None:
    """Only where no other execution ran meanwhile: whose the memory is would not be known."""
    key = window.execution.kind, window.execution.name
    growth = _state.growth.get(key)
    if growth is None:
        if len(_state.growth) >= SCOPES:
            return
        growth = _state.growth[key] = _Growth()
    growth.add(after.bytes - window.before.bytes, after.blocks - window.before.blocks)


def listen_to_gc(module: ModuleType) -> Callable[[], None]:
    """Be called around garbage collections; → not any more."""
    module.callbacks.append(_collecting)
    atexit.register(disconnect)
    return disconnect


def disconnect() -> None:
    """Undo listen_to_gc(); the interpreter ends with collections that nothing is left to time."""
    atexit.unregister(disconnect)
    if _collecting in gc.callbacks:
        gc.callbacks.remove(_collecting)


def _collecting(phase: str, _: Any) -> None:
    try:
        if phase == "start":
            _state.pause_began_ns = perf_counter_ns()
        elif _state.pause_began_ns:
            pause_ns = perf_counter_ns() - _state.pause_began_ns
            _state.pauses += 1
            _state.paused_ns += pause_ns
            _state.longest_ns = max(_state.longest_ns, pause_ns)
            executions.current().gc_ns += pause_ns
    except Exception:
        faults.note()


def totals(known: Container[tuple[str, str]]) -> Totals:
    """The process as of now; a snapshot is made of these figures anew each time."""
    sums = Totals()
    for scope, growth in list(_state.growth.items()):
        if scope in known and growth.executions:
            counters = {
                "memory_executions": growth.executions,
                "memory_grown_bytes": growth.bytes,
                "memory_grown_blocks": growth.blocks,
            }
            sums.scopes[scope] = ScopeTotal()
            sums.scopes[scope].counters = counters
            sums.scopes[scope].peaks = {"memory_grown_bytes": growth.bytes_max}
    process = sums.scopes["process", "process"] = ScopeTotal()
    process.counters = {
        "process_cpu_ns": process_time_ns() - _state.cpu_ns,
        "gc_pauses": _state.pauses,
        "gc_ns": _state.paused_ns,
    }
    process.peaks = {
        "rss_bytes": memory.peak_rss_bytes(),
        "gc_max_ns": _state.longest_ns,
        "recorded_seconds": arrivals.recorded_seconds(),
    }
    return sums


def clear() -> None:
    """Start to count anew."""
    _state.clear()
