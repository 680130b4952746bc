from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

import pytest

from nuages.stack.child import Child, Order
from nuages.stack.home import StackError
from nuages.stack.kept import Kept

SLEEP = "import time; time.sleep(60)"


def kept(code: str, said: list[str], **values) -> Kept:
    def spawn(order: Order) -> Child:
        writing = os.open(os.devnull, os.O_WRONLY)
        return Child(order, writing, lambda line: None)

    order = Order(name="it", argv=(sys.executable, "-c", code))
    told = {"answers": lambda: True, "tail": lambda name: f"last words of {name}", **values}
    return Kept(order=lambda: order, spawn=spawn, say=said.append, **told)


async def until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_it_comes_back_when_it_is_killed():
    said: list[str] = []
    events: list[str] = []

    async def note(what: str) -> None:
        events.append(what)

    async def run():
        server = kept(SLEEP, said, on_end=lambda: note("end"), on_ready=lambda: note("ready"))
        await server.start()
        first = server.child.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: server.restarts == 1 and server.state == "ready")
        await until(lambda: "it is back" in said)
        assert server.child.pid != first
        await server.stop()

    asyncio.run(run())
    assert said == ["it killed by SIGKILL; starting it again", "it is back"]
    assert events == ["end", "ready"]


def test_a_restart_that_was_asked_for_is_no_news_and_has_no_pause():
    said: list[str] = []

    async def run():
        server = kept(SLEEP, said)
        await server.start()
        first = server.child.pid
        await server.restart()
        assert server.child.pid != first
        assert server.state == "ready"
        await server.stop()

    asyncio.run(run())
    assert said == []


def test_one_that_ends_at_once_is_told_with_its_last_words():
    async def run():
        await kept("raise SystemExit(3)", [], answers=lambda: False).start()

    with pytest.raises(StackError, match="it ended with 3 instead of serving") as caught:
        asyncio.run(run())
    assert caught.value.detail == "last words of it"


def test_it_stays_away_once_it_is_stopped():
    async def run():
        server = kept(SLEEP, [])
        await server.start()
        await server.stop()
        await asyncio.sleep(0.3)
        return server.child.alive, server.state

    assert asyncio.run(run()) == (False, "stopped")
