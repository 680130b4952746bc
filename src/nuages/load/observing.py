"""Looks at a machine while it is under load: who uses the processors, the memory, the database."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from nuages.load.inside import Inside, between

EVERY = 0.25  # seconds
_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096

Pids = Callable[[], Iterable[int]]
Database = Callable[[], Mapping[str, Any]]  # a glance at pg_stat_activity; empty: not known
Counted = Callable[[], Mapping[str, int]]  # what replicas recorded of their requests' time so far


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """One process between two looks."""

    cpu: float  # cores
    queued: float  # share of the time that it was ready to run and had no processor
    rss_mb: float
    busiest_thread: float  # cores; Python code runs on one thread at a time


@dataclass(kw_only=True)
class Observed:
    """What was seen of a phase; means, unless it says otherwise."""

    cores: int = 0
    machine_cpu: float = 0.0  # share of all cores
    iowait: float = 0.0
    memory_share: float = 0.0  # of the machine's memory in use, the most
    swapped_mb: float = 0.0
    replicas: list[Usage] = field(default_factory=list)
    database_cpu: float | None = None  # cores; None: it is not on this machine
    balancer_cpu: float | None = None  # cores; None: there is none
    pool_waiting: float | None = None  # clients of PgBouncer, mean; None: there is none
    pool_active: float = 0.0
    activity: Counter[str] = field(default_factory=Counter)  # "active", "Lock", "IO" … → mean
    connections: int = 0  # the most
    max_connections: int = 0
    in_flight: float = 0.0
    threads: int = 0  # of all replicas, that work on requests; 0: unknown
    looks: int = 0
    inside: Inside = field(default_factory=lambda: Inside(requests=0))


class Observer:
    """`with Observer(…) as observer: …`, then `observer.observed()`."""

    def __init__(
        self,
        replicas: Pids = lambda: (),
        *,
        database: Pids | None = None,
        balancer: Pids | None = None,
        activity: Database = dict,
        threads: int = 0,
        counted: Counted = dict,
    ) -> None:
        self._replicas, self._database, self._activity = replicas, database, activity
        self._balancer = balancer
        self._threads, self._counted = threads, counted
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._glances: list[Mapping[str, Any]] = []
        self._memory: list[float] = []
        self._before: dict[str, Any] = {}
        self._after: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._before = self._look()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._after = self._look()
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(EVERY):
            with suppress(Exception):  # a glance that fails is one glance less
                self._glances.append(self._activity())
            self._memory.append(_memory_share())

    def _look(self) -> dict[str, Any]:
        return {
            "at": time.monotonic(),
            "machine": _machine(),
            "swap": _swapped(),
            "counted": self._counted(),
            "replicas": _processes(self._replicas),
            "database": self._database and _processes(self._database),
            "balancer": self._balancer and _processes(self._balancer),
        }

    def observed(self) -> Observed:
        """What was seen between entering and leaving."""
        before, after = self._before, self._after
        seconds = max(after["at"] - before["at"], 1e-9)
        machine = {
            name: after["machine"][name] - before["machine"][name] for name in before["machine"]
        }
        whole = sum(machine.values()) or 1.0
        seen = Observed(
            cores=os.cpu_count() or 1,
            machine_cpu=1 - (machine.get("idle", 0.0) + machine.get("iowait", 0.0)) / whole,
            iowait=machine.get("iowait", 0.0) / whole,
            memory_share=max(self._memory, default=0.0),
            swapped_mb=(after["swap"] - before["swap"]) * _PAGE / 1e6,
            replicas=[
                _usage(before["replicas"][pid], told, seconds)
                for pid, told in after["replicas"].items()
                if pid in before["replicas"]
            ],
            threads=self._threads,
            looks=len(self._glances),
            inside=between(before["counted"], after["counted"]),
        )
        if after["database"] is not None:
            seen.database_cpu = _spent(before["database"], after["database"]) / seconds
        if after["balancer"] is not None:
            seen.balancer_cpu = _spent(before["balancer"], after["balancer"]) / seconds
        self._add_glances(seen)
        return seen

    def _add_glances(self, seen: Observed) -> None:
        looks = max(len(self._glances), 1)
        pools = [glance for glance in self._glances if "pool_waiting" in glance]
        if pools:
            seen.pool_waiting = sum(glance["pool_waiting"] for glance in pools) / len(pools)
            seen.pool_active = sum(glance["pool_active"] for glance in pools) / len(pools)
        for glance in self._glances:
            for name, count in glance.get("waits", {}).items():
                seen.activity[name] += count
            seen.connections = max(seen.connections, glance.get("connections", 0))
            seen.max_connections = glance.get("max_connections", 0)
        for name in seen.activity:
            seen.activity[name] /= looks  # type: ignore[assignment]


def _processes(pids: Pids) -> dict[int, Any]:
    return {pid: told for pid in pids() if (told := _process(pid))}


def _process(pid: int) -> dict[str, Any]:
    """Ticks, run-queue nanoseconds, resident pages and ticks by thread; {} when it is gone."""
    try:
        told: dict[str, Any] = {"ticks": _ticks(f"/proc/{pid}/stat"), "threads": {}}
        for task in os.listdir(f"/proc/{pid}/task"):
            told["threads"][task] = _ticks(f"/proc/{pid}/task/{task}/stat")
        told["queued"] = sum(
            int(_text(f"/proc/{pid}/task/{task}/schedstat").split()[1]) for task in told["threads"]
        )
        told["pages"] = int(_text(f"/proc/{pid}/statm").split()[1])
    except (OSError, IndexError, ValueError):
        return {}
    return told


def _ticks(path: str) -> int:
    fields = _text(path).rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])  # utime and stime, proc(5)


def _text(path: str) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def _usage(before: Mapping[str, Any], after: Mapping[str, Any], seconds: float) -> Usage:
    threads = [n - before["threads"].get(t, 0) for t, n in after["threads"].items()]
    return Usage(
        cpu=(after["ticks"] - before["ticks"]) / _TICKS / seconds,
        queued=(after["queued"] - before["queued"]) / 1e9 / seconds,
        rss_mb=after["pages"] * _PAGE / 1e6,
        busiest_thread=max(threads, default=0) / _TICKS / seconds,
    )


def _spent(before: Mapping[int, Any], after: Mapping[int, Any]) -> float:
    """Seconds of CPU of all that live at the end; one that began meanwhile counts whole."""
    began = {pid: int(told["ticks"]) for pid, told in before.items()}
    return sum(int(told["ticks"]) - began.get(pid, 0) for pid, told in after.items()) / _TICKS


def _machine() -> dict[str, float]:
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    try:
        line = _text("/proc/stat").partition("\n")[0].split()[1:]
    except OSError:
        return {"idle": 0.0}
    return dict(zip(names, map(float, line), strict=False))


def _swapped() -> int:
    with suppress(OSError):
        for line in _text("/proc/vmstat").splitlines():
            if line.startswith("pswpout "):
                return int(line.split()[1])
    return 0


def _memory_share() -> float:
    with suppress(OSError, KeyError, ZeroDivisionError):
        told = dict(line.split(":") for line in _text("/proc/meminfo").splitlines())
        total, free = (int(told[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
        return 1 - free / total
    return 0.0
