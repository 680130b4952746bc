"""A process of the generator: phases come in on stdin, what came of them goes out on stdout."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import sys
from dataclasses import dataclass
from typing import BinaryIO

from nuages.load.arrivals import intended
from nuages.load.generator import Generator
from nuages.load.target import Target
from nuages.load.values import LoadResult, Phase
from nuages.traffic.mix import Mix

READY = "ready"  # said once everything is imported


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a process is started for."""

    mix: Mix
    target: Target
    seed: int
    worker: int


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One phase, to be begun by several processes at one time of `time.monotonic()`."""

    phase: Phase
    start: float
    workers: int


def serve(calls: BinaryIO, replies: BinaryIO) -> None:
    """Answer turns until the end of input."""
    job: Job = pickle.load(calls)
    gc.freeze()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        generator = runner.run(_made(job))
        pickle.dump(READY, replies)
        replies.flush()
        while True:
            try:
                turn: Turn = pickle.load(calls)
            except EOFError:
                break
            due = intended(turn.phase, worker=job.worker, workers=turn.workers)
            result: LoadResult = runner.run(generator.run(turn.phase, due, turn.start))
            pickle.dump(result, replies)
            replies.flush()
        runner.run(generator.close())


async def _made(job: Job) -> Generator:
    return Generator(job.mix, job.target, seed=f"{job.seed}/{job.worker}")


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """uvloop's, where it is installed; twice as many requests a second fit into a core."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


def main() -> None:
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print would break the stream
    serve(sys.stdin.buffer, replies)
