"""Rows as the lines that LOAD DATA reads, sent through a pipe while they are made."""

from __future__ import annotations

import errno
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nuages.populate.columns import Chunk
from nuages.populate.made import objects
from nuages.populate.permutation import Permutation
from nuages.populate.plain import plain
from nuages.populate.planning import TablePlan

BATCH = 10_000  # rows
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\0": "\\0", "\r": "\\r"})


class Lines:
    """A table's rows, columns between tabs."""

    def __init__(self, plan: TablePlan) -> None:
        self._plan, self._types = plan, plan.work.catalog.types
        self._computed = [name for name in self._types if name in plan.generators]
        pooled = [[_spelled(value) for value in plan.pool.images[name]] for name in plan.pooled]
        self._pooled = objects([b"\t".join(row) for row in zip(*pooled, strict=True)])

    @property
    def columns(self) -> list[str]:
        """In the order in which they are written."""
        return [*self._computed, *self._plan.pooled]

    def read_as(self, quoted: Callable[[str], str]) -> list[str]:
        """What LOAD DATA reads each column into: bytes, as digits, into a variable first."""
        return [
            f"@bytes_{number}" if self._types[name] == "bytes" else quoted(name)
            for number, name in enumerate(self.columns)
        ]

    def set(self, quoted: Callable[[str], str]) -> str:
        """The end of the statement, for what was read into variables."""
        told = [
            f"{quoted(name)} = UNHEX(@bytes_{number})"
            for number, name in enumerate(self.columns)
            if self._types[name] == "bytes"
        ]
        return f" SET {', '.join(told)}" if told else ""

    def batches(self, tick: Callable[[int], None]) -> Iterator[bytes]:
        """The lines of some thousand rows at a time."""
        work = self._plan.work
        shuffle = Permutation(self._plan.pool.rows, work.seed)
        for start in range(0, work.rows, BATCH):
            rows = np.arange(start, min(start + BATCH, work.rows), dtype=np.int64)
            chunk = Chunk(rows=rows, first=work.first, pool=shuffle(rows % self._plan.pool.rows))
            yield self._lines(chunk)
            tick(len(rows))

    def _lines(self, chunk: Chunk) -> bytes:
        columns = [
            list(map(_spelled, plain(*self._plan.generators[name](chunk), self._types[name])))
            for name in self._computed
        ]
        if self._plan.pooled:
            columns.append(self._pooled[chunk.pool].tolist())
        return b"".join(b"\t".join(row) + b"\n" for row in zip(*columns, strict=True))


def _spelled(value: Any) -> bytes:
    if value is None:
        return b"\\N"
    if isinstance(value, bool):
        return b"1" if value else b"0"
    if isinstance(value, bytes):
        return value.hex().encode()
    return str(value).translate(_ESCAPED).encode()


def piped(pieces: Iterable[bytes], load: Callable[[str], None]) -> int:
    """Write the pieces into a pipe that `load`, in a thread, reads by its path; → bytes written.

    What `load` raises is raised here.
    """
    failures: list[BaseException] = []
    with tempfile.TemporaryDirectory(prefix="nuages-") as folder:
        path = str(Path(folder, "rows"))
        os.mkfifo(path, 0o600)
        reader = threading.Thread(target=_loaded, args=(load, path, failures), daemon=True)
        reader.start()
        sent = 0
        try:
            with _opened(path, reader) as pipe:
                for piece in pieces:
                    sent += pipe.write(piece)
        except BrokenPipeError:  # the reader ended early, and says why
            pass
        finally:
            reader.join()
    if failures:
        raise failures[0]
    return sent


def _opened(path: str, reader: threading.Thread) -> BinaryIO:
    """The end to write into, once somebody reads; BrokenPipeError when nobody will."""
    while True:
        try:
            end = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if not reader.is_alive():
                raise BrokenPipeError from error
            time.sleep(0.005)
        else:
            os.set_blocking(end, True)
            return os.fdopen(end, "wb")


def _loaded(load: Callable[[str], None], path: str, failures: list[BaseException]) -> None:
    try:
        load(path)
    except BaseException as error:
        failures.append(error)
