"""Runs a server on behalf of a tool, and ends with it: the last one out stops it and cleans.

Executed as a script by the tool's interpreter with `-I -S`; standard library only. The order is a
JSON object in the first argument: `before` (commands to run first), `command`, `user` (number to
run them as, or null), `log`, `remove` (folders to remove if the tool is gone). It ends the server
when standard input closes or says so, and also when its parent is another: a fork of the tool may
still hold the pipe open.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from typing import Any

PR_SET_PDEATHSIG = 1  # prctl(2)
PATIENCE = 8  # seconds that a server gets for each of the signals


def main(order: dict[str, Any]) -> int:
    """Serve until told to stop or left alone; 3 when a command before the server failed."""
    parent = os.getppid()
    os.setsid()  # a Ctrl-C in the terminal is the tool's to answer
    with open(order["log"], "ab", 0) as log:
        for command in order["before"]:
            if _start(command, order["user"], log).wait() != 0:
                return 3
        server = _start(order["command"], order["user"], log)
        told = _wait(server, parent)
        _stop(server)
    if not told and _left_alone(parent):
        for folder in order["remove"]:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if told else 1


def _start(command: list[str], user: int | None, log: Any) -> subprocess.Popen[bytes]:
    def become() -> None:
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        if sys.platform == "linux":  # after setuid, which forgets it
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)

    return subprocess.Popen(  # the keeper has one thread, so preexec_fn is safe
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=become
    )


def _wait(server: subprocess.Popen[bytes], parent: int) -> bool:
    """Whether the tool said stop; False when it or the server is gone."""
    while server.poll() is None:
        ready, _, _ = select.select([0], [], [], 0.5)
        if ready:
            return os.read(0, 64).startswith(b"stop")
        if os.getppid() != parent:
            return False
    return False


def _left_alone(parent: int) -> bool:
    ready, _, _ = select.select([0], [], [], 0)
    return os.getppid() != parent or (bool(ready) and os.read(0, 1) == b"")


def _stop(server: subprocess.Popen[bytes]) -> None:
    # Immediate shutdown: nothing of a scratch server is worth a checkpoint, and the postmaster
    # still frees its shared memory.
    for number in (signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(number)
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
