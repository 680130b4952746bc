"""docs/reliability.md: what was measured, put into page.md."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Any

from benchmarks.stack import matrix, peers, running, throughput

COLD_STARTS = 5
TEMPLATE = Path(__file__).with_name("page.md")


def render(results: dict[str, Any]) -> str:
    """The page, of what was kept of all runs."""
    figures = results["throughput"]
    rows = [_row(results["matrix"][scenario.name]) for scenario in matrix.SCENARIOS
            if scenario.name in results["matrix"]]  # fmt: skip
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        results["machine"],
        **results["endings"],
        cold_starts=COLD_STARTS,
        rps=f"{running.RPS:.0f}",
        matrix="\n".join(rows),
        connections=throughput.CONNECTIONS,
        rounds=len(figures["/plain/"][throughput.NAMES[0]]),
        threads=peers.THREADS,
        replicas=peers.REPLICAS,
        throughput=throughput.table(figures),
        load=results["weather"]["load"],
    )


def _row(result: dict[str, Any]) -> str:
    gets = f"{result['failed_gets']} of {result['gets']:,}"
    posts = f"{result['failed_posts']} of {result['posts']:,}"
    p99 = f"{result['p99_ms']:,.0f} ms"
    cells = (result["title"], gets, posts, result["lost_writes"], p99, result["load"])
    return f"| {' | '.join(map(str, cells))} |"
