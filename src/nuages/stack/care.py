"""What is looked after while a stack runs: replicas that hang, that grow, that are too few."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from nuages.errors import NuagesError
from nuages.stack.assembled import Parts
from nuages.stack.autoscale import Autoscaler, Bounds, Load
from nuages.stack.figures import Figures, Row, Subject
from nuages.stack.kept import Say
from nuages.stack.services import Replica, Replicas
from nuages.wording import percent

TICK = 1.0  # seconds between two looks
GROWS_FOR = 60.0  # seconds that a replica is left alone, however much memory it has


class Cared(Protocol):
    """What is needed of a running stack."""

    parts: Parts
    services: dict[str, Replicas]

    @property
    def say(self) -> Say: ...
    def subject(self, replica: Replica) -> Subject: ...


@dataclass(kw_only=True)
class Care:
    """Tasks of their own, so that a new replica that takes long holds up no other look."""

    stack: Cared
    _scalers: dict[str, Autoscaler] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _figures: Figures = field(default_factory=Figures)

    def begin(self) -> None:
        """Look after the stack until `end`."""
        self._tasks = [asyncio.create_task(self._mind_health())]
        if self.stack.parts.autoscale is not None:
            self._tasks.append(asyncio.create_task(self._mind_load(self.stack.parts.autoscale)))

    def end(self) -> None:
        """Look no more: what ends from now on is meant to."""
        for task in self._tasks:
            task.cancel()

    async def _mind_health(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for service in list(self.stack.services.values()):
                try:
                    await service.check()
                    await self._mind_memory(service)
                except (NuagesError, OSError) as error:
                    self.stack.say(str(error))

    async def _mind_memory(self, service: Replicas) -> None:
        """Replace a replica that outgrew what its service allows."""
        limit = service.service.memory_mb
        if limit is None:
            return
        # A new one that is above it, too, would only be replaced again.
        grown = [replica for replica in service.ready if replica.child.uptime > GROWS_FOR]
        rows = await self._look(grown)
        for name in [row.name for row in rows if row.rss_mb > limit][:1]:
            self.stack.say(f"{name} has more than {limit} MB; replacing it")
            await service.replace(name)

    async def _mind_load(self, bounds: Bounds) -> None:
        while True:
            await asyncio.sleep(TICK)
            try:
                await self._scale(bounds)
            except (NuagesError, OSError) as error:
                self.stack.say(str(error))

    async def _scale(self, bounds: Bounds) -> None:
        in_flight = await asyncio.to_thread(self.stack.parts.caddy.upstreams)
        for service in [each for each in self.stack.services.values() if each.has_socket]:
            name = service.service.name
            scaler = self._scalers.setdefault(name, Autoscaler(bounds=bounds))
            load = load_of(service, await self._look(service.ready), in_flight)
            if (wanted := scaler.wanted(load)) != service.wanted:
                self.stack.say(
                    f"{name}: {service.wanted} → {wanted} replicas"
                    f" (utilisation {percent(load.utilisation)})"
                )
                await service.scale(wanted)

    async def _look(self, replicas: Sequence[Replica]) -> list[Row]:
        return await asyncio.to_thread(self._figures.look, map(self.stack.subject, replicas))


def load_of(
    service: Replicas, rows: Sequence[Row], in_flight: Mapping[str, Mapping[str, int]]
) -> Load:
    """What a service's replicas do, by the system and by the balancer."""
    waiting = (in_flight.get(f"{row.name}.sock", {}).get("in_flight", 0) for row in rows)
    return Load(
        replicas=service.wanted,
        cpu=sum(row.cpu_percent for row in rows) / 100,
        in_flight=sum(waiting),
        at_once=service.service.connections,
        processes=service.service.workers,
    )
