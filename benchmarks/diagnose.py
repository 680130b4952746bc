"""Times `nuages diagnose` on a recording of a million queries: `python -m benchmarks.diagnose`.

The recording is that of benchmarks/accuracy, its routes repeated under other names until there are
enough: what a site of some thousands of routes and all kinds of findings would leave.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.accuracy.running import of_nuages
from benchmarks.recorder import environment
from nuages import store
from nuages.model import Recording, Scope

GOAL = 5.0  # seconds of CPU
TIMES = 10  # each request was made, beside the names it was made under


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnose")
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nuages-diagnose-") as name:
        folder = Path(name)
        of_nuages(str(environment.python()), folder)
        recording = enlarged(store.read(folder / "recording.sqlite"), told.queries)
        path = folder / "large.sqlite"
        store.write(recording, path)
        queries = sum(stats.queries for stats in recording.scopes)
        print(
            f"{queries:,} queries of {len(recording.groups):,} kinds in "
            f"{len(recording.scopes):,} scopes, {path.stat().st_size / 1e6:.0f} MB"
        )
        rounds = [_timed(path) for _ in range(told.rounds)]
    cpu = median(spent for spent, _ in rounds)
    wall = median(spent for _, spent in rounds)
    held = "held" if cpu <= GOAL else "broken"
    print(f"nuages diagnose: {cpu:.2f} s CPU, {wall:.2f} s in all (medians of {told.rounds})")
    print(f"promise: at most {GOAL:.0f} s of CPU for {told.queries:,} queries: {held}")
    sys.exit(cpu > GOAL)


def enlarged(recording: Recording, queries: int) -> Recording:
    """The recording with its scopes under as many names as it takes, TIMES executions each."""
    one = sum(stats.queries for stats in recording.scopes) * TIMES
    copies = range(max(round(queries / one), 1))
    return replace(
        recording,
        scopes=tuple(
            replace(
                stats,
                scope=_named(stats.scope, copy),
                executions=stats.executions * TIMES,
                queries=stats.queries * TIMES,
                wall_ns=stats.wall_ns * TIMES,
            )
            for stats in recording.scopes
            for copy in copies
        ),
        groups=tuple(
            replace(
                group,
                scope=_named(group.scope, copy),
                executions=group.executions * TIMES,
                calls=group.calls * TIMES,
                loops=group.loops * TIMES,
                wall_ns=group.wall_ns * TIMES,
            )
            for group in recording.groups
            for copy in copies
        ),
    )


def _named(scope: Scope, copy: int) -> Scope:
    return replace(scope, name=f"{scope.name}{copy}/") if copy else scope


def _timed(path: Path) -> tuple[float, float]:
    """(CPU seconds, seconds) of one run."""
    before, start = _cpu(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "nuages", "diagnose", "-i", str(path), "--json"],
        stdout=subprocess.DEVNULL, check=False, env=dict(os.environ),
    )  # fmt: skip
    if done.returncode == 2:
        sys.exit("nuages diagnose failed")
    return _cpu() - before, time.perf_counter() - start


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
