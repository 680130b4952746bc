"""The run: all contenders in turn, round after round, until the time is up."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.recorder.contenders import BARE, Contender
from benchmarks.recorder.databases import filled
from benchmarks.recorder.processes import Failed, Missing, Worker

VIEWS = {
    "a": "1 query",
    "b": "51 queries, an N+1",
    "c": "5 queries, prefetched",
    "d": "REST list, 4 queries",
    "e": "admin changelist",
}
SLICE_NS = 30_000_000  # CPU time of the bare project in one slice: short, so that noise hits alike
NS_IN_US = 1000


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long to measure."""

    generations: int  # of processes: two that are alike differ by some per cent in their luck
    seconds: float  # of rounds, all generations together
    warm_up: int  # times ten requests to each view
    steady: float  # seconds of steady load, twice a generation, for what runs in the background


PACES = {
    "quick": Pace(generations=1, seconds=25, warm_up=1, steady=2),
    "full": Pace(generations=4, seconds=320, warm_up=3, steady=3),
}


@dataclass(kw_only=True)
class Run:
    """What a run has seen."""

    costs: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # contender, view: µs
    steady: dict[str, Counter[str]] = field(default_factory=dict)  # contender: ns of CPU
    skipped: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)  # of the bare project, by view
    warmed: dict[str, dict[str, Any]] = field(default_factory=dict)  # contender: first answers
    asked: dict[str, Counter[str]] = field(default_factory=dict)  # contender: requests, by view
    spools: dict[str, list[Path]] = field(default_factory=dict)
    rounds: int = 0

    def background(self, name: str) -> float:
        """What a contender's other threads take, as a share of the one that answers."""
        steady = self.steady.get(name)
        return steady["process"] / steady["thread"] - 1 if steady else 0.0


def measure(contenders: Sequence[Contender], scratch: Path, pace: Pace, *, sqlite: bool) -> Run:
    """Measure them all; the spools of those that record stay in `scratch`."""
    run = Run()
    with filled(scratch, sqlite=sqlite) as databases:
        for number in range(1, pace.generations + 1):
            settings = [databases.another() for _ in contenders]
            _generation(contenders, settings, scratch / f"generation-{number}", pace, run)
            _note(f"generation {number} of {pace.generations}, {run.rounds} rounds so far")
    # Who failed in a later generation has fewer rounds than the bare project to compare with.
    run.costs = {name: costs for name, costs in run.costs.items() if name not in run.skipped}
    return run


def _generation(
    contenders: Sequence[Contender], settings: Iterable[dict[str, Any]], scratch: Path, pace: Pace,
    run: Run,
) -> None:  # fmt: skip
    """Rounds of one process for each contender."""
    with ExitStack() as stack:
        workers = _start(contenders, settings, scratch, pace, run)
        for worker in workers:
            stack.callback(worker.kill)
        survey = workers[0].order("survey")
        run.versions, run.queries = survey["versions"], survey["queries"]
        threaded = [w for w in workers if run.warmed[w.contender.name]["threads"] > 1]
        sizes = [_sizes(worker) for worker in workers]
        _steady(threaded, pace, run)
        _rounds(workers, sizes, pace, run)
        _steady(threaded, pace, run)
        for worker in workers:
            name = worker.contender.name
            run.asked.setdefault(name, Counter()).update(worker.stop())
            run.spools.setdefault(name, []).append(worker.spool)


def _start(
    contenders: Sequence[Contender], settings: Iterable[dict[str, Any]], scratch: Path, pace: Pace,
    run: Run,
) -> list[Worker]:  # fmt: skip
    """Start and warm them up, two at a time; the run says who can't take part, and why."""

    def start(contender: Contender, settings: dict[str, Any]) -> Worker | None:
        try:
            worker = Worker(contender, scratch, settings)
            run.warmed[contender.name] = worker.order("warm", times=pace.warm_up, requests=10)
            return worker
        except (Missing, Failed) as reason:
            run.skipped[contender.name] = str(reason)
            return None

    with ThreadPoolExecutor(2) as pool:
        workers = [worker for worker in pool.map(start, contenders, settings) if worker]
    if not workers or workers[0].contender is not BARE:
        raise SystemExit(f"The bare project does not run: {run.skipped.get(BARE.name)}")
    return workers


def _sizes(worker: Worker) -> dict[str, int]:
    """Requests to each view that take a contender about SLICE_NS."""
    sizes = {}
    for view in VIEWS:
        thread_ns: int = worker.order("run", view=view, requests=5)["thread_ns"]
        sizes[view] = max(1, round(SLICE_NS / (thread_ns / 5)))
    return sizes


def _steady(workers: Sequence[Worker], pace: Pace, run: Run) -> None:
    """CPU time of the thread that answers, and of the process, under a load without a pause."""
    for worker in workers:
        found = worker.order("sustain", view="b", seconds=pace.steady)
        steady = run.steady.setdefault(worker.contender.name, Counter())
        steady.update(thread=found["thread_ns"], process=found["process_ns"])


def _rounds(
    workers: Sequence[Worker], sizes: Sequence[dict[str, int]], pace: Pace, run: Run
) -> None:
    for worker in workers:
        run.costs.setdefault(worker.contender.name, {view: [] for view in VIEWS})
    end = monotonic() + pace.seconds / pace.generations
    while monotonic() < end:
        # Each round another contender is first: nobody always follows the same one.
        first = run.rounds % len(workers)
        pairs = list(zip(workers, sizes, strict=True))
        for view in VIEWS:
            for worker, size in (*pairs[first:], *pairs[:first]):
                requests = size[view]
                thread_ns = worker.order("run", view=view, requests=requests)["thread_ns"]
                run.costs[worker.contender.name][view].append(thread_ns / requests / NS_IN_US)
        run.rounds += 1


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
