"""Where the time of an execution went: CPU, database, cache, other servers, waiting."""

from __future__ import annotations

import os
from threading import get_ident
from weakref import WeakKeyDictionary

from nuages.record import faults
from nuages.record.execution import Execution
from nuages.record.sampling import Sample

KINDS = frozenset({"request", "task", "command"})
# The part of the time that calls of a kind are; a middleware's or a template's is made of others.
PARTS = {
    "cache": "cache",
    "outside": "outside",
    "connection": "connection",
    "transaction": "db",
    "copy": "db",
}
OPEN = "open"  # of a transaction: how long it was, and not a time of its own
# CPU time, time runnable but not running, and time slices of a thread, in ns: proc(5).
SCHEDULE = "/proc/thread-self/schedstat"

# Of the sampled executions: it takes 70 µs with the folding.
sample = Sample(first=64, every=1)
EVERY = 4
UNKNOWN = -1  # in place of a thread

# What thread an execution began in, and how long that had been queued.
_chosen: WeakKeyDictionary[Execution, tuple[int, int]] = WeakKeyDictionary()


def began(execution: Execution) -> None:
    """Choose whether to split it; note how long the thread has waited for a processor so far."""
    try:
        if execution.is_sampled and execution.kind in KINDS and sample.takes_next():
            queued_ns = _queued_ns()
            _chosen[execution] = (UNKNOWN if queued_ns is None else get_ident()), queued_ns or 0
    except Exception:
        faults.note()


def ended(execution: Execution) -> None:
    """Count the parts of the time of an execution that was chosen."""
    try:
        parent = execution.parent
        if parent is not None and not parent.is_ended:
            parent.nested_wall_ns += execution.wall_ns
            parent.nested_cpu_ns += execution.cpu_ns
        if execution.gc_ns:
            execution.count("gc_ns", execution.gc_ns)
        if execution.is_sampled and execution in _chosen:
            _count(execution, *_chosen.pop(execution))
    except Exception:
        faults.note()


def _count(execution: Execution, thread: int, before_ns: int) -> None:
    wall_ns = max(execution.wall_ns - execution.nested_wall_ns, 0)
    counted = _split(execution, wall_ns)
    if thread == get_ident():
        queued_ns = (_queued_ns() or 0) - before_ns
        counted["queued"] = max(min(queued_ns, counted["waiting"]), 0)
    counters = {f"split_{part}_ns": ns for part, ns in counted.items()}
    with execution.lock:
        execution.counters = {
            **execution.counters,
            "split_executions": 1,
            "split_wall_ns": wall_ns,
            **counters,
        }


def _split(execution: Execution, wall_ns: int) -> dict[str, int]:
    """Nanoseconds by part; what is none of the others is waiting.

    What runs at the same time, in threads or tasks of one execution, shares the wall time in
    proportion, so that the parts always make up the whole.
    """
    execution.settle()
    parts = dict.fromkeys(("cpu", "db", "cache", "outside", "connection"), 0)
    parts["db"] = execution.db_ns
    for key, tally in list(execution.call_tallies.items()):
        if key[0] in PARTS and key[2] != "open":  # a transaction is open while others work
            parts[PARTS[key[0]]] += tally.wall_ns
    cpu_ns = execution.cpu_ns - execution.nested_cpu_ns - execution.io_cpu_ns
    parts["cpu"] = max(cpu_ns, 0)
    total = sum(parts.values())
    if total > wall_ns:
        parts = {part: ns * wall_ns // total for part, ns in parts.items()}
    parts["waiting"] = wall_ns - sum(parts.values())
    return parts


def _queued_ns() -> int | None:
    """How long this thread was runnable but not running: short of processors. None: not known.

    Reading it costs 8 to 13 µs.
    """
    try:
        file = os.open(SCHEDULE, os.O_RDONLY)
    except OSError:  # not Linux, or a kernel without statistics of its scheduler
        return None
    try:
        return int(os.read(file, 64).split()[1])
    finally:
        os.close(file)
