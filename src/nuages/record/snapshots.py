"""Snapshots: cumulative files, one per process, that a lazy thread writes into the spool."""

from __future__ import annotations

import atexit
import json
import os
import secrets
import socket
import sys
import threading
import zlib
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from nuages.record import faults
from nuages.record.clocks import monotonic, thread_time_ns, time_ns
from nuages.record.spools import Spool

MAGIC = b"NUAGES1 "
JOIN = 5.0  # seconds given to a write in progress


def encode(snapshot: dict[str, Any]) -> bytes:
    """JSON, compressed, behind a checksum."""
    body = zlib.compress(json.dumps(snapshot, separators=(",", ":")).encode(), 1)
    return MAGIC + b"%08x\n" % zlib.crc32(body) + body


def decode(data: bytes) -> dict[str, Any]:
    """What encode() was given; ValueError for a file that is cut off or of something else."""
    head, _, body = data.partition(b"\n")
    if not head.startswith(MAGIC) or head[len(MAGIC) :] != b"%08x" % zlib.crc32(body):
        raise ValueError("not a snapshot of nuages, or not a whole one")
    snapshot: dict[str, Any] = json.loads(zlib.decompress(body))
    return snapshot


def new_key() -> dict[str, Any]:
    """Tells this process from every other, on any host, before and after a fork."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "start": time_ns(),
        "random": secrets.token_hex(8),
    }


@dataclass(frozen=True, kw_only=True)
class Pace:
    """When a process is written out."""

    idle: float = 0.2  # seconds without anything new before a write: a killed worker loses no more
    busy: float = 0.8  # seconds after which one that is never idle is written all the same
    share: int = 20  # a write's own duration times this passes before the next one
    cpu_share: int = 0  # and its CPU time times this: 200 makes it 0.5 % of a processor


LAB = Pace()
LIGHT = Pace(idle=1.0, busy=4.0, cpu_share=200)


def pace(mode: Literal["deep", "light"] | None, flush_seconds: float | None) -> Pace:
    """The pace at which a killed process loses `flush_seconds` at most, when that is told."""
    if flush_seconds is None:
        return LAB if mode == "deep" else LIGHT
    # A busy process is written after half of it; the rest is for `cpu_share`: 200 × 25 ms of 10 s.
    return Pace(idle=flush_seconds / 8, busy=flush_seconds / 2, cpu_share=200)


class Writer:
    """Writes what `snapshot` gives: soon after something new, when idle, and at the end."""

    def __init__(
        self,
        spool: str,
        snapshot: Callable[[], dict[str, Any]],
        *,
        pace: Pace = LAB,
        kept: int | None = None,
    ) -> None:
        self._spool = Spool(spool, kept=kept)
        self._pace = pace
        self._snapshot = snapshot
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_dirty = False
        self._is_pruned = False
        self._touched = 0.0
        self._due = 0.0

    def touch(self) -> None:
        """Note that there is something new; cheap enough for every query."""
        self._touched = monotonic()
        self._is_dirty = True
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or sys.is_finalizing():
                return
            self._stop = threading.Event()  # one a thread, or a new one would revive the old
            thread = threading.Thread(
                target=self._run, args=(self._stop,), name="nuages-snapshots", daemon=True
            )
            self._thread = thread
            try:
                Context().run(thread.start)  # of no request's, though one has woken it
            except RuntimeError:  # the interpreter is shutting down: its end writes
                self._thread = None

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._wake.wait()
            now = monotonic()
            due = max(self._touched + self._pace.idle, self._due)
            if now < due and now < self._due + self._pace.busy:
                stop.wait(min(due - now, self._pace.idle / 2))
            elif not stop.is_set():
                self._wake.clear()
                self.write()

    def write(self) -> None:
        """Replace this process's file by the state of now; failures are noted, not raised."""
        with self._lock:
            start, cpu_start = monotonic(), thread_time_ns()
            self._is_dirty = False
            try:
                self._put(self._snapshot())
            except Exception:
                self._is_dirty = True  # the next time it is tried again
                faults.note()
            end, cpu = monotonic(), (thread_time_ns() - cpu_start) / 1e9
            self._due = end + max(self._pace.share * (end - start), self._pace.cpu_share * cpu)

    def _put(self, snapshot: dict[str, Any]) -> None:
        key = snapshot["key"]
        self._spool.put(f"{key['host']}-{key['pid']}-{key['random']}", encode(snapshot))
        if not self._is_pruned:
            self._is_pruned = True
            self._spool.prune()

    def flush(self, *, is_last: bool) -> None:
        """Write if anything is new; unless it is the last time, not sooner than the thread may.

        The last time waits for a write that is under way: the process may end by os._exit() next.
        """
        if not is_last:
            if self._is_dirty and monotonic() >= self._due:
                self.write()
        elif self._lock.acquire(timeout=JOIN):
            try:
                if self._is_dirty:
                    self.write()
            finally:
                self._lock.release()

    def pause(self) -> None:
        """End the thread, so that a fork finds none; the next touch starts another."""
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            self._stop.set()
            self._wake.set()
            thread.join(JOIN)

    def renew_after_fork(self) -> None:
        """Drop locks and thread that belong to the parent."""
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = None
        self._is_dirty = self._is_pruned = False
        self._due = 0.0

    def close(self) -> None:
        """Write for the last time; that a process did nothing is news in a lab only."""
        self.pause()
        if self._is_dirty or self._spool.kept is None:
            self.write()


writer: Writer | None = None


def touch() -> None:
    if writer is not None:
        writer.touch()


def flush(*, is_last: bool = True) -> None:
    """Write what is new. A test suite runs a `flush` command a test: those are not the last."""
    if writer is not None:
        try:
            writer.flush(is_last=is_last)
        except Exception:
            faults.note()


def flush_children(util: ModuleType) -> None:
    """Write at the end of multiprocessing's children, which leave without running atexit."""

    def renew(_: object) -> None:
        util.Finalize(None, flush, exitpriority=-100)

    util.register_after_fork(flush, renew)
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:  # one is running already
        renew(None)


def _at_exit() -> None:
    if writer is not None:
        writer.close()


def open_spool(
    spool: str | None,
    snapshot: Callable[[], dict[str, Any]],
    *,
    pace: Pace = LAB,
    kept: int | None = None,
) -> None:
    """Write to this folder from now on, see Spool; None keeps everything in memory."""
    global writer
    writer = Writer(spool, snapshot, pace=pace, kept=kept) if spool else None
    atexit.unregister(_at_exit)
    if writer is not None:
        atexit.register(_at_exit)


def close_spool() -> None:
    global writer
    if writer is not None:
        writer.close()
    writer = None
    atexit.unregister(_at_exit)
