"""The bodies of responses: how long they are, without a look at what they say.

Only in sampled executions, since counting costs 3 µs a request, folding included.
"""

from __future__ import annotations

from typing import Any

from nuages.record import faults
from nuages.record.execution import Execution


def measure(execution: Execution, response: Any) -> None:
    """Count the length of a response that is there as a whole."""
    if not execution.is_sampled:
        return
    if getattr(execution.request, "method", "") == "HEAD":  # nothing of it is sent
        return
    length = _length(vars(response))
    if length is not None:
        note(execution, length)


def note(execution: Execution, length: int) -> None:
    with execution.lock:
        counters, peaks = execution.counters, execution.peaks
        execution.counters = {
            **counters,
            "response_bytes": counters.get("response_bytes", 0) + length,
            "responses_measured": counters.get("responses_measured", 0) + 1,
        }
        execution.peaks = {**peaks, "response_bytes": max(peaks.get("response_bytes", 0), length)}


def _length(response: dict[str, Any]) -> int | None:
    content = response.get("_container")
    if type(content) is list:
        return sum(map(len, content))
    headers = response.get("headers")
    declared = headers.get("Content-Length") if headers is not None else None
    return int(declared) if declared and str(declared).isdecimal() else None


class Sent:
    """How much of a stream was sent so far."""

    __slots__ = ("_charset", "_execution", "_is_known", "_length")

    def __init__(self, execution: Execution, response: Any) -> None:
        self._execution = execution
        self._charset = response.charset
        self._length = 0
        is_sent = getattr(execution.request, "method", "") != "HEAD"
        self._is_known = is_sent and execution.is_sampled

    def add(self, piece: Any) -> None:
        """Count a piece as Django makes bytes of it."""
        if not self._is_known:
            return
        try:
            if isinstance(piece, str):
                piece = piece if piece.isascii() else piece.encode(self._charset)
            if isinstance(piece, bytes | str):
                self._length += len(piece)
            else:  # how it is spelled is up to the project's own code, which is not run twice
                self._is_known = False
        except Exception:
            faults.note()

    def end(self) -> None:
        """No more is sent: all was, or nobody listens any more."""
        try:
            if self._is_known:
                note(self._execution, self._length)
        except Exception:
            faults.note()
