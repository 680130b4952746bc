"""Requests a second that two cores give: the stack, its replicas directly, nginx by hand."""

from __future__ import annotations

import re
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.stack import peers
from benchmarks.stack.running import copied_project, stack

PAGES = {
    "/plain/": "nothing but Django",
    "/entries/": "one query",
    "/visits/": "a new session, and a cache",
}
CONNECTIONS = 16
SECONDS = 3
ROUNDS = 5
NAMES = ("nuages up", "the same replicas directly", "nginx + gunicorn + PgBouncer by hand")

Figures = dict[str, dict[str, list[float]]]  # page → contender → requests a second, by round


def measure(folder: Path, rounds: int = ROUNDS, seconds: int = SECONDS) -> Figures:
    """Every page with every contender, in turn, so that all see the same weather."""
    found = peers.tools(folder)
    figures: Figures = {page: {name: [] for name in NAMES} for page in PAGES}
    with ExitStack() as opened:
        root = opened.enter_context(copied_project())
        running = opened.enter_context(stack(root))
        scratch = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="hand-")))
        running.under_load(lambda: None)  # some rows to list
        direct = opened.enter_context(peers.direct(running))
        by_hand = opened.enter_context(peers.by_hand(running, found, scratch))
        ports = dict(zip(NAMES, ([running.port], direct, [by_hand]), strict=True))
        for number in range(-1, rounds):  # the first warms up and does not count
            for page, told in figures.items():
                for name in NAMES:
                    rate = requests_a_second(found.wrk, ports[name], page, seconds)
                    if number >= 0:
                        told[name].append(rate)
    return figures


def requests_a_second(wrk: Sequence[str], ports: Sequence[int], page: str, seconds: int) -> float:
    """What wrk gets from all ports together, over the same number of connections in all."""
    each = CONNECTIONS // len(ports)
    running = [
        subprocess.Popen(
            [*wrk, "-t1", f"-c{each}", f"-d{seconds}s", "--timeout", "10s",
             f"http://127.0.0.1:{port}{page}"],
            stdout=subprocess.PIPE, text=True,
        )
        for port in ports
    ]  # fmt: skip
    total = 0.0
    for process in running:
        told = process.communicate()[0]
        if "Non-2xx" in told:
            raise RuntimeError(f"{page} failed:\n{told}")
        rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
        total += float(rate[1]) if rate else 0.0
    return total


def table(figures: Figures) -> str:
    """Markdown: ratios to the stack of `nuages up`, medians of the rounds."""
    stack_name, *others = NAMES
    lines = [
        "| page | requests/s of `nuages up` | " + " | ".join(others) + " |",
        "|---|---|" + "---|" * len(others),
    ]
    for page, told in figures.items():
        rate = statistics.median(told[stack_name])
        cells = [_ratio(told[stack_name], told[name]) for name in others]
        lines.append(f"| `{page}`: {PAGES[page]} | {rate:,.0f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Ours to theirs in each round; the median, and the least and the greatest."""
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
