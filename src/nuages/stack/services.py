"""The replicas of one service: started, drained, replaced one at a time, kept at their number."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nuages.agent.stack_endpoints import DRAINS, READY
from nuages.stack import replicas
from nuages.stack.child import SETTLED, Child, backoff, how
from nuages.stack.home import StackError
from nuages.stack.kept import Say, Spawn
from nuages.stack.replicas import GRACE, Launcher
from nuages.topology import Balancer, Service

State = Literal["starting", "ready", "draining", "stopping", "gone"]

READY_LIMIT = 120.0  # seconds; a large project imports for many of them
CHECKS = 2  # of the balancer's: at the second it has what it was told at the first
SEEN_LIMIT = 15.0  # seconds; half a one is usual, on a busy machine checks are late
SICK_AFTER = 6.0  # seconds without an answer: replaced, though it may still end its requests
HUNG_AFTER = 15.0  # seconds without an answer: killed; what it was asked to read, another answers
WORKER_SETTLES = 1.0  # seconds that a process without a readiness lives before it counts

InFlight = Callable[[], dict[str, dict[str, int]]]


@dataclass(kw_only=True)
class Replica:
    """One process of a service, in its slot."""

    service: Service
    slot: int
    child: Child
    state: State = "starting"
    last_answer: float = field(default_factory=time.monotonic)
    asked: bool = False  # and has not answered yet

    @property
    def name(self) -> str:
        return f"{self.service.name}-{self.slot}"

    @property
    def silent(self) -> float:
        """Seconds since it last answered that it is ready."""
        return time.monotonic() - self.last_answer


@dataclass(kw_only=True)
class Replicas:
    """All of a service's replicas. What changes their number takes its turn."""

    service: Service
    launcher: Launcher
    balancer: Balancer
    tell: Callable[[Service, int], Path]  # writes what a replica's overlay reads
    spawn: Spawn
    in_flight: InFlight
    say: Say
    tail: Callable[[str], str] = lambda name: ""  # the last lines that a process printed
    wanted: int = 0
    all: list[Replica] = field(default_factory=list)
    restarts: int = 0
    _ends: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False
    _next: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def ready(self) -> list[Replica]:
        return [replica for replica in self.all if replica.state == "ready"]

    @property
    def has_socket(self) -> bool:
        """Whether the balancer sends requests to it."""
        return self.service.kind == "web"

    async def scale(self, wanted: int) -> None:
        """Bring the number of replicas to `wanted`; StackError beyond the balancer's slots."""
        if wanted > self.service.most and self.has_socket:
            raise StackError(
                f"{self.service.name} can have {self.service.most} replicas:"
                f" the balancer has slots for twice as many, and is never reloaded",
                hint=f"most = {wanted} for it under [tool.nuages.topology], then nuages up again",
            )
        if self.service.kind == "schedule" and wanted > 1:
            raise StackError(
                f"{self.service.name} is a schedule: two of it would do everything twice",
                hint=f"nuages scale {self.service.name}=1",
            )
        async with self._turn:
            self.wanted = wanted
            await self._reach()

    async def restart(self) -> None:
        """Replace every replica, one at a time; the first that does not come up ends it."""
        async with self._turn:
            for old in list(self.ready):
                if self.service.kind == "schedule":
                    await self._retire(old)
                    await self._start()
                else:
                    await self._start()
                    await self._retire(old)

    async def replace(self, name: str) -> None:
        """Replace one replica by a new one."""
        async with self._turn:
            for old in self.ready:
                if old.name == name:
                    await self._start()
                    await self._retire(old)

    async def stop(self, grace: float | None = None) -> None:
        """End all of them; the balancer has stopped before."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(replica.child.stop(grace) for replica in list(self.all)))

    async def check(self) -> None:
        """Ask each replica whether it is ready; replace those that are silent for too long."""
        if not self.has_socket:
            return
        for replica in self.ready:
            if not replica.asked:  # no answer keeps nobody else's from being seen
                self._background(self._ask(replica))
        # All silent at once is a busy machine: more processes would make it worse.
        alone = any(replica.silent < SICK_AFTER / 2 for replica in self.ready)
        for replica in [each for each in self.ready if each.silent > SICK_AFTER]:
            if replica.silent > HUNG_AFTER or (alone and not self._turn.locked()):
                self._background(self._replace_silent(replica))
                return

    async def _ask(self, replica: Replica) -> None:
        socket = self.launcher.socket(self.service, replica.slot)
        replica.asked = True
        if await replicas.status(socket, timeout=SICK_AFTER) == 200:
            replica.last_answer = time.monotonic()
        replica.asked = False

    async def _replace_silent(self, replica: Replica) -> None:
        if replica.state != "ready" or self._stopping:
            return
        async with self._turn:
            self.say(f"{replica.name} does not answer since {replica.silent:.0f} s; replacing it")
            replica.state = "draining"
            self.launcher.drain_file(self.service, replica.slot).touch()
            self.restarts += 1
            await self._start()
        while replica.silent < HUNG_AFTER and await self._requests(replica):
            await asyncio.sleep(0.25)
        replica.state = "stopping"
        await replica.child.stop(grace=2.0)

    async def _reach(self) -> None:
        while len(self.ready) < self.wanted and not self._stopping:
            missing = self.wanted - len(self.ready)
            await asyncio.gather(*(self._start() for _ in range(missing)))
        surplus = self.ready[self.wanted :] if self.wanted < len(self.ready) else []
        await asyncio.gather(*(self._retire(replica) for replica in surplus))

    async def _start(self) -> Replica:
        """A new replica in a free slot, ready and seen to be by the balancer."""
        slot = self._free_slot()
        if self.has_socket:
            self.launcher.socket(self.service, slot).unlink(missing_ok=True)
        self.launcher.drain_file(self.service, slot).unlink(missing_ok=True)
        self.launcher.checks_file(self.service, slot).unlink(missing_ok=True)
        told = self.tell(self.service, slot)
        child = self.spawn(self.launcher.order(self.service, slot, told))
        replica = Replica(service=self.service, slot=slot, child=child)
        self.all.append(replica)
        try:
            await self._until_ready(replica)
        except BaseException:
            self.all.remove(replica)
            replica.child.kill()
            raise
        replica.state = "ready"
        replica.last_answer = time.monotonic()
        self._background(self._watch(replica))
        await self._until_seen(replica, READY)
        return replica

    def _free_slot(self) -> int:
        """The one that has been free for longest: the balancer knows that it is down."""
        taken = {replica.slot for replica in self.all}
        limit = self.service.slots if self.has_socket else 10 * self.service.most
        for _ in range(limit):
            slot = (next(self._next) - 1) % limit + 1
            if slot not in taken:
                return slot
        raise StackError(
            f"every slot of {self.service.name} is taken", hint="nuages ps shows by what"
        )

    async def _until_ready(self, replica: Replica) -> None:
        deadline = time.monotonic() + READY_LIMIT
        socket = self.launcher.socket(self.service, replica.slot)
        while True:
            if not replica.child.alive:
                await asyncio.sleep(0.1)  # its last words are on their way
                raise self._failed(replica, how(replica.child.ended.result()))
            if not self.has_socket and replica.child.uptime > WORKER_SETTLES:
                return
            if self.has_socket and await replicas.status(socket) == 200:
                return
            if time.monotonic() > deadline:
                raise self._failed(replica, f"is not ready after {READY_LIMIT:.0f} s")
            await asyncio.sleep(0.05)

    def _failed(self, replica: Replica, what: str) -> StackError:
        return StackError(
            f"the new replica {replica.name} {what}; those that serve are left as they are",
            hint=f"nuages logs {replica.name}",
            detail=self.tail(replica.name),
        )

    async def _retire(self, replica: Replica) -> None:
        """Drain a replica, then end it: no request may be on its way to it any more."""
        replica.state = "draining"
        if self.has_socket:
            self.launcher.drain_file(self.service, replica.slot).touch()
            await self._until_seen(replica, DRAINS)
            deadline = time.monotonic() + GRACE
            while await self._requests(replica) and time.monotonic() < deadline:
                await asyncio.sleep(0.05)
        replica.state = "stopping"
        await replica.child.stop()
        self._forget(replica)

    async def _until_seen(self, replica: Replica, letter: str) -> None:
        """Wait until the balancer knows; its checks wait behind the replica's requests."""
        checks = self.launcher.checks_file(self.service, replica.slot)
        deadline = time.monotonic() + SEEN_LIMIT
        while self.has_socket and replica.child.alive and time.monotonic() < deadline:
            with suppress(FileNotFoundError):
                if checks.read_text("utf-8").count(letter) >= CHECKS:
                    return
            await asyncio.sleep(0.02)

    async def _requests(self, replica: Replica) -> int:
        told = await asyncio.to_thread(self.in_flight)
        return told.get(f"{replica.name}.sock", {}).get("in_flight", 0)

    async def _watch(self, replica: Replica) -> None:
        """Wait for its end; when nobody asked for it, start another."""
        code = await asyncio.shield(replica.child.ended)
        asked = replica.state in ("stopping", "gone") or self._stopping
        self._forget(replica)
        if asked:
            return
        self._ends = 1 if replica.child.uptime > SETTLED else self._ends + 1
        self.restarts += 1
        self.say(f"{replica.name} {how(code)}; starting another")
        while not self._stopping:
            await asyncio.sleep(backoff(self._ends))
            try:
                async with self._turn:
                    await self._reach()
                return
            except (StackError, OSError) as error:
                self._ends += 1
                self.say(str(error))

    def _forget(self, replica: Replica) -> None:
        replica.state = "gone"
        with suppress(ValueError):
            self.all.remove(replica)
        if self.has_socket:
            self.launcher.socket(self.service, replica.slot).unlink(missing_ok=True)

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
