"""How requests and tasks are spread over time: in how many seconds any ended, and the most in one.

0.7 µs a request, and 2.3 µs where its second is the fullest so far.
"""

from __future__ import annotations

from nuages.record import faults
from nuages.record.clocks import perf_counter_ns
from nuages.record.execution import Execution

KINDS = frozenset({"request", "task"})
SCOPES = 2_000
SECOND_NS = 1_000_000_000


class _State:
    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.began_ns = perf_counter_ns()
        self.seconds: dict[str, list[int]] = {}  # by scope: a second, how many, the most so far


_state = _State()


def ended(execution: Execution) -> None:
    """Count it to the second it ends in."""
    if execution.kind not in KINDS:
        return
    try:
        second = perf_counter_ns() // SECOND_NS
        known = _state.seconds.get(execution.name)
        if known is not None and known[0] == second:
            known[1] += 1
        elif known is not None:
            known[0], known[1] = second, 1
            execution.count("busy_seconds")
        elif len(_state.seconds) < SCOPES:
            known = _state.seconds[execution.name] = [second, 1, 0]
            execution.count("busy_seconds")
        if known is not None and known[1] > known[2]:
            known[2] = known[1]
            execution.peak("in_one_second", known[1])
    except Exception:
        faults.note()


def recorded_seconds() -> int:
    """How long this process has been counting."""
    return (perf_counter_ns() - _state.began_ns) // SECOND_NS


def clear() -> None:
    """Start to count anew."""
    _state.clear()
