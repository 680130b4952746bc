"""Whether memory stays flat: very many requests, each with one of very many statements."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.recorder.contenders import BARE, Contender
from benchmarks.recorder.databases import IN_MEMORY
from benchmarks.recorder.processes import Worker
from nuages import store

REQUESTS = 200_000
STATEMENTS = 10_000
SAMPLES = 80
# What may stay of a request: less than the smallest object that could be left behind by each (an
# int takes 28 bytes), measured beyond what the bare project grows by.
BYTES_A_REQUEST = 24
MB = 1e6


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Resident memory of one process."""

    contender: Contender
    sizes: Sequence[int]  # bytes, at regular distances
    background: float  # share of the CPU time that is not the answering thread's
    spool: Path

    @property
    def grown(self) -> float:
        """Bytes from the second quarter of the run, the warm-up behind it, to the last."""
        quarter = len(self.sizes) // 4
        return median(self.sizes[-quarter:]) - median(self.sizes[quarter : 2 * quarter])


def statements(requests: int) -> int:
    """How many distinct ones: so few in a short run that each is asked twenty times."""
    return min(STATEMENTS, requests // 20)


def watch(contenders: Sequence[Contender], scratch: Path, requests: int) -> list[Growth]:
    """Let them answer `requests` each, two processes at a time."""

    def one(contender: Contender) -> Growth:
        worker = Worker(contender, scratch, IN_MEMORY, fill=True)
        try:
            answer = worker.order(
                "grow", requests=requests, statements=statements(requests),
                every=requests // SAMPLES,
            )  # fmt: skip
            worker.stop()
        finally:
            worker.kill()
        return Growth(
            contender=contender, sizes=answer["bytes"], spool=worker.spool,
            background=answer["process_ns"] / answer["thread_ns"] - 1,
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, contenders))


def faults(growths: Sequence[Growth], requests: int) -> Iterator[str]:
    """What is wrong, in sentences: memory that grows, a recording that hides what it cut."""
    [bare] = [growth for growth in growths if growth.contender is BARE]
    bound = BYTES_A_REQUEST * requests / 2  # half the run lies between the two quarters
    for growth in growths:
        if growth.contender is BARE:
            continue
        beyond = growth.grown - bare.grown
        if beyond > bound:
            yield f"{growth.contender.name} grew by {beyond / MB:.1f} MB, over {bound / MB:.1f}"
        recording = store.fold(growth.spool)
        seen = len({group.statement for group in recording.groups})
        counted = sum(
            stats.executions for stats in recording.scopes if "statements" in stats.scope.name
        )
        if counted != requests:
            yield f"{growth.contender.name} counted {counted} of {requests} requests"
        thrown = statements(requests)
        if seen < thrown and not any(recording.cut.values()):
            yield f"{growth.contender.name} kept {seen} of {thrown} statements, silently"


def show(growths: Sequence[Growth]) -> None:
    """Print the sizes and what was cut."""
    for growth in growths:
        sizes = growth.sizes[:: max(1, len(growth.sizes) // 10)]
        line = " ".join(f"{size / MB:.0f}" for size in sizes)
        print(f"{growth.contender.name:14} grown {growth.grown / MB:+.2f} MB; MB over time: {line}")
        if growth.contender.is_nuages:
            recording = store.fold(growth.spool)
            print(f"{'':14} background {growth.background:.1%}; cut: {dict(recording.cut)}")


def main(contenders: Sequence[Contender], scratch: Path, requests: int) -> int:
    """Measure, print, and return 1 when a bound was broken."""
    thrown = f"{statements(requests):,} statements"
    print(f"{requests:,} requests, {thrown}, SQLite in memory", file=sys.stderr)
    growths = watch(contenders, scratch, requests)
    show(growths)
    found = list(faults(growths, requests))
    for line in found:
        print(f"NOT HELD  {line}")
    if not found:
        print(
            f"held      less than {BYTES_A_REQUEST} bytes a request stay, and what was cut is said"
        )
    return 1 if found else 0
