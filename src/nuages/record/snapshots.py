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
from pathlib import Path
from typing import Any

from nuages.record import faults
from nuages.record.clocks import monotonic, time_ns

MAGIC = b"NUAGES1 "
SUFFIX = ".nuages"
IDLE = 0.2  # seconds without anything new before a write: a killed worker loses no more
SHARE = 20  # a write's own duration times this passes before the next one
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


class Writer:
    """Writes what `snapshot` gives: soon after something new, when idle, and at the end."""

    def __init__(self, spool: str, snapshot: Callable[[], dict[str, Any]]) -> None:
        self._spool = Path(spool)
        self._snapshot = snapshot
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_dirty = False
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
            due = max(self._touched + IDLE, self._due)
            # A process that is never idle is written out every few seconds all the same.
            if now < due and now < self._due + 4 * IDLE:
                stop.wait(min(due - now, IDLE / 2))
            elif not stop.is_set():
                self._wake.clear()
                self.write()

    def write(self) -> None:
        """Replace this process's file by the state of now; failures are noted, not raised."""
        with self._lock:
            start = monotonic()
            self._is_dirty = False
            try:
                self._replace(self._snapshot())
            except Exception:
                self._is_dirty = True  # the next time it is tried again
                faults.note()
            end = monotonic()
            self._due = end + SHARE * (end - start)

    def _replace(self, snapshot: dict[str, Any]) -> None:
        key = snapshot["key"]
        name = f"{key['host']}-{key['pid']}-{key['random']}"
        self._spool.mkdir(parents=True, exist_ok=True)
        temporary = self._spool / f"{name}.{threading.get_ident()}.tmp"
        try:
            temporary.write_bytes(encode(snapshot))
            temporary.replace(self._spool / f"{name}{SUFFIX}")
        except BaseException:
            temporary.unlink(missing_ok=True)  # a full disk has no room for what is useless
            raise

    def flush(self, *, is_last: bool) -> None:
        """Write if anything is new; unless it is the last time, not sooner than the thread may."""
        if self._is_dirty and (is_last or monotonic() >= self._due):
            self.write()

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
        self._is_dirty = False

    def close(self) -> None:
        self.pause()
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


def _at_exit() -> None:
    if writer is not None:
        writer.close()


def open_spool(spool: str | None, snapshot: Callable[[], dict[str, Any]]) -> None:
    """Write to this folder from now on; None keeps everything in memory."""
    global writer
    writer = Writer(spool, snapshot) if spool else None
    atexit.unregister(_at_exit)
    if writer is not None:
        atexit.register(_at_exit)


def close_spool() -> None:
    global writer
    if writer is not None:
        writer.close()
    writer = None
    atexit.unregister(_at_exit)
