"""CPU and memory of processes with all that they started, as the system tells them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a process and its descendants use together."""

    processes: int = 0
    cpu_seconds: float = 0.0  # since they started
    rss_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process of this machine."""

    pid: int
    parent: int
    cpu_seconds: float
    rss_bytes: int


def usage_of(pids: Collection[int]) -> Mapping[int, Usage]:
    """Each process's usage, its descendants included, those in other sessions too."""
    # PostgreSQL gives each of its processes a session of its own: groups would not do.
    all_ = {each.pid: each for each in (_linux() if sys.platform == "linux" else _ps())}
    found: dict[int, Usage] = {}
    for process in all_.values():
        if (root := _root(process.pid, all_, pids)) is None:
            continue
        old = found.get(root, Usage())
        found[root] = Usage(
            processes=old.processes + 1,
            cpu_seconds=old.cpu_seconds + process.cpu_seconds,
            rss_bytes=old.rss_bytes + process.rss_bytes,
        )
    return found


def _root(pid: int, all_: Mapping[int, Process], pids: Collection[int]) -> int | None:
    while pid not in pids:
        if pid <= 1 or pid not in all_:
            return None
        pid = all_[pid].parent
    return pid


def _linux() -> Iterator[Process]:
    for path in Path("/proc").iterdir():
        if not path.name.isdigit():
            continue
        try:
            line = (path / "stat").read_text("utf-8", "replace")
        except OSError:
            continue
        # proc(5): after the name, which may hold spaces; fields 4, 14, 15 and 24 of the line
        fields = line.rpartition(")")[2].split()
        yield Process(
            pid=int(path.name), parent=int(fields[1]),
            cpu_seconds=(int(fields[11]) + int(fields[12])) / TICKS,
            rss_bytes=int(fields[21]) * PAGE,
        )  # fmt: skip


def _ps() -> Iterator[Process]:
    done = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,time=,rss="], capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        pid, parent, spent, memory = line.split()
        yield Process(
            pid=int(pid), parent=int(parent), cpu_seconds=_seconds(spent),
            rss_bytes=int(memory) * 1024,
        )  # fmt: skip


def _seconds(clock: str) -> float:
    """Seconds of "1-02:03:04" or "3:04.56"."""
    days, _, rest = clock.rpartition("-")
    total = 0.0
    for part in rest.split(":"):
        total = total * 60 + float(part)
    return total + 86400 * float(days or 0)
