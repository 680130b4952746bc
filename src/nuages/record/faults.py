"""Faults of the recorder itself: counted and kept, never raised into the project."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

KEPT = 5
OWN = str(Path(__file__).parent)

count = 0
texts: list[str] = []


def note() -> None:
    """Count the exception being handled; the first few distinct ones are kept."""
    global count
    count += 1
    if len(texts) < KEPT:
        try:
            text = traceback.format_exc(limit=-6)
        except Exception:  # no memory, no stack left, an exception that cannot be shown
            text = "a fault that could not be described"
        if text not in texts:
            texts.append(text)


def give_lines(trace: TracebackType | None) -> None:
    """Give each of the recorder's own frames in a traceback a line number, where it has none.

    On CPython 3.11 an interrupt that arrives at the end of a loop leaves none, and pytest, which
    subtracts one from it, would end by a TypeError instead of its summary.
    """
    while trace is not None and (inner := trace.tb_next) is not None:
        code = inner.tb_frame.f_code
        line: int | None = inner.tb_lineno  # typeshed knows no frame without
        if line is None and code.co_filename.startswith(OWN):
            trace.tb_next = TracebackType(
                inner.tb_next, inner.tb_frame, inner.tb_lasti, code.co_firstlineno
            )
        trace = trace.tb_next


def clear() -> None:
    global count
    count = 0
    texts.clear()
