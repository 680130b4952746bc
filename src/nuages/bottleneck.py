"""Where the time of a recording went: CPU, database, cache, somebody else's server, or waiting."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from nuages.model import Recording, ScopeStats, TimePart, TimeSplit
from nuages.origins import is_work

# Counters of a recording, by the part of the time that they measure.
PARTS: Mapping[TimePart, str] = {
    "cpu": "split_cpu_ns",
    "database": "split_db_ns",
    "cache": "split_cache_ns",
    "outside": "split_outside_ns",
    "connections": "split_connection_ns",
    "waiting": "split_waiting_ns",
}
LOCKING = re.compile(
    r"\bFOR (?:NO KEY )?(?:UPDATE|SHARE|KEY SHARE)\b|^LOCK\b|\bpg_(?:try_)?advisory_\w*lock|"
    r"\bGET_LOCK\(",
    re.IGNORECASE,
)
GROWTH_EXECUTIONS = 40  # fewer say nothing: what is kept for good may take long to be filled
GROWTH_KB = 4.0  # an execution
SHOWN = 3


def where_time_went(recording: Recording) -> TimeSplit:
    """Add up what was measured in parts; requests, tasks and commands alike."""
    scopes = [stats for stats in recording.scopes if is_work(stats.scope)]
    sums: Counter[str] = Counter()
    for stats in scopes:
        sums.update(stats.counters)
    wall_ns = sums["split_wall_ns"]
    return TimeSplit(
        executions=sums["split_executions"],
        wall_ms=wall_ns / 1e6,
        shares={part: _share(sums[name], wall_ns) for part, name in PARTS.items()},
        queued_share=_share(sums["split_queued_ns"], wall_ns),
        locking_ms=_locking_ns(recording) / 1e6,
        outside=_outside(recording),
        gc_share=_share(sums["gc_ns"], sum(stats.cpu_ns for stats in scopes)),
        rss_mb=max((s.peaks.get("rss_bytes", 0) for s in recording.scopes), default=0) / 1e6,
        growing=_growing(scopes, recording.processes),
    )


def _share(part: int, whole: int) -> float:
    return min(part / whole, 1.0) if whole else 0.0


def _locking_ns(recording: Recording) -> int:
    return sum(group.wall_ns for group in recording.groups if LOCKING.search(group.statement.sql))


def _outside(recording: Recording) -> tuple[tuple[str, float], ...]:
    spent: Counter[str] = Counter()
    for call in recording.calls:
        if call.kind == "outside":
            spent[call.name] += call.wall_ns
    return tuple((name, wall_ns / 1e6) for name, wall_ns in spent.most_common(SHOWN))


def _growing(scopes: Iterable[ScopeStats], processes: int) -> tuple[tuple[str, float], ...]:
    """Scopes whose executions leave more memory behind than they found, the worst first.

    The largest step of each process is no growth that goes on: it loads what it keeps.
    """
    grown = []
    for stats in scopes:
        measured = stats.counters.get("memory_executions", 0)
        steps = stats.peaks.get("memory_grown_bytes", 0) * max(processes, 1)
        kilobytes = (stats.counters.get("memory_grown_bytes", 0) - steps) / 1e3 / max(measured, 1)
        if measured >= GROWTH_EXECUTIONS and kilobytes >= GROWTH_KB:
            grown.append((stats.scope.name, kilobytes))
    return tuple(sorted(grown, key=lambda pair: -pair[1])[:SHOWN])
