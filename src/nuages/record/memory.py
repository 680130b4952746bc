"""The memory of this process: what is resident, and what is in use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import NamedTuple

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows
    resource = None

STATM = "/proc/self/statm"
STATUS = "/proc/self/status"
BLOCK = 64  # bytes of one of Python's small blocks, about


class Size(NamedTuple):
    """How large the process is at a moment."""

    bytes: int
    blocks: int


def size() -> Size:
    """The memory in use, where the C library tells; up to 0.1 ms where a million objects live.

    What is resident grows also by what is freed again, where a leak has taken the place that was
    free before: whose the leak is could not be told by it.
    """
    blocks = sys.getallocatedblocks()
    heap = find_heap()
    return Size(blocks * BLOCK + heap() if heap else rss_bytes(), blocks)


@cache
def find_heap() -> Callable[[], int] | None:
    """Tells the bytes that malloc has given out, which Python asks for all but small blocks.

    None where the C library is not glibc 2.33 or later: mallinfo2(3).
    """
    try:
        import ctypes

        class Mallinfo2(ctypes.Structure):
            _fields_ = [
                (name, ctypes.c_size_t)
                for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
                             "fsmblks", "uordblks", "fordblks", "keepcost")
            ]  # fmt: skip

        mallinfo2 = ctypes.PyDLL(None).mallinfo2
        mallinfo2.restype = Mallinfo2
    except (ImportError, OSError, TypeError, AttributeError):
        return None

    def in_use() -> int:
        found = mallinfo2()
        return int(found.uordblks + found.hblkhd)

    return in_use


def rss_bytes() -> int:
    """Memory of this process that is resident; where /proc is missing, the most there ever was."""
    try:
        file = os.open(STATM, os.O_RDONLY)
    except OSError:
        return _most_rss_bytes()
    try:
        return int(os.read(file, 128).split()[1]) * os.sysconf("SC_PAGE_SIZE")
    finally:
        os.close(file)


def peak_rss_bytes() -> int:
    """The most memory that was ever resident."""
    try:
        with open(STATUS, "rb") as file:
            for line in file:
                if line.startswith(b"VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _most_rss_bytes()


def _most_rss_bytes() -> int:
    if resource is None:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
