"""Faults of the recorder itself: counted and kept, never raised into the project."""

from __future__ import annotations

import traceback

KEPT = 5

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


def clear() -> None:
    global count
    count = 0
    texts.clear()
