"""How a stack ends and what it refuses: nothing may be left, nobody may be in the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from benchmarks.stack.running import (
    alive,
    copied_project,
    environment,
    free_port,
    launch,
    nuages,
    stack,
    wait_up,
)
from nuages.stack.home import home_of

LIMIT = 15.0  # seconds


def supervisor_killed() -> list[int]:
    """What is left a while after `kill -9` of the supervisor."""
    with copied_project() as root, stack(root) as running:
        processes = running.descendants()
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        return _left(processes)


def interrupted_twice() -> tuple[list[int], float]:
    """What is left after Ctrl-C twice, and the seconds that the end took."""
    with copied_project() as root, stack(root) as running:
        processes = running.descendants()
        started = time.monotonic()
        os.kill(running.process.pid, signal.SIGINT)
        time.sleep(0.3)
        os.kill(running.process.pid, signal.SIGINT)
        running.process.wait(LIMIT)
        return _left(processes), time.monotonic() - started


def interrupted_while_starting() -> tuple[int, list[int]]:
    """The exit code of an `up` that was stopped before it served, and what is left of it."""
    with copied_project() as root:
        process, output = launch(root, free_port())
        deadline = time.monotonic() + LIMIT
        while not home_of(root).postgres.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        code = process.wait(LIMIT)
        output.close()
        return code, _naming(root)


def two_at_once() -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The end of the second `up` of one project, and the states of the first's processes."""
    with copied_project() as root, stack(root) as running:
        second = run_up(root, free_port())
        return second, [row["state"] for row in running.rows()]


def port_taken() -> subprocess.CompletedProcess[str]:
    """The end of an `up` whose port somebody listens on."""
    with copied_project() as root, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        return run_up(root, taken.getsockname()[1])


def kept_between_runs() -> tuple[list[str], list[str]]:
    """Writes that were acknowledged by one run, and those of them that the next has lost."""
    with copied_project() as root:
        with stack(root) as first:
            first.under_load(lambda: None, after=0.5)
            written = first.acknowledged
        with stack(root) as second:
            second.acknowledged = written
            return written, second.lost_writes()


def cold_start(project: Path, python: Path) -> float:
    """Seconds from the command to its word that it serves, from nothing; no data is there yet."""
    with copied_project(project) as root:
        process, output = launch(root, free_port(), ["--python", str(python)])
        try:
            return wait_up(root, process, output)
        finally:
            process.terminate()
            process.wait(LIMIT)
            output.close()


def run_up(root: Path, port: int) -> subprocess.CompletedProcess[str]:
    """An `up` that is expected to refuse."""
    return subprocess.run(
        [*nuages(), "up", str(root), "--port", str(port)], capture_output=True, text=True,
        timeout=LIMIT, check=False, stdin=subprocess.DEVNULL, env=environment(),
    )  # fmt: skip


def _left(processes: dict[int, str]) -> list[int]:
    deadline = time.monotonic() + LIMIT
    while (left := alive(processes)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def _naming(root: Path) -> list[int]:
    """Processes whose command line or folder is of this stack."""
    name = home_of(root).path.name
    deadline = time.monotonic() + LIMIT
    while True:
        done = subprocess.run(
            ["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=True
        )
        left = [int(line.split()[0]) for line in done.stdout.splitlines() if name in line]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)
