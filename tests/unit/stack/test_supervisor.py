from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace

from nuages.stack.child import Order
from nuages.stack.home import Home
from nuages.stack.supervisor import Stack, successor

SLEEPS = Order(name="it", argv=(sys.executable, "-c", "import time; time.sleep(60)"))


def stack_in(folder: Path) -> Stack:
    home = Home(path=folder)
    home.logs.mkdir()
    return Stack(parts=SimpleNamespace(home=home), say=print)  # type: ignore[arg-type]


def test_a_process_that_ends_after_the_stack_was_closed_is_no_error(tmp_path):
    """Its end is told to the warden, whose pipe is closed by then."""
    errors: list[dict] = []

    async def run() -> int:
        asyncio.get_running_loop().set_exception_handler(lambda _, told: errors.append(told))
        stack = stack_in(tmp_path)
        child = stack.spawn(SLEEPS)
        stack.close()  # kills it; this loop hears of it only afterwards
        return await asyncio.wait_for(child.ended, 10)

    assert asyncio.run(run()) == -signal.SIGKILL
    assert errors == []


def test_a_warden_that_was_killed_stops_nothing(tmp_path):
    async def run() -> None:
        stack = stack_in(tmp_path)
        stack._warden.kill()
        stack._warden.wait()
        for _ in range(2):  # the first write may still find room in the pipe
            child = stack.spawn(SLEEPS)
            child.kill()
            await asyncio.wait_for(child.ended, 10)
        stack.close()

    asyncio.run(run())


def test_closing_leaves_no_process(tmp_path):
    async def run() -> int:
        stack = stack_in(tmp_path)
        pid = stack.spawn(SLEEPS).pid
        stack.close()
        await asyncio.sleep(0.2)
        return pid

    pid = asyncio.run(run())
    assert not Path(f"/proc/{pid}").exists() or os.waitpid(pid, os.WNOHANG)


def test_the_next_pgbouncer_has_the_next_folder(tmp_path):
    assert successor(tmp_path / "pool-default-9").name == "pool-default-10"
