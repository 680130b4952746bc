"""Where a C client's call came from: the Python stack that faulthandler wrote down for us."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

from nuages.enclosure import egress, linux

Frame = tuple[str, int, str]  # absolute file, line, function
# The agent registers faulthandler for it. Real-time, so that no server or worker uses it for
# itself; 34 is the first that the C library leaves alone.
SIGNAL = 47
FRAMES_MOST = 100  # as many as faulthandler writes


class Traces:
    """The file that faulthandler appends to in every process, read one dump at a time."""

    def __init__(self, path: str, roots: Sequence[str]) -> None:
        self._roots = tuple(f"{root.rstrip('/')}/" for root in roots)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def ask(self, caller: egress.Caller) -> bool:
        """Have a thread write its stack down; False when nobody there would."""
        try:
            if not egress.catches(caller.thread, SIGNAL):
                return False
            os.ftruncate(self._fd, 0)
            linux.tgkill(caller.process, caller.thread, SIGNAL)
        except OSError:
            return False
        return True

    def take(self) -> list[Frame]:
        """The project's frames of the dump, innermost first."""
        dump = os.pread(self._fd, 1 << 16, 0)
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
        frames = [frame for line in dump.splitlines() if (frame := parse(line))]
        return [frame for frame in frames if frame[0].startswith(self._roots)][:FRAMES_MOST]


def parse(line: bytes) -> Frame | None:
    """Read `  File "…", line 12 in function`; None for any other line."""
    if not line.startswith(b'  File "'):
        return None
    file, _, rest = line[8:].rpartition(b'", line ')
    number, _, function = rest.partition(b" in ")
    return (_unescaped(file), int(number), os.fsdecode(function)) if number.isdigit() else None


def _unescaped(name: bytes) -> str:
    """faulthandler writes what is not ASCII as \\xe9 or \\u0142."""
    return name.decode("unicode_escape") if b"\\" in name else os.fsdecode(name)
