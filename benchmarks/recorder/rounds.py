"""The run: all contenders in turn, round after round, until the time is up."""

from __future__ import annotations

import sys
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

    seconds: float  # of rounds
    warm_up: int  # times ten requests to each view
    steady: float  # seconds of steady load, twice, for what runs in the background


PACES = {
    "quick": Pace(seconds=25, warm_up=1, steady=2),
    "full": Pace(seconds=400, warm_up=5, steady=6),
}


@dataclass(kw_only=True)
class Run:
    """What a run has seen."""

    costs: dict[str, dict[str, list[float]]] = field(default_factory=dict)  # contender, view: µs
    background: dict[str, float] = field(default_factory=dict)  # contender: share of its CPU time
    skipped: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)  # of the bare project, by view
    warmed: dict[str, dict[str, Any]] = field(default_factory=dict)  # contender: first answers
    asked: dict[str, dict[str, int]] = field(default_factory=dict)
    spools: dict[str, Path] = field(default_factory=dict)
    rounds: int = 0


def measure(contenders: Sequence[Contender], scratch: Path, pace: Pace, *, sqlite: bool) -> Run:
    """Measure them all; the spools of those that record stay in `scratch`."""
    run = Run()
    with filled(scratch, sqlite=sqlite) as databases, ExitStack() as stack:
        settings = [databases.another() for _ in contenders]
        workers = _start(contenders, settings, scratch, pace, run)
        for worker in workers:
            stack.callback(worker.kill)
        survey = workers[0].order("survey")
        run.versions, run.queries = survey["versions"], survey["queries"]
        threaded = [w for w in workers if run.warmed[w.contender.name]["threads"] > 1]
        sizes = [_sizes(worker) for worker in workers]
        _note(f"{len(workers)} contenders; the bare project's requests in a slice: {sizes[0]}")
        steady = _steady(threaded, pace)
        _rounds(workers, sizes, pace, run)
        steady = _add(steady, _steady(threaded, pace))
        run.background = {name: total / thread - 1 for name, (thread, total) in steady.items()}
        for worker in workers:
            run.asked[worker.contender.name] = worker.stop()
            run.spools[worker.contender.name] = worker.spool
    return run


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


def _steady(workers: Sequence[Worker], pace: Pace) -> dict[str, tuple[int, int]]:
    """CPU time of the thread that answers, and of the process, under a load without a pause."""
    answers = {w.contender.name: w.order("sustain", view="b", seconds=pace.steady) for w in workers}
    return {name: (found["thread_ns"], found["process_ns"]) for name, found in answers.items()}


def _add(
    some: dict[str, tuple[int, int]], others: dict[str, tuple[int, int]]
) -> dict[str, tuple[int, int]]:
    return {
        name: (some[name][0] + others[name][0], some[name][1] + others[name][1]) for name in some
    }


def _rounds(
    workers: Sequence[Worker], sizes: Sequence[dict[str, int]], pace: Pace, run: Run
) -> None:
    run.costs = {worker.contender.name: {view: [] for view in VIEWS} for worker in workers}
    end = monotonic() + pace.seconds
    while monotonic() < end or run.rounds < 3:
        # Each round another contender is first: nobody always follows the same one.
        first = run.rounds % len(workers)
        pairs = list(zip(workers, sizes, strict=True))
        for view in VIEWS:
            for worker, size in (*pairs[first:], *pairs[:first]):
                requests = size[view]
                thread_ns = worker.order("run", view=view, requests=requests)["thread_ns"]
                run.costs[worker.contender.name][view].append(thread_ns / requests / NS_IN_US)
        run.rounds += 1
        if run.rounds % 10 == 0:
            _note(f"round {run.rounds}, {max(0, end - monotonic()):.0f} s to go")


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
