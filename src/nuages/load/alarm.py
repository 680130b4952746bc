"""Wakes the event loop at a point in time, to some ten microseconds where the system can.

Timers of asyncio and uvloop count in milliseconds: half of that would be in every latency.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

_MONOTONIC, _ABSOLUTE, _FLAGS = 1, 1, os.O_NONBLOCK | os.O_CLOEXEC


class Alarm(Protocol):
    """One time to wake at; setting another one replaces it."""

    def set(self, at: float) -> None:
        """Wake at a time of `time.monotonic()`."""

    def close(self) -> None:
        """Never wake again."""


def alarm(loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> Alarm:
    """The finest alarm that the system has."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            return _TimerFile(loop, ring)
    return _LoopTimer(loop, ring)


class _TimerSpec(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_long)
        for name in ("interval_s", "interval_ns", "value_s", "value_ns")
    )  # fmt: skip


class _TimerFile:
    """timerfd_create(2); `os.timerfd_create` came with Python 3.13 only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = self._libc.timerfd_create(_MONOTONIC, _FLAGS)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._loop, self._ring, self._is_set = loop, ring, False
        self._spec = _TimerSpec()
        self._pointer = ctypes.byref(self._spec)
        loop.add_reader(self._file, self._rung)

    def set(self, at: float) -> None:
        self._is_set = True
        seconds = int(at)
        self._spec.value_s = seconds
        self._spec.value_ns = max(int((at - seconds) * 1e9), 1)
        self._libc.timerfd_settime(self._file, _ABSOLUTE, self._pointer, None)

    def _rung(self) -> None:
        self._is_set = False
        self._ring()
        if not self._is_set:  # setting it anew has made it silent; else reading does
            with suppress(BlockingIOError):
                os.read(self._file, 8)

    def close(self) -> None:
        self._loop.remove_reader(self._file)
        os.close(self._file)


class _LoopTimer:
    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop, self._ring = loop, ring
        self._handle: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        self.close()
        self._handle = self._loop.call_later(max(at - time.monotonic(), 0.0), self._ring)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
