"""What the stack's processes print: read at once, kept in files that cannot fill the disk."""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

LARGEST = 10_000_000  # bytes of a log; the one before it is kept beside it
CHUNK = 65536

Echo = Callable[[str, bytes], None]  # (name, line)


@dataclass(kw_only=True)
class LogFile:
    """One log: rotated by size; what cannot be written is dropped and counted."""

    path: Path
    largest: int = LARGEST
    dropped: int = 0  # bytes
    _file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Append; a full disk or a missing folder never reaches the process that printed."""
        try:
            file = self._opened()
            file.write(data)
        except OSError:
            self.dropped += len(data)

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _opened(self) -> BinaryIO:
        if self._file is not None and self._file.tell() > self.largest:
            self.close()
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
        return self._file


@dataclass(kw_only=True)
class Outputs:
    """A thread that reads every pipe, so that no process waits for its log.

    Processes get a pipe, not the file: a full disk would make their `print` raise, and a request
    fail with it.
    """

    folder: Path
    echo: Echo | None = None
    logs: dict[str, LogFile] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = os.pipe()
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._new: list[tuple[int, str]] = []
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._read, name="outputs", daemon=True)
        self._thread.start()

    def pipe(self, name: str) -> int:
        """The writing end for a process of that name; the caller closes it after starting it."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        with self._lock:
            self._new.append((reading, name))
        os.write(self._waker, b"+")
        return writing

    def log(self, name: str) -> LogFile:
        if name not in self.logs:
            self.logs[name] = LogFile(path=self.folder / f"{name}.log")
        return self.logs[name]

    def close(self) -> None:
        """Stop reading, once what has been printed so far is in the files."""
        self._ended = True
        os.write(self._waker, b".")
        self._thread.join(timeout=2)
        for log in self.logs.values():
            log.close()

    @property
    def dropped(self) -> int:
        """Bytes that no file could take."""
        return sum(log.dropped for log in self.logs.values())

    def _read(self) -> None:
        while not self._ended:
            for key, _ in self._selector.select():
                if key.data is None:
                    self._adopt()
                else:
                    self._take(key.fd, key.data)
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                self._take(key.fd, key.data)

    def _adopt(self) -> None:
        os.read(self._wake, 64)
        with self._lock:
            new, self._new = self._new, []
        for reading, name in new:
            self._selector.register(reading, selectors.EVENT_READ, name)

    def _take(self, reading: int, name: str) -> None:
        try:
            data = os.read(reading, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._selector.unregister(reading)
            os.close(reading)
            return
        self.log(name).write(data)
        if self.echo is not None:
            for line in data.splitlines():
                self.echo(name, line)
