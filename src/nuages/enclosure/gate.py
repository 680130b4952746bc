"""Answers the calls that the filter shows, and writes down the refused ones."""

from __future__ import annotations

import errno
import heapq
import os
import select
import time
from collections import deque

from nuages.enclosure import egress, seccomp
from nuages.enclosure.traces import Frame, Traces

LINES_MOST = 20_000  # of the ledger that one enclosure writes
TRACE_SECONDS = 0.5  # for a signalled thread to write its stack down


class Ledger:
    """Lines of attempts, appended in single writes, up to a bound."""

    def __init__(self, path: str, run: str) -> None:
        self._run = run
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._left = LINES_MOST

    def write(self, attempt: egress.Attempt, who: egress.Caller, frames: list[Frame]) -> None:
        if self._left:
            self._left -= 1
            line = {
                "kind": attempt.kind,
                "target": attempt.target,
                "verdict": "denied",
                "via": "kernel",
                "run": self._run,
                "pid": who.inner,
                "above": who.ancestors,
                "trace": frames,
            }
            import json  # slow to import, and most enclosures have nothing to tell

            os.write(self._fd, json.dumps(line).encode() + b"\n")


class Judge:
    """Answers the notifications of the filter, one at a time."""

    def __init__(
        self, listener: seccomp.Listener, border: egress.Border, traces: Traces, ledger: Ledger
    ) -> None:
        numbers = seccomp.calls()
        assert numbers is not None
        self.listener = listener
        self._numbers = numbers
        self._border = border
        self._traces = traces
        self._ledger = ledger
        self._backlog: deque[seccomp.Notification] = deque()
        self._late: list[tuple[float, int, seccomp.Notification]] = []

    def answer(self) -> None:
        """Take what waits; called when the listener is readable."""
        if call := self.listener.receive():
            self._judge(call)
        while self._backlog:
            self._judge(self._backlog.popleft())

    def wait_ms(self) -> int | None:
        """Refuse the stubs that are due; when the next one is."""
        while self._late and self._late[0][0] <= time.monotonic():
            self.listener.refuse(heapq.heappop(self._late)[2], errno.ECONNREFUSED)
        return int((self._late[0][0] - time.monotonic()) * 1000) + 1 if self._late else None

    def _judge(self, call: seccomp.Notification) -> None:
        try:
            attempt = self._attempt(call)
            who = egress.caller(call.thread) if attempt else None
        except (OSError, ValueError, KeyError):  # what cannot be read is not let through
            self.listener.refuse(call, errno.EACCES)
            return
        if not self.listener.valid(call):
            return
        if attempt is None or who is None:
            self.listener.proceed(call)
            return
        now, frames = self._trace(call, who)
        self._ledger.write(attempt, who, frames)
        if now:
            self._refuse(now, self._border.seconds(attempt))

    def _attempt(self, call: seccomp.Notification) -> egress.Attempt | None:
        for raw in egress.addresses(call, self._numbers):
            address = egress.parse(raw)
            judged = address and self._border.judge(address, call.thread, call.args[0])
            if judged:
                return judged
        return None

    def _refuse(self, call: seccomp.Notification, seconds: float) -> None:
        if seconds:
            heapq.heappush(self._late, (time.monotonic() + seconds, call.id, call))
        else:
            self.listener.refuse(call, errno.ECONNREFUSED)

    def _trace(
        self, call: seccomp.Notification, who: egress.Caller
    ) -> tuple[seccomp.Notification | None, list[Frame]]:
        """The caller's stack, and its call again: the signal made the kernel repeat it."""
        if not self._traces.ask(who):
            return call, []
        self.listener.repeat(call)
        deadline = time.monotonic() + TRACE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.listener], [], [], left)[0] and (
                again := self.listener.receive()
            ):
                if again.thread == call.thread:
                    return again, self._traces.take()
                self._backlog.append(again)
        return None, self._traces.take()
