"""Processes of a recorded command that outlive it, as those that a shell or a reloader started."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from nuages.agent.attach import VARIABLE

PROCESSES = Path("/proc")
SETTLING = 1.0  # seconds for what has got the signal too
GRACE = 10.0  # seconds to end once asked to, as containers have them
PAUSE = 0.05


def stop(environment: Mapping[str, str]) -> None:
    """Have everything end that was started with this attachment; by force what does not.

    The name of its file, which no other run has, tells its processes from all others. Where there
    is no /proc to read it from, nothing is touched.
    """
    mark = os.fsencode(f"{VARIABLE}={environment.get(VARIABLE, '')}")
    if _are_gone(mark, SETTLING):
        return
    _send(mark, signal.SIGTERM)
    if not _are_gone(mark, GRACE):
        _send(mark, signal.SIGKILL)
        _are_gone(mark, SETTLING)


def _are_gone(mark: bytes, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while any(_attached(mark)):
        if time.monotonic() > until:
            return False
        time.sleep(PAUSE)
    return True


def _send(mark: bytes, number: signal.Signals) -> None:
    for process in list(_attached(mark)):
        with suppress(OSError):  # it has just ended
            os.kill(process, number)


def _attached(mark: bytes) -> Iterator[int]:
    """Those that run; of one that has ended nothing can be read."""
    for folder in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):  # another user's, or gone
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)
