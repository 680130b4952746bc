from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nuages.stack.child import Child, Order
from nuages.stack.home import StackError
from nuages.stack.replicas import Launcher, status
from nuages.stack.services import Replicas
from nuages.topology import Balancer, Service

# What a replica is to the stack: a socket on which it says whether it is ready.
SERVER = """
import os, socket, sys
path, drain, checks = sys.argv[1:4]
if os.path.exists(os.path.join(os.path.dirname(path), "broken")):
    sys.exit(7)
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
listening.listen()
while True:
    connection, _ = listening.accept()
    connection.recv(4096)
    drains = os.path.exists(drain)
    status = b"503 Draining" if drains else b"200 OK"
    with open(checks, "a") as file:
        file.write("d" if drains else "r")
    connection.sendall(b"HTTP/1.1 " + status + b"\\r\\n\\r\\n")
    connection.close()
"""


class Servers(Launcher):
    """Starts that server in the place of one of a project."""

    def order(self, service: Service, slot: int, told: Path) -> Order:
        files = (self.socket, self.drain_file, self.checks_file)
        paths = [str(file(service, slot)) for file in files]
        return Order(name=f"web-{slot}", argv=(sys.executable, "-c", SERVER, *paths), grace=5)


async def check(service: Replicas) -> None:
    """What the balancer does, all the time."""
    while True:
        for replica in list(service.all):
            await status(service.launcher.socket(service.service, replica.slot))
        await asyncio.sleep(0.02)


@asynccontextmanager
async def running(
    tmp_path: Path, replicas: int = 2, said: list[str] | None = None, balancer: bool = True
):
    def spawn(order: Order) -> Child:
        return Child(order, os.open(os.devnull, os.O_WRONLY), lambda line: None)

    service = Replicas(
        service=Service(name="web", most=3),
        launcher=Servers(python=(), root=tmp_path, environment={}, sockets=tmp_path),
        balancer=Balancer(check_ms=20),
        tell=lambda service, slot: tmp_path,
        spawn=spawn,
        in_flight=dict,
        say=([] if said is None else said).append,
    )
    checking = asyncio.create_task(check(service) if balancer else asyncio.sleep(0))
    await service.scale(replicas)
    try:
        yield service
    finally:
        checking.cancel()
        await service.stop(grace=1)


def slots(service: Replicas) -> list[int]:
    return [replica.slot for replica in service.ready]


async def until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


def test_a_roll_takes_other_slots_and_ends_the_old_ones(tmp_path):
    async def run():
        async with running(tmp_path) as service:
            old = [replica.child for replica in service.ready]
            await service.restart()
            assert slots(service) == [3, 4]
            assert [child.alive for child in old] == [False, False]

    asyncio.run(run())


def test_the_slot_that_was_free_for_longest_is_taken(tmp_path):
    async def run():
        async with running(tmp_path, replicas=3) as service:
            await service.scale(1)
            await service.scale(3)
            assert slots(service) == [1, 4, 5]

    asyncio.run(run())


def test_a_new_version_that_does_not_start_leaves_the_old_one(tmp_path):
    async def run():
        async with running(tmp_path) as service:
            (tmp_path / "broken").touch()
            with pytest.raises(StackError, match="ended with 7; those that serve"):
                await service.restart()
            assert slots(service) == [1, 2]
            (tmp_path / "broken").unlink()

    asyncio.run(run())


def test_one_that_is_killed_is_followed_by_another(tmp_path):
    said: list[str] = []

    async def run():
        async with running(tmp_path, said=said) as service:
            os.kill(service.ready[0].child.pid, signal.SIGKILL)
            await until(lambda: slots(service) == [2, 3])
            assert service.restarts == 1

    asyncio.run(run())
    assert said == ["web-1 killed by SIGKILL; starting another"]


def test_more_than_there_are_slots_for_is_refused(tmp_path):
    async def run():
        async with running(tmp_path, replicas=1) as service:
            with pytest.raises(StackError, match="can have 3 replicas"):
                await service.scale(4)

    asyncio.run(run())


def test_one_that_is_silent_among_others_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr("nuages.stack.services.SICK_AFTER", 0.3)
    monkeypatch.setattr("nuages.stack.services.HUNG_AFTER", 1.0)
    said: list[str] = []

    async def run():
        async with running(tmp_path, said=said) as service:
            os.kill(service.ready[0].child.pid, signal.SIGSTOP)

            async def replaced() -> None:
                while slots(service) != [2, 3]:
                    await service.check()
                    await asyncio.sleep(0.05)

            await asyncio.wait_for(replaced(), 10)

    asyncio.run(run())
    assert said[0].startswith("web-1 does not answer")


def test_all_silent_at_once_are_busy_not_hung(tmp_path, monkeypatch):
    monkeypatch.setattr("nuages.stack.services.SICK_AFTER", 0.2)

    async def run():
        async with running(tmp_path) as service:
            pids = [replica.child.pid for replica in service.ready]
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            for _ in range(12):
                await service.check()
                await asyncio.sleep(0.05)
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
            assert slots(service) == [1, 2]

    asyncio.run(run())


def test_no_replica_ends_before_the_balancer_knows(tmp_path, monkeypatch):
    """On a busy machine its checks are late: time alone says nothing."""
    monkeypatch.setattr("nuages.stack.services.SEEN_LIMIT", 2.0)

    async def run():
        async with running(tmp_path, balancer=False) as service:
            before = [replica.child for replica in service.ready]
            retiring = asyncio.create_task(service.scale(1))
            await asyncio.sleep(0.5)
            assert all(child.alive for child in before)
            checking = asyncio.create_task(check(service))
            await asyncio.wait_for(retiring, 10)
            checking.cancel()
            assert [child.alive for child in before] == [True, False]

    asyncio.run(run())
