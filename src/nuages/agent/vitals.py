"""Counters that all processes of one replica share, in files that any of them can read."""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

# Seconds. Two of them are budgets: 20 ms and 100 ms are counted, not guessed between two bounds.
BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
COUNTS = (
    *CLASSES, "exceptions", "seconds_sum_ns", *(f"le_{bound}" for bound in BUCKETS), "le_inf",
    "cache_hits", "cache_misses", "connects", "cpu_ns",
)  # fmt: skip
GAUGES = ("in_flight", "connections", "pid", "peak_bytes")  # of no meaning once a process ended
SLOTS: Mapping[str, int] = {name: number for number, name in enumerate((*COUNTS, *GAUGES))}
SIZE = 8 * len(SLOTS)
ENDED = "ended.counts"  # the sums of those that are gone


class Vitals:
    """This process's own counters, in a file that it holds a lock on for as long as it lives."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self._open()
        os.register_at_fork(after_in_child=self._open)

    def _open(self) -> None:
        """A file of its own for each process: a forked one starts from nothing."""
        self._lock = threading.Lock()
        path = self.folder / f"{os.getpid()}-{secrets.token_hex(4)}.counts"
        with _locked(self.folder):  # until it is locked itself, it would pass for one that ended
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.ftruncate(descriptor, SIZE)
        self._slots = memoryview(mmap.mmap(descriptor, SIZE)).cast("q")
        self._slots[SLOTS["pid"]] = os.getpid()
        self._descriptor = descriptor  # open, and so locked, until the process ends

    def add(self, name: str, amount: int = 1) -> None:
        """Count; `name` is one of SLOTS."""
        with self._lock:
            self._slots[SLOTS[name]] += amount

    def put(self, name: str, value: int) -> None:
        """Set a gauge."""
        self._slots[SLOTS[name]] = value

    def request(self, status: int, wall_ns: int) -> None:
        """Count a finished request with its time."""
        seconds = wall_ns / 1e9
        bound = next((str(each) for each in BUCKETS if seconds <= each), "inf")
        slots, at = self._slots, SLOTS
        with self._lock:
            slots[at[CLASSES[min(max(status // 100, 1), 5) - 1]]] += 1
            slots[at["seconds_sum_ns"]] += wall_ns
            slots[at[f"le_{bound}"]] += 1
            slots[at["in_flight"]] -= 1
            slots[at["cpu_ns"]] = time.process_time_ns()


class Sums:
    """What all processes of a replica counted, those that are gone included."""

    def __init__(self, folder: Path) -> None:
        self.values = dict.fromkeys(SLOTS, 0)
        self.workers = 0
        self.resident_bytes = 0
        with _locked(folder):
            _fold_ended(folder)
            self._add(_read(folder / ENDED), alive=False)
            for path in folder.glob("*-*.counts"):
                self._add(_read(path), alive=True)

    def _add(self, slots: Mapping[str, int], *, alive: bool) -> None:
        for name in (*COUNTS, *GAUGES) if alive else COUNTS:
            self.values[name] += slots[name]
        if alive and slots["pid"]:
            self.workers += 1
            self.resident_bytes += resident_bytes(slots["pid"]) or slots["peak_bytes"]


def resident_bytes(pid: int) -> int:
    """Memory of a process by /proc; 0 where there is none."""
    with suppress(OSError, ValueError, IndexError):
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def peak_bytes() -> int:
    """The most memory that this process ever had, for systems without /proc."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _read(path: Path) -> dict[str, int]:
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    values = memoryview(data).cast("q") if len(data) == SIZE else [0] * len(SLOTS)
    return dict(zip(SLOTS, values, strict=True))


def _fold_ended(folder: Path) -> None:
    """Add what processes that are gone have counted to one file, and remove theirs."""
    for path in list(folder.glob("*-*.counts")):
        if not _has_ended(path):
            continue
        ended, sums = _read(path), _read(folder / ENDED)
        total = [sums[name] + ended[name] if name in COUNTS else 0 for name in SLOTS]
        partial = folder / "ended.partial"
        partial.write_bytes(memoryview(_packed(total)))
        os.replace(partial, folder / ENDED)
        path.unlink(missing_ok=True)


def _packed(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(8, sys.byteorder, signed=True) for value in values)


def _has_ended(path: Path) -> bool:
    """Whether nobody holds the lock of a file of counters."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(descriptor)
        return True
    return False


class _locked:  # noqa: N801  (read as the statement it is)
    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"

    def __enter__(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)  # closing leaves a fork's copy locked
        os.close(self._descriptor)


def text(sums: Sums, labels: Mapping[str, str]) -> str:
    """The counters as Prometheus reads them (text format 0.0.4)."""
    return "".join(f"{line}\n" for line in _lines(sums, labels))


def _lines(sums: Sums, labels: Mapping[str, str]) -> Iterator[str]:
    value = sums.values

    def family(name: str, kind: str, about: str) -> Iterator[str]:
        yield f"# HELP {name} {about}"
        yield f"# TYPE {name} {kind}"

    def sample(name: str, amount: float, **more: str) -> str:
        told = ",".join(f'{key}="{item}"' for key, item in {**labels, **more}.items())
        return f"{name}{{{told}}} {amount}"

    yield from family("nuages_requests_total", "counter", "Requests answered, by class of status.")
    for name in CLASSES:
        yield sample("nuages_requests_total", value[name], code=name)
    yield from family("nuages_request_seconds", "histogram", "Time from the handler to the close.")
    count = 0
    for bound in (*map(str, BUCKETS), "inf"):
        count += value[f"le_{bound}"]
        least = "+Inf" if bound == "inf" else bound
        yield sample("nuages_request_seconds_bucket", count, le=least)
    yield sample("nuages_request_seconds_sum", value["seconds_sum_ns"] / 1e9)
    yield sample("nuages_request_seconds_count", count)
    yield from family("nuages_cache_requests_total", "counter", "Keys asked of caches.")
    for outcome in ("hit", "miss"):
        amount = value["cache_hits" if outcome == "hit" else "cache_misses"]
        yield sample("nuages_cache_requests_total", amount, result=outcome)
    plain: tuple[tuple[str, str, str, float], ...] = (
        ("nuages_errors_total", "counter", "Answers of 5xx.", value["5xx"]),
        ("nuages_exceptions_total", "counter", "Requests that raised.", value["exceptions"]),
        ("nuages_requests_in_flight", "gauge", "Requests being answered.", value["in_flight"]),
        ("nuages_database_connects_total", "counter", "Connections opened.", value["connects"]),
        ("nuages_database_connections", "gauge", "Connections open.", value["connections"]),
        ("nuages_process_cpu_seconds_total", "counter", "CPU time.", value["cpu_ns"] / 1e9),
        ("nuages_process_resident_bytes", "gauge", "Memory.", sums.resident_bytes),
        ("nuages_workers", "gauge", "Processes.", sums.workers),
    )
    for name, kind, about, figure in plain:
        yield from family(name, kind, about)
        yield sample(name, figure)
