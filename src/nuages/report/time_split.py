"""Where the time went in words: is it CPU, the database, or somebody else's server?"""

from __future__ import annotations

from collections.abc import Iterator

from nuages.bottleneck import PARTS
from nuages.model import ScopeStats, TimePart, TimeSplit
from nuages.report.figures import count, ms_with_unit, percent

NAMES: dict[TimePart, str] = {
    "cpu": "CPU",
    "database": "database",
    "cache": "cache",
    "outside": "other servers",
    "connections": "opening connections",
    "waiting": "waiting",
}
LEAST = 0.005  # a share that is worth a word
NOTABLE = 0.05  # a share of queueing or of garbage collection that is worth a line


def of_scope(stats: ScopeStats) -> TimeSplit:
    """Where the time of one route, task or command went, as far as it was measured in parts."""
    wall_ns = stats.counters.get("split_wall_ns", 0)
    return TimeSplit(
        executions=stats.counters.get("split_executions", 0),
        wall_ms=wall_ns / 1e6,
        shares={
            part: min(max(stats.counters.get(name, 0) / wall_ns, 0.0), 1.0)
            for part, name in PARTS.items()
        }
        if wall_ns > 0
        else {},
    )


def parts(split: TimeSplit) -> list[tuple[TimePart, str, float]]:
    """Each part that is worth a word, its name and its share, the largest first."""
    ordered = sorted(split.shares.items(), key=lambda part: -part[1])
    return [(part, NAMES[part], share) for part, share in ordered if share >= LEAST]


def remarks(split: TimeSplit) -> Iterator[str]:
    """What stands behind the parts, a sentence each."""
    if split.outside and split.shares.get("outside", 0) >= LEAST:
        named = ", ".join(f"{name} {ms_with_unit(spent)}" for name, spent in split.outside)
        yield f"Other servers: {named}."
    if split.queued_share >= NOTABLE:
        yield f"{percent(split.queued_share)} ready to run, but without a processor."
    if split.locking_ms >= 1:
        yield f"{ms_with_unit(split.locking_ms)} in statements that take locks."
    if split.gc_share >= NOTABLE:
        yield f"Garbage collection took {percent(split.gc_share)} of the CPU time."
    if split.rss_mb:
        yield f"The largest process held {count(round(split.rss_mb))} MB."
    for name, kilobytes in split.growing:
        yield f"Memory grows by {kilobytes:,.0f} kB each time: {name}"
