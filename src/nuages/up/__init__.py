"""`nuages up`: the scaled-out project, here, and the commands that look after it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from nuages.project import Project
from nuages.stack import control, home
from nuages.stack.autoscale import Bounds
from nuages.stack.child import Child
from nuages.stack.figures import as_json
from nuages.stack.home import Home, StackError
from nuages.stack.listening import tcp
from nuages.stack.observed import News, Observer
from nuages.stack.supervisor import Stack
from nuages.topology import Balancer, Topology
from nuages.up import status
from nuages.up.describing import topology_of
from nuages.up.parts import assemble

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class UpOptions:
    """What the command line said, beside the topology's own values."""

    autoscale: Bounds | None = None
    flags: Mapping[str, Any] = field(default_factory=dict)  # topology values by key path
    migrate_external: tuple[str, ...] = ()  # names of databases that are not ours


def up(project: Project, options: UpOptions, *, say: Say, ready: Callable[[Running], None]) -> None:
    """Bring the stack up and keep it until it is asked to end.

    `ready` is called once it serves. Raises StackError where it cannot be, or is already.
    """
    topology = topology_of(project, options.flags)
    place = home.home_of(project.root)
    home.make(place)
    held = home.lock(place)
    try:
        listening = tcp(topology.balancer.host, topology.balancer.port)
        watching = status.listen(topology.status_port, topology.balancer.port)
        parts = assemble(project, topology, place, external=options.migrate_external)
        parts.autoscale = options.autoscale
        parts.caddy = replace(parts.caddy, listening=listening)
        news = News(say=say)
        stack = Stack(parts=parts, say=news)
        watched = status.Status(
            stack=stack, observer=Observer(stack), news=news, budgets=project.config.budgets,
            url=url_of(topology.balancer), listening=watching,
        )  # fmt: skip
        asyncio.run(_run(stack, watched, place, ready))
    finally:
        place.state.unlink(missing_ok=True)
        held.close()


@dataclass(frozen=True, kw_only=True)
class Running:
    """A stack that serves."""

    url: str
    status_url: str
    topology: Topology
    seconds: float  # from the start of its processes until it served
    home: Home
    overrides: tuple[dict[str, str], ...] = ()  # what the overlay changed
    kept: Mapping[str, str] = field(default_factory=dict)  # what it would have, and why
    notes: tuple[str, ...] = ()


async def _run(
    stack: Stack, watched: status.Status, place: Home, ready: Callable[[Running], None]
) -> None:
    loop = asyncio.get_running_loop()
    presses = 0

    def interrupted() -> None:
        nonlocal presses
        presses += 1
        if presses == 1:
            stack.ended.set()
        else:  # impatient: nothing is waited for, and nothing is left
            hasten(stack.children)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupted)
    starting = asyncio.create_task(stack.start())
    ending = asyncio.create_task(stack.ended.wait())
    servers: list[asyncio.Server] = []
    try:
        await asyncio.wait({starting, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            raise KeyboardInterrupt
        await starting
        servers.append(await control.serve(place.control, Commands(stack, watched).answer))
        servers.append(await status.serve(watched))
        running = _running(stack, watched, place)
        ready(running)
        home.write_state(place, url=running.url)  # who waits for it may read what was printed
        await ending
    finally:
        starting.cancel()
        stack.parts.abandon()
        with suppress(asyncio.CancelledError, Exception):
            await starting
        await stack.stop()
        for server in servers:
            server.close()
        watched.observer.close()
        place.control.unlink(missing_ok=True)
        stack.close()


def hasten(children: list[Child]) -> None:
    """Kill what has not ended yet; PostgreSQL recovers from that by itself."""
    for child in children:
        if child.alive:
            child.kill()


def _running(stack: Stack, watched: status.Status, place: Home) -> Running:
    parts = stack.parts
    told = parts.report()
    return Running(
        url=watched.url,
        status_url=watched.status_url,
        topology=parts.topology,
        seconds=round(time.monotonic() - stack.started, 2),
        home=place,
        overrides=tuple(told.get("applied", ())),
        kept=told.get("kept", {}),
        notes=parts.notes,
    )


def url_of(balancer: Balancer) -> str:
    """Where browsers find the stack."""
    host = "localhost" if balancer.host in ("0.0.0.0", "::", "") else balancer.host
    return f"http://{host}:{balancer.port}/"


class Commands:
    """What the other commands may ask of a running stack."""

    def __init__(self, stack: Stack, watched: status.Status) -> None:
        self.stack, self.watched = stack, watched

    async def answer(self, verb: str, told: dict[str, Any], say: Say) -> Any:
        """Do what is asked; StackError for what is not known."""
        command = getattr(self, f"do_{verb}", None)
        if command is None:
            raise StackError(f"the stack knows no {verb}", hint="is it of another nuages?")
        return await command(say=say, **told)

    async def do_ps(self, say: Say) -> dict[str, Any]:
        rows = await self.stack.look()
        return {
            "url": self.watched.url,
            "status_url": self.watched.status_url,
            "uptime_s": round(time.monotonic() - self.stack.started, 1),
            "processes": as_json(rows),
            "dropped_log_bytes": self.stack.outputs.dropped,
        }

    async def do_status(self, say: Say) -> dict[str, Any]:
        return await self.watched.look()

    async def do_scale(self, say: Say, service: str, replicas: int) -> dict[str, Any]:
        await self.stack.scale(service, replicas)
        return {"service": service, "replicas": replicas}

    async def do_restart(
        self, say: Say, names: list[str], check: bool = False, force: bool = False
    ) -> dict[str, Any]:
        services = self.stack.services
        asked = names or list(services)
        hazards: list[dict[str, str]] = []
        if check or any(name in services for name in asked):
            hazards = await self.stack.prepare(check=check, force=force, say=say)
        if not check:
            for name in asked:
                await self.stack.restart(name, say)
        return {"restarted": [] if check else asked, "hazards": hazards}

    async def do_manage(self, say: Say) -> dict[str, Any]:
        order = await asyncio.to_thread(self.stack.parts.command)
        return {"argv": order.argv, "cwd": order.cwd, "environment": dict(order.environment)}

    async def do_topology(self, say: Say) -> dict[str, Any]:
        return asdict(self.stack.parts.topology)

    async def do_down(self, say: Say) -> dict[str, Any]:
        self.stack.ended.set()
        return {"pid": os.getpid()}


def down(place: Home, *, purge: bool = False, say: Say = lambda text: None) -> bool:
    """End the stack and wait until it has ended; whether there was one."""
    state = home.running(place)
    if state is not None:
        pid = int(state["pid"])
        try:
            control.ask(place.control, "down", say=say)
        except StackError:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        while home.running(place) is not None:
            time.sleep(0.05)
    if purge and place.path.exists():
        home.make(place)
        with home.lock(place, patience=10.0):
            shutil.rmtree(place.path, ignore_errors=True)
    return state is not None
