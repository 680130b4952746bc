"""Where the recorder's own time goes, by looking at the stack twice in a millisecond."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.recorder import environment
from benchmarks.recorder.contenders import Contender
from benchmarks.recorder.databases import filled
from benchmarks.recorder.processes import PROJECT, Worker

LINES = 30


def main(contender: Contender, view: str, scratch: Path, seconds: float, *, sqlite: bool) -> int:
    """Print the recorder's functions and lines by the time that is spent in them.

    A sample counts for the innermost line of nuages, unless Django, a driver or the project runs
    below it; the standard library counts for who calls it, and so does C code.
    """
    with filled(scratch, sqlite=sqlite) as databases:
        worker = Worker(contender, scratch, databases.another())
        try:
            worker.order("warm", times=10, requests=10)
            foreign = [str(environment.ENVIRONMENT), str(PROJECT)]
            found = worker.order(
                "sample", view=view, seconds=seconds, folder=worker.agent, foreign=foreign
            )
        finally:
            worker.kill()
    _show(found["places"], found["seconds"] * 1e6 / found["samples"] / found["requests"])
    return 0


def _show(places: list[tuple[str, int, str, int]], microseconds: float) -> None:
    total = sum(count for *_, count in places)
    print(f"nuages: {total * microseconds:.1f} µs a request ({total} samples)\n")
    functions: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for file, line, function, count in places:
        functions[f"{file} {function}"] += count
        lines[f"{file}:{line} {function}"] += count
    for counts in (functions, lines):
        for name, count in counts.most_common(LINES):
            print(f"{count * microseconds:8.1f} µs {count / total:6.1%}  {name}")
        print()
