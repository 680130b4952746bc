"""What the stack is doing right now, one row for each of its processes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nuages.agent import vitals
from nuages.stack.processes import Usage, usage_of

Counts = Mapping[str, int]
FORGET_AFTER = 600.0  # seconds without a look at a process


@dataclass(frozen=True, kw_only=True)
class Row:
    """One process of the stack with all that it started."""

    name: str
    service: str
    state: str
    pid: int
    uptime_s: float
    restarts: int = 0
    rps: float | None = None  # None: it answers no requests
    mean_ms: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    errors: int | None = None  # answers of 5xx since it started
    in_flight: int | None = None
    connections: int | None = None  # to the database, or to the pool
    cpu_percent: float = 0.0  # of one CPU, since the last look
    rss_mb: float = 0.0
    counted: Counts = field(default_factory=dict, repr=False)  # since the last look
    seconds: float = 0.0  # since the last look


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A process to look at."""

    name: str
    service: str
    state: str
    pid: int
    uptime_s: float
    restarts: int = 0
    counters: Path | None = None  # folder of its vitals


@dataclass(kw_only=True)
class Figures:
    """Looks at processes and remembers the last look, as rates need two."""

    _before: dict[str, tuple[float, Usage, Counts]] = field(default_factory=dict)

    def look(self, subjects: Iterable[Subject]) -> list[Row]:
        """A row for each; it reads files, so not in the supervisor's loop."""
        subjects = list(subjects)
        usages = usage_of({subject.pid for subject in subjects})
        now = time.monotonic()
        rows = []
        seen = {}
        for subject in subjects:
            usage = usages.get(subject.pid, Usage())
            counts = counted(subject.counters)
            key = f"{subject.name}/{subject.pid}"
            before = self._before.get(key, (now - max(subject.uptime_s, 0.001), Usage(), {}))
            rows.append(row(subject, usage, counts, before, now))
            # Two looks at once would leave no time between them to measure a rate in.
            seen[key] = (now, usage, counts) if now - before[0] >= 0.5 else before
        known = {key: told for key, told in self._before.items() if now - told[0] < FORGET_AFTER}
        self._before = known | seen
        return rows


def counted(folder: Path | None) -> Counts:
    """What a replica has counted of itself; empty where there is nothing yet."""
    if folder is None or not folder.is_dir():
        return {}
    return vitals.Sums(folder).values


def row(
    subject: Subject, usage: Usage, counts: Counts, before: tuple[float, Usage, Counts], now: float
) -> Row:
    """The figures between two looks."""
    then, old_usage, old = before
    elapsed = max(now - then, 0.001)
    cpu = max(0.0, usage.cpu_seconds - old_usage.cpu_seconds)
    common: dict[str, Any] = {
        **{key: value for key, value in asdict(subject).items() if key != "counters"},
        "seconds": elapsed,
        "cpu_percent": round(100 * cpu / elapsed, 1),
        "rss_mb": round(usage.rss_bytes / 1e6, 1),
    }
    if not counts:
        return Row(**common)
    new = {name: value - old.get(name, 0) for name, value in counts.items()}
    return Row(
        **common,
        **answered(new, elapsed),
        counted=new,
        errors=counts["5xx"],
        in_flight=counts["in_flight"],
        connections=counts["connections"],
    )


def answered(counts: Counts, seconds: float) -> dict[str, Any]:
    """Rate and times of what was counted in so many seconds."""
    requests = sum(counts.get(name, 0) for name in vitals.CLASSES)
    mean = round(counts["seconds_sum_ns"] / requests / 1e6, 1) if requests else None
    return {
        "rps": round(requests / seconds, 1) if seconds else None, "mean_ms": mean,
        "p50_ms": percentile(counts, 0.50), "p95_ms": percentile(counts, 0.95),
        "p99_ms": percentile(counts, 0.99),
    }  # fmt: skip


def together(rows: Iterable[Row]) -> dict[str, Any]:
    """Rate, times, errors and use of several replicas as of one."""
    rows = list(rows)
    counts: Counter[str] = Counter()
    for each in rows:
        counts.update(each.counted)
    seconds = max((each.seconds for each in rows if each.counted), default=0.0)
    return {
        **answered(counts, seconds),
        "errors": sum(each.errors or 0 for each in rows),
        "failed": counts["5xx"],  # since the last look
        "in_flight": sum(each.in_flight or 0 for each in rows),
        "connections": sum(each.connections or 0 for each in rows),
        "cache_hits": counts["cache_hits"],
        "cache_misses": counts["cache_misses"],
        "cpu_percent": round(sum(each.cpu_percent for each in rows), 1),
        "rss_mb": round(sum(each.rss_mb for each in rows), 1),
    }


def percentile(counts: Counts, share: float) -> float | None:
    """Milliseconds that this share of requests stayed below, straight between two bounds."""
    bounds = [*vitals.BUCKETS, vitals.BUCKETS[-1]]
    buckets = [counts.get(f"le_{bound}", 0) for bound in (*vitals.BUCKETS, "inf")]
    total = sum(buckets)
    if total <= 0:
        return None
    passed, lower = 0, 0.0
    for bound, count in zip(bounds, buckets, strict=True):
        if count and passed + count >= share * total:
            within = (share * total - passed) / count
            return round(1000 * (lower + within * (bound - lower)), 1)
        passed, lower = passed + count, bound
    return round(1000 * bounds[-1], 1)


def as_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Plain data, without what only sums are made of."""
    left_out = ("counted", "seconds")
    return [{key: value for key, value in asdict(each).items() if key not in left_out}
            for each in rows]  # fmt: skip
