"""One process of the stack: started in a session of its own, ended with everything it started."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nuages.scratch import NOBODY

PR_SET_PDEATHSIG = 1  # prctl(2)
BACKOFF = (0.2, 30.0)  # seconds: the first pause before starting again, and the longest
SETTLED = 10.0  # seconds alive, after which the next end is a first one again

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Order:
    """How one process is started and ended: pure data."""

    name: str
    argv: tuple[str, ...]
    cwd: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=dict)
    as_nobody: bool = False  # when nuages runs as root; these servers refuse root
    socket: int | None = None  # descriptor of a listening socket, which becomes its standard input
    stop: int = signal.SIGTERM
    grace: float = 30.0  # seconds between asking it to end and killing it


class Child:
    """A running process of the stack. Start it on the thread that lives as long as the stack.

    On Linux the kernel ends it when that *thread* does (prctl(2), PR_SET_PDEATHSIG).
    """

    def __init__(self, order: Order, output: int, told: Callable[[str], None]) -> None:
        """Start the process; `told` gets the lines that the warden understands."""
        self.order = order
        self.started = time.monotonic()
        self._told = told
        user = NOBODY if order.as_nobody and os.geteuid() == 0 else None
        self.process = subprocess.Popen(
            order.argv, cwd=order.cwd, env=dict(order.environment),
            stdin=subprocess.DEVNULL if order.socket is None else order.socket,
            stdout=output, stderr=output, start_new_session=True, user=user, group=user,
            extra_groups=None if user is None else [],
            preexec_fn=_die_with_parent,  # after setuid, which would forget it
        )  # fmt: skip
        os.close(output)
        told(f"+{self.pid} {int(order.stop)}")
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int] = loop.create_future()
        # asyncio's own Process.wait hangs while an orphan holds the process's output.
        threading.Thread(target=self._wait, args=(loop,), daemon=True).start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return not self.ended.done()

    @property
    def uptime(self) -> float:
        """Seconds."""
        return time.monotonic() - self.started

    async def stop(self, grace: float | None = None, number: int | None = None) -> int:
        """Ask it to end, insist after `grace` seconds; its exit code."""
        self.send(self.order.stop if number is None else number)
        patience = self.order.grace if grace is None else grace
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(self.ended), patience)
        self.kill()
        return await self.ended

    def send(self, number: int) -> None:
        """A signal for the process alone: a server tells its workers itself."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it and all that it started, now."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        if sys.platform == "linux":
            # Seen, not reaped: while the zombie stands, its number is no other group's.
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
            self.kill()  # a killed server leaves its workers on the socket
        code = self.process.wait()
        self.kill()
        with suppress(RuntimeError):  # the loop is closed: the stack is down
            loop.call_soon_threadsafe(self._end, code)

    def _end(self, code: int) -> None:
        self._told(f"-{self.pid}")
        if not self.ended.done():
            self.ended.set_result(code)


def backoff(ends: int) -> float:
    """Seconds to wait before a process that ended `ends` times in a row is started again."""
    first, longest = BACKOFF
    return min(longest, first * 2.0 ** max(0, ends - 1))


def how(code: int) -> str:
    """An exit code in words."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
