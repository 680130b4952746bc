"""Outlives the supervisor by a moment: whatever ends it, no process of the stack stays behind.

Executed as a script with `-I -S`; standard library only. Each line on standard input is "+PGID
SIGNAL" or "-PGID": a process group that was started, and the signal that asks it to end, or one
that is gone. At the end of input the supervisor is gone, and so is every group soon after.
"""

from __future__ import annotations

import os
import signal
import sys
import time

PATIENCE = 5.0  # seconds between asking and killing


def main() -> None:
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # these are the supervisor's to answer
    groups: dict[int, int] = {}
    for line in sys.stdin:
        what, *rest = line.split()
        group = int(what[1:])
        if what[0] == "+":
            groups[group] = int(rest[0])
        else:
            groups.pop(group, None)
    end(groups)


def end(groups: dict[int, int]) -> None:
    """Ask every group to end, then insist."""
    for group, number in groups.items():
        send(group, number)
    deadline = time.monotonic() + PATIENCE
    while groups and time.monotonic() < deadline:
        groups = {group: number for group, number in groups.items() if send(group, 0)}
        time.sleep(0.05)
    for group in groups:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Whether the group still has a process that is not a zombie's shadow."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    return True


if __name__ == "__main__":
    main()
