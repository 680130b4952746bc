"""A server that is kept running: started again whenever it ends, with growing pauses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from nuages.stack.child import SETTLED, Child, Order, backoff, how
from nuages.stack.home import StackError

State = Literal["starting", "ready", "waiting", "stopping", "stopped"]
Spawn = Callable[[Order], Child]
Say = Callable[[str], None]
Hook = Callable[[], Awaitable[None]]

READY_LIMIT = 60.0  # seconds


async def nothing() -> None:
    """The hook of a server that needs none."""


@dataclass(kw_only=True)
class Kept:
    """One server of the stack and the task that keeps it."""

    order: Callable[[], Order]
    answers: Callable[[], bool]  # may block, for a moment
    spawn: Spawn
    say: Say
    tail: Callable[[str], str] = lambda name: ""  # the last lines that it printed
    on_end: Hook = nothing  # it ended by itself
    on_ready: Hook = nothing  # it is back, after it had ended
    state: State = "stopped"
    restarts: int = 0
    child: Child | None = None
    _ends: int = 0
    _task: asyncio.Task[None] | None = field(default=None, repr=False)
    _at_once: bool = False  # the next start is asked for: no pause

    @property
    def name(self) -> str:
        return self.order().name

    async def start(self) -> None:
        """Start it and wait until it answers; StackError when it does not."""
        self._begin()
        await self._until_ready(READY_LIMIT)
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self, grace: float | None = None) -> None:
        """End it for good."""
        self.state = "stopping"
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self.child is not None:
            await self.child.stop(grace)
        self.state = "stopped"

    async def restart(self, number: int | None = None) -> None:
        """End it, and wait until its successor answers."""
        child = self.child
        self._at_once = True
        if child is not None:
            await child.stop(number=number)
        deadline = time.monotonic() + READY_LIMIT
        while self.child is child or self.state != "ready":
            if time.monotonic() > deadline:
                raise self._failed(f"is not back after {READY_LIMIT:.0f} s")
            await asyncio.sleep(0.01)

    def _begin(self) -> None:
        self.state = "starting"
        self.child = self.spawn(self.order())

    async def _until_ready(self, limit: float) -> None:
        child = self.child
        assert child is not None
        deadline = time.monotonic() + limit
        while not await asyncio.to_thread(self.answers):
            if not child.alive:
                await asyncio.sleep(0.1)  # its last words are on their way
                raise self._failed(f"{how(child.ended.result())} instead of serving")
            if time.monotonic() > deadline:
                raise self._failed(f"does not answer after {limit:.0f} s")
            await asyncio.sleep(0.02)
        self.state = "ready"

    def _failed(self, what: str) -> StackError:
        return StackError(
            f"{self.name} {what}", hint=f"nuages logs {self.name}", detail=self.tail(self.name)
        )

    async def _keep(self) -> None:
        while True:
            child = self.child
            assert child is not None
            code = await asyncio.shield(child.ended)
            self._ends = 1 if child.uptime > SETTLED else self._ends + 1
            if not self._at_once:
                self.say(f"{self.name} {how(code)}; starting it again")
                await self._safely(self.on_end)
                self.state = "waiting"
                await asyncio.sleep(backoff(self._ends))
            await self._start_again()

    async def _start_again(self) -> None:
        asked, self._at_once = self._at_once, False
        self.restarts += 1
        try:
            self._begin()
            await self._until_ready(READY_LIMIT)
        except (StackError, OSError) as error:
            self.say(str(error))
            if self.child is not None and self.child.alive:
                self.child.kill()
            return
        if not asked:
            await self._safely(self.on_ready)
            self.say(f"{self.name} is back")

    async def _safely(self, hook: Hook) -> None:
        try:
            await hook()
        except Exception as error:  # a pool that cannot be told must not end the keeping
            self.say(f"{self.name}: {error}")
