from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from nuages.scratch import process_start
from nuages.stack import warden
from nuages.stack.child import Child, Order, backoff, how

SLEEPER = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)"
)
# A server with a worker, which it does not take along when it is killed.
PARENT = (
    "import subprocess, sys, time; "
    f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); "
    "print(child.pid, flush=True); time.sleep(60)"
)


def start(code: str, told=None) -> tuple[Child, int]:
    """The process, and the reading end of what it prints."""
    reading, writing = os.pipe()
    order = Order(name="it", argv=(sys.executable, "-c", code))
    return Child(order, writing, ([] if told is None else told).append), reading


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while process_start(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not process_start(pid)


def test_it_ends_when_asked():
    async def run():
        child, _ = start(SLEEPER)
        return await child.stop()

    assert asyncio.run(run()) == -signal.SIGTERM


def test_it_is_killed_when_it_does_not_listen():
    async def run():
        child, reading = start(STUBBORN)
        await asyncio.to_thread(os.read, reading, 10)
        return await child.stop(grace=0.2)

    assert asyncio.run(run()) == -signal.SIGKILL


def test_its_own_children_go_with_it():
    async def run():
        child, reading = start(PARENT)
        worker = int(await asyncio.to_thread(os.read, reading, 20))
        os.kill(child.pid, signal.SIGKILL)
        await child.ended
        return worker

    assert gone(asyncio.run(run()))


def test_the_warden_is_told_of_its_start_and_its_end():
    told: list[str] = []

    async def run():
        child, _ = start(SLEEPER, told)
        await child.stop()
        await asyncio.sleep(0)
        return child.pid

    pid = asyncio.run(run())
    assert told == [f"+{pid} 15", f"-{pid}"]


def test_the_warden_ends_what_is_left_when_the_supervisor_is_gone():
    sleeping = subprocess.Popen([sys.executable, "-c", SLEEPER], start_new_session=True)
    other = subprocess.Popen([sys.executable, "-c", SLEEPER], start_new_session=True)
    lines = f"+{sleeping.pid} 15\n+{other.pid} 15\n-{other.pid}\n"
    subprocess.run(
        [sys.executable, "-I", "-S", warden.__file__], input=lines, text=True, check=True,
        timeout=20,
    )  # fmt: skip
    assert sleeping.wait(5) == -signal.SIGTERM
    assert other.poll() is None
    other.kill()
    other.wait()


@pytest.mark.parametrize(("ends", "seconds"), [(1, 0.2), (2, 0.4), (4, 1.6), (20, 30.0)])
def test_pauses_grow_to_half_a_minute(ends, seconds):
    assert backoff(ends) == seconds


def test_ends_are_told_in_words():
    assert how(-9) == "killed by SIGKILL"
    assert how(2) == "ended with 2"
