"""The supervisor: starts every part of the stack in its order, keeps it, and ends it."""

from __future__ import annotations

import asyncio
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from nuages.stack import warden
from nuages.stack.assembled import Looked, Parts
from nuages.stack.care import Care
from nuages.stack.child import Child, Order
from nuages.stack.figures import Figures, Row, Subject
from nuages.stack.home import StackError
from nuages.stack.kept import Kept, Say
from nuages.stack.outputs import Echo, Outputs
from nuages.stack.postgres import log_tail
from nuages.stack.services import Replica, Replicas
from nuages.topology import Service

SHUTDOWN = re.compile(rb"received (smart|fast|immediate) shutdown request")
NO_ANSWER = re.compile(rb'"logger":"http\.log\.error.*"status":5\d\d')
LAST_LINES = 15  # of what a process printed that did not start
PAUSE_LIMIT = 10.0  # seconds that PgBouncer's PAUSE waits for transactions


@dataclass(kw_only=True)
class Stack:
    """A running stack. Make it, and run it, on the thread that lives as long as it does."""

    parts: Parts
    say: Say
    echo: Echo | None = None
    kept: dict[str, Kept] = field(default_factory=dict)
    services: dict[str, Replicas] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    started: float = field(default_factory=time.monotonic)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    children: list[Child] = field(default_factory=list)
    unanswered: int = 0  # requests that the balancer had to answer with an error of its own
    _loop: asyncio.AbstractEventLoop | None = None
    care: Care | None = None

    def __post_init__(self) -> None:
        _raise_file_limit()
        self.outputs = Outputs(folder=self.parts.home.logs, echo=self._overhear)
        self._warden = subprocess.Popen(
            [sys.executable, "-I", "-S", str(warden.__file__)], stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/",
        )  # fmt: skip

    # -- start and end

    async def start(self) -> None:
        """Databases and caches, then migrations, then replicas, and the balancer beside them."""
        parts = self.parts
        self._loop = asyncio.get_running_loop()
        caches = [self._keep(cache.order, cache.answers) for cache in parts.caches]
        looking = asyncio.create_task(asyncio.to_thread(parts.look))
        await asyncio.gather(looking, self._start_database(), *(each.start() for each in caches))
        looked = looking.result()
        parts.topology = looked.topology
        await asyncio.to_thread(parts.make_ready)
        for service in parts.topology.services:
            self.services[service.name] = self._replicas(service)
        await asyncio.gather(
            self._start_caddy(looked),
            *(self.services[each.name].scale(each.replicas) for each in parts.topology.services),
        )
        self.care = Care(stack=self)
        self.care.begin()

    async def stop(self, *, at_once: bool = False) -> None:
        """The balancer first, so that nothing more comes in; the databases last."""
        grace = 1.0 if at_once else None
        self._loop = None  # PostgreSQL's end is no news from now on
        if self.care is not None:
            self.care.end()
        pools = [pool.name for pool in self.parts.pools.values()]
        standbys = [standby.name for standby in self.parts.standbys]
        order = ("caddy", None, *pools, *standbys, "postgres")
        for name in order:
            if name is None:
                await asyncio.gather(*(each.stop(grace) for each in self.services.values()))
            elif name in self.kept:
                await self.kept[name].stop(grace)
        rest = [each for name, each in self.kept.items() if name not in order]
        await asyncio.gather(*(each.stop(grace) for each in rest))

    def close(self) -> None:
        """End whatever is still there, the warden last."""
        for child in self.children:
            if child.alive:
                child.kill()
        if self._warden.stdin is not None:
            with suppress(OSError):
                self._warden.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._warden.wait(2 * warden.PATIENCE)
        self.outputs.close()

    # -- what other commands ask for

    async def scale(self, name: str, replicas: int) -> None:
        """Bring one service to a number of replicas."""
        await self._service(name).scale(replicas)

    async def prepare(self, *, check: bool, force: bool, say: Say) -> list[dict[str, str]]:
        """Migrate for newer code, once, before its roll; hazards of what is pending."""
        return await asyncio.to_thread(self.parts.again, check=check, force=force, say=say)

    async def restart(self, name: str, say: Say) -> None:
        """Replace a service's replicas one at a time, or a server in its own way."""
        if name in self.services:
            await self.services[name].restart()
        elif name == "postgres":
            await self._restart_postgres(say)
        elif pools := [key for key, pool in self.parts.pools.items() if pool.name == name]:
            await self._replace_pool(pools[0], say)
        elif name == "caddy":
            await self._replace_caddy()
        elif name in self.kept:
            await self.kept[name].restart()
        else:
            self._service(name)
        say(f"{name} is replaced")

    def subjects(self) -> list[Subject]:
        """Every process, the balancer first."""
        found = [
            Subject(
                name=name, service="", state=kept.state, restarts=kept.restarts,
                pid=kept.child.pid if kept.child else 0,
                uptime_s=round(kept.child.uptime, 1) if kept.child else 0.0,
            )
            for name, kept in self.kept.items()
        ]  # fmt: skip
        for service in self.services.values():
            found += [self.subject(replica) for replica in service.all]
        return found

    async def look(self) -> list[Row]:
        """A row for each process."""
        return await asyncio.to_thread(self.figures.look, self.subjects())

    # -- parts

    def spawn(self, order: Order) -> Child:
        """Start a process whose output is read and whose end the warden knows of."""
        child = Child(order, self.outputs.pipe(order.name), self._tell_warden)
        self.children = [each for each in self.children if each.alive] + [child]
        return child

    def _tell_warden(self, line: str) -> None:
        if self._warden.stdin is not None:
            with suppress(OSError, ValueError):  # gone, or told to end
                self._warden.stdin.write(f"{line}\n".encode())
                self._warden.stdin.flush()

    def _keep(self, order: Callable[[], Order], answers: Callable[[], bool], **hooks: Any) -> Kept:
        kept = self._made(order, answers, **hooks)
        self.kept[kept.name] = kept
        return kept

    def _made(self, order: Callable[[], Order], answers: Callable[[], bool], **hooks: Any) -> Kept:
        return Kept(
            order=order, answers=answers, spawn=self.spawn, say=self.say, tail=self._tail, **hooks
        )

    def _tail(self, name: str) -> str:
        return log_tail(self.parts.home.logs / f"{name}.log", LAST_LINES)

    async def _start_database(self) -> None:
        parts = self.parts
        if parts.cluster is not None:
            cluster = parts.cluster
            await asyncio.to_thread(cluster.create)
            postgres = self._keep(
                cluster.order, cluster.answers, on_end=self._hold_back, on_ready=self._let_go
            )
            await postgres.start()
            await asyncio.to_thread(cluster.set_up, parts.extensions)
            for standby in parts.standbys:
                await asyncio.to_thread(standby.create)
                await self._keep(standby.order, standby.answers).start()
        for name, pool in parts.pools.items():
            pool.prepare()
            parts.pools[name] = pool.hold()
        await asyncio.gather(
            *(self._keep(pool.order, pool.answers).start() for pool in parts.pools.values())
        )

    async def _start_caddy(self, looked: Looked) -> None:
        parts = self.parts
        files = {**looked.files, **await asyncio.to_thread(parts.media)}
        parts.caddy = replace(parts.caddy, files=files, topology=looked.topology)
        parts.caddy.prepare()
        await self._keep(parts.caddy.order, parts.caddy.answers).start()
        await asyncio.to_thread(parts.finish)

    def _replicas(self, service: Service) -> Replicas:
        return Replicas(
            service=service,
            launcher=self.parts.launcher,
            balancer=self.parts.topology.balancer,
            tell=self.parts.tell,
            spawn=self.spawn,
            in_flight=lambda: self.parts.caddy.upstreams(),
            say=self.say,
            tail=self._tail,
        )

    def _service(self, name: str) -> Replicas:
        if name not in self.services:
            names = ", ".join([*self.services, *self.kept])
            raise StackError(f"there is no service {name}", hint=f"there are {names}")
        return self.services[name]

    def subject(self, replica: Replica) -> Subject:
        has_counters = replica.service.kind == "web"
        return Subject(
            name=replica.name, service=replica.service.name, state=replica.state,
            pid=replica.child.pid, uptime_s=round(replica.child.uptime, 1),
            restarts=self.services[replica.service.name].restarts,
            counters=self.parts.counters(replica.name) if has_counters else None,
        )  # fmt: skip

    # -- PostgreSQL behind PgBouncer

    async def _admin(self, command: str) -> None:
        pools = self.parts.pools.values()
        await asyncio.gather(*(asyncio.to_thread(pool.admin, command) for pool in pools))

    def _overhear(self, name: str, line: bytes) -> None:
        """In the thread that reads: PostgreSQL was told to end by somebody else, Caddy failed."""
        self.unanswered += bool(name == "caddy" and NO_ANSWER.search(line))
        if name == "postgres" and SHUTDOWN.search(line) and self._loop is not None:
            # In the tenth of a second until it ends, each new login would fail a request.
            with suppress(RuntimeError):  # the stack is down
                asyncio.run_coroutine_threadsafe(self._hold_back(), self._loop)
        if self.echo is not None:
            self.echo(name, line)

    async def _hold_back(self) -> None:
        """PostgreSQL is gone: what is asked from now on waits for it."""
        with suppress(TimeoutError, psycopg.Error):  # held back already, or gone itself
            await asyncio.wait_for(self._admin("PAUSE"), PAUSE_LIMIT)

    async def _let_go(self) -> None:
        await self._admin("RESUME")

    async def _restart_postgres(self, say: Say) -> None:
        say("queries are held back")
        try:
            await asyncio.wait_for(self._admin("PAUSE"), PAUSE_LIMIT)
        except TimeoutError:
            await self._let_go()
            raise StackError(
                f"a transaction is open for {PAUSE_LIMIT:.0f} s: PostgreSQL stays as it is",
                hint="end that transaction, then run it again",
            ) from None
        try:
            await self.kept["postgres"].restart()
        finally:
            await self._let_go()

    async def _replace_pool(self, name: str, say: Say) -> None:
        """A second PgBouncer, every replica moved over to it, then the end of the first."""
        old = self.parts.pools[name]
        kept = self.kept[old.name]
        new = replace(old, folder=successor(old.folder), listening=None)
        new.prepare()
        new = new.hold()
        following = self._made(new.order, new.answers)
        await following.start()
        self.parts.pools[name], self.kept[old.name] = new, following
        for service in self.services.values():
            if service.service.pool == name:
                say(f"{service.service.name} moves over")
                await service.restart()
        await kept.stop()

    async def _replace_caddy(self) -> None:
        """A second Caddy on the same socket, then a graceful end of the first."""
        kept, old = self.kept["caddy"], self.parts.caddy
        new = replace(old, generation=old.generation + 1)
        new.prepare()
        following = self._made(new.order, new.answers)
        await following.start()
        self.parts.caddy, self.kept["caddy"] = new, following
        await kept.stop()


def _raise_file_limit() -> None:
    """As many open files as this user may have: every child inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 65536
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, 65536)), hard))


def successor(folder: Path) -> Path:
    """`pool-default-2` after `pool-default-1`."""
    stem, _, number = folder.name.rpartition("-")
    return folder.with_name(f"{stem}-{int(number) + 1}")
