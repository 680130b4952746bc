"""Replicas of a project in the lab, joined to a stack of their own, as `nuages up` has them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nuages.agent.stack_config import Cache, StackConfig
from nuages.lab import Lab
from nuages.populate import prepare_databases
from nuages.project import interpreter
from nuages.stack import sidepackages, valkey
from nuages.stateless import StatelessProof, prove
from nuages.stateless.discovery import discover
from nuages.stateless.journeys import Journey
from nuages.stateless.replicas import AgentReplica

START_SECONDS = 10.0
REDIS = "redis>=4.5"
HOSTS = ("localhost", "testserver", "127.0.0.1")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A proof, and what has to be said of how it came about."""

    proof: StatelessProof
    notes: tuple[str, ...]


def prove_in_lab(
    lab: Lab, *, rows: int, replicas: int, keep: Sequence[str], journeys: Sequence[Journey] = ()
) -> Shown:
    """Fill the databases, find journeys unless some are given, and walk them.

    `keep`: settings that the overlay is to leave alone, as for `nuages up`.
    """
    notes = list(prepare_databases(lab, rows=rows))
    if not journeys:
        with lab.progress.stage("journeys"), lab.session(mode=None) as session:
            config = lab.project.config
            actors = session.call("actors", functions=dict(config.actors))
            journeys = discover(session, actors=actors, exclude=config.exclude)
    with _cache(lab) as folder:
        if folder is None:
            notes.append("there is no Valkey here: caches and sessions are left as they are")
        side = _side(lab, needs_redis=folder is not None)
        with lab.progress.stage("walk"):
            proof = prove(journeys, _Starting(lab, folder, side, tuple(keep)), replicas=replicas)
    return Shown(proof=proof, notes=tuple(notes))


@dataclass(frozen=True)
class _Starting:
    """Starts replicas on a fresh clone, with an empty cache and no uploads."""

    lab: Lab
    cache: Path | None
    side: Path | None
    keep: tuple[str, ...]

    @contextmanager
    def __call__(self, count: int) -> Iterator[Sequence[AgentReplica]]:
        place = None
        if self.cache is not None:
            socket = self.cache / "valkey.sock"
            valkey.ask(socket, b"FLUSHALL\r\n")
            place = Cache(kind="valkey", url=f"unix://{socket}")
        stack = StackConfig(cache=place, hosts=HOSTS, keep=self.keep, forwarded=False)
        sockets = (self.cache,) if self.cache else ()
        with self.lab.replicas(count, stack, side=self.side, sockets=sockets) as sessions:
            yield [AgentReplica(session) for session in sessions]


def _side(lab: Lab, *, needs_redis: bool) -> Path | None:
    """What the project's interpreter lacks: a driver, and a client for the cache."""
    there = interpreter.probe(lab.project.python, lab.project.root, packages=["redis"])
    lacking = [] if there.drivers else list(sidepackages.drivers_for(there))
    if needs_redis and "redis" not in there.folders:
        lacking.append(REDIS)
    return sidepackages.ensure(there, tuple(lacking), lab.scratch.path) if lacking else None


@contextmanager
def _cache(lab: Lab) -> Iterator[Path | None]:
    """The folder of a running Valkey's socket; None where there is no such program."""
    program = valkey.find(lab.project.config.services.get("valkey", ""))
    if program is None:
        yield None
        return
    folder = lab.scratch.folder("v")
    order = valkey.Valkey(program=program, folder=folder).order()
    process = subprocess.Popen(
        order.argv, cwd=order.cwd, env=dict(order.environment), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + START_SECONDS
        while not valkey.ask(folder / "valkey.sock", b"PING\r\n"):
            if process.poll() is not None or time.monotonic() > deadline:
                yield None
                return
            time.sleep(0.02)
        yield folder
    finally:
        process.kill()
        process.wait()
