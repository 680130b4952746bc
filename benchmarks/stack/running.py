"""A stack of `nuages up` on a copy of the small project, its load, and the ledger of its writes."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psycopg

from benchmarks.stack.sender import Ask, Sender, Tally
from nuages.scratch import process_start
from nuages.stack import control
from nuages.stack.home import Home, home_of, running
from nuages.up import down

PROJECT = Path(__file__).parent / "project"
BIN = Path(sys.executable).parent
RPS = 120.0
START_LIMIT = 60.0  # seconds


@dataclass(kw_only=True)
class RunningStack:
    """One stack that serves, and what a test does to it."""

    root: Path
    port: int
    process: subprocess.Popen[str]
    output: IO[str]
    acknowledged: list[str] = field(default_factory=list)

    @property
    def home(self) -> Home:
        return home_of(self.root)

    def ask(self, verb: str, **arguments: Any) -> Any:
        """What the commands of the command line ask."""
        return control.ask(self.home.control, verb, **arguments)

    def rows(self) -> list[dict[str, Any]]:
        """The processes, as `nuages ps --json` has them."""
        rows: list[dict[str, Any]] = self.ask("ps")["processes"]
        return rows

    def pid(self, name: str) -> int:
        """Of a process of the stack; of a service's first replica."""
        found = (row for row in self.rows() if name in (row["name"], row["service"]))
        return int(next(row["pid"] for row in found if row["state"] == "ready"))

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """A signal for one process alone, as the kernel's out-of-memory killer would send it."""
        os.kill(self.pid(name), number)

    def wait_ready(self, service: str, replicas: int, limit: float = 40.0) -> None:
        """Wait until a service has so many replicas, all ready, and everything else is up."""
        deadline = time.monotonic() + limit
        while True:
            rows = self.rows()
            own = [row["state"] for row in rows if row["service"] == service]
            rest = [row["state"] for row in rows if not row["service"]]
            if own == ["ready"] * replicas and set(rest) == {"ready"}:
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service} has {own}, the servers are {rest}")
            time.sleep(0.1)

    def under_load(
        self,
        action: Callable[[], object],
        *,
        rps: float = RPS,
        before: float = 0.8,
        after: float = 1.5,
        asks: Callable[[int], Ask] | None = None,
    ) -> Tally:
        """Send steady load, do something in its midst, and go on for a while."""
        sender = Sender(host="127.0.0.1", port=self.port, rps=rps, next_ask=asks or mixed())
        tallies: list[Tally] = []
        thread = threading.Thread(target=lambda: tallies.append(asyncio.run(sender.run())))
        thread.start()
        try:
            time.sleep(before)
            action()
            time.sleep(after)
        finally:
            sender.stop()
            thread.join()
        self.acknowledged += tallies[0].acknowledged()
        return tallies[0]

    def lost_writes(self) -> list[str]:
        """Writes that were acknowledged and are not in the database."""
        with psycopg.connect(
            host=str(self.home.postgres / "s"), user="nuages", dbname="nuages_up_default"
        ) as connection:
            there = {str(row[0]) for row in connection.execute("SELECT key FROM tills_entry")}
        return [key for key in self.acknowledged if key not in there]

    def descendants(self) -> dict[int, str]:
        """Every process of the stack → when it started; the supervisor's own, too."""
        found = {row["pid"]: process_start(row["pid"]) for row in self.rows()}
        for pid in _children_of({self.process.pid, *found}):
            found[pid] = process_start(pid)
        return {pid: started for pid, started in found.items() if started}


def _children_of(pids: set[int]) -> set[int]:
    done = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    found = set(pids)
    while more := {pid for pid, parent in pairs if parent in found} - found:
        found |= more
    return found


def alive(processes: dict[int, str]) -> list[int]:
    """Those of the processes that still run; a zombie has ended."""
    return [pid for pid, started in processes.items()
            if process_start(pid) == started and not _is_zombie(pid)]  # fmt: skip


def _is_zombie(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True,
                          check=False)  # fmt: skip
    return done.stdout.strip()[:1] in ("Z", "")


def mixed() -> Callable[[int], Ask]:
    """A third writes, the rest reads: lists, a session and a cache."""
    run = secrets.token_hex(4)

    def ask(number: int) -> Ask:
        if number % 3 == 0:
            return Ask(method="POST", path="/entries/", body=f"{run}-{number}")
        return Ask(method="GET", path=("/entries/", "/visits/")[number % 2])

    return ask


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def copied_project(source: Path = PROJECT) -> Iterator[Path]:
    """A copy of a project in a folder of its own, whose stack is purged in the end."""
    folder = Path(tempfile.mkdtemp(prefix="stack-", dir="/tmp"))
    root = folder / source.name
    shutil.copytree(source, root, ignore=shutil.ignore_patterns("__pycache__", "*.sqlite3", ".*"))
    try:
        yield root
    finally:
        down(home_of(root), purge=True)
        shutil.rmtree(folder, ignore_errors=True)


def nuages() -> list[str]:
    return [sys.executable, "-m", "nuages"]


def launch(
    root: Path, port: int, arguments: Sequence[str] = ()
) -> tuple[subprocess.Popen[str], IO[str]]:
    """Start `nuages up`; its output goes to a file beside the project."""
    output = (root.parent / f"up-{port}.log").open("w+", encoding="utf-8")
    command = [*nuages(), "up", str(root), "--port", str(port), "--python", sys.executable]
    process = subprocess.Popen(
        [*command, *arguments], stdin=subprocess.DEVNULL, stdout=output, stderr=output, text=True,
        start_new_session=True, env=environment(),
    )  # fmt: skip
    return process, output


def environment() -> dict[str, str]:
    """This process's own, less what would be meant for another project."""
    left_out = ("DJANGO_SETTINGS_MODULE", "PYTHONPATH")
    return {name: value for name, value in os.environ.items()
            if name not in left_out and not name.startswith("PYTEST_")}  # fmt: skip


def wait_up(root: Path, process: subprocess.Popen[str], output: IO[str]) -> float:
    """Seconds until the stack says that it serves."""
    started = time.monotonic()
    while running(home_of(root)) is None:
        if process.poll() is not None or time.monotonic() - started > START_LIMIT:
            output.seek(0)
            raise RuntimeError(f"the stack did not come up:\n{output.read()}")
        time.sleep(0.02)
    return time.monotonic() - started


@contextmanager
def stack(root: Path, arguments: Sequence[str] = ()) -> Iterator[RunningStack]:
    """A stack that serves; ended, if it has not been, in the end."""
    port = free_port()
    process, output = launch(root, port, arguments)
    try:
        wait_up(root, process, output)
        yield RunningStack(root=root, port=port, process=process, output=output)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        output.close()


def write_json(path: Path, told: object) -> None:
    """Keep figures for the table that is made of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
