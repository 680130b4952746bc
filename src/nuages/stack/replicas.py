"""Replicas: the servers that run the project, each on a socket of its own."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nuages.stack.child import Order
from nuages.topology import READY_PATH, Service

GRACE = 30.0  # seconds that requests in flight get after SIGTERM
# Seconds for a worker that has been drained, and asked to end: threads of a project may hold it.
DRAINED_GRACE = 10.0
# The packages that a server or a service's client needs in the project's interpreter.
PACKAGES: Mapping[str, tuple[str, str]] = {  # kind → (module, requirement)
    "granian": ("granian", "granian>=2.6"),
    "granian-asgi": ("granian", "granian>=2.6"),
    "gunicorn": ("gunicorn", "gunicorn>=21.2"),
    "valkey": ("redis", "redis>=4.5"),
    "memcached": ("pymemcache", "pymemcache>=4.0"),
    "django": ("psycopg_pool", "psycopg-pool>=3.2"),
}


@dataclass(frozen=True, kw_only=True)
class Launcher:
    """How the project's processes are started."""

    python: Sequence[str]
    root: Path
    environment: Mapping[str, str]
    sockets: Path

    def socket(self, service: Service, slot: int) -> Path:
        return self.sockets / f"{service.name}-{slot}.sock"

    def drain_file(self, service: Service, slot: int) -> Path:
        """While it exists the replica says that it is not ready."""
        return self.sockets / f"{service.name}-{slot}.drain"

    def checks_file(self, service: Service, slot: int) -> Path:
        """What the replica has told the balancer."""
        return self.sockets / f"{service.name}-{slot}.checks"

    def order(self, service: Service, slot: int, told: Path) -> Order:
        """How one replica is run; `told` is the file that its overlay reads."""
        return Order(
            name=f"{service.name}-{slot}",
            argv=command(service, self.python, self.socket(service, slot)),
            cwd=self.root,
            environment={
                **self.environment, **service.environment, "NUAGES_STACK": str(told),
                "PYTHONUNBUFFERED": "1",
            },
            grace=GRACE,
        )  # fmt: skip


def command(service: Service, python: Sequence[str], socket: Path) -> tuple[str, ...]:
    """The command line of one process of a service."""
    if service.server == "command":
        first, *rest = service.command
        return (*python, *rest) if first == "python" else (*python, "-m", first, *rest)
    build = _gunicorn if service.server == "gunicorn" else _granian
    return (*python, *build(service, socket))


def _granian(service: Service, socket: Path) -> tuple[str, ...]:
    asgi = service.server == "granian-asgi"
    threads = () if asgi else ("--blocking-threads", str(service.threads))
    websockets = () if asgi else ("--no-ws",)
    # One that cannot import the project would be started again and again.
    respawn = ("--respawn-failed-workers",) if service.workers > 1 else ()
    return (
        "-m", "granian", service.application, "--interface", "asgi" if asgi else "wsgi",
        "--uds", str(socket), "--workers", str(service.workers), *threads, *websockets,
        "--http", "1", "--log-level", "warning", "--workers-kill-timeout", str(int(DRAINED_GRACE)),
        *respawn,
    )  # fmt: skip


def _gunicorn(service: Service, socket: Path) -> tuple[str, ...]:
    # In memory: a heartbeat on a slow disk makes gunicorn kill workers that are well.
    heartbeat = ("--worker-tmp-dir", "/dev/shm") if sys.platform == "linux" else ()
    return (
        "-m", "gunicorn", service.application, "--bind", f"unix:{socket}", "--preload",
        "--workers", str(service.workers), "--threads", str(service.threads),
        "--worker-class", "gthread", "--keep-alive", "75",
        "--graceful-timeout", str(int(DRAINED_GRACE)), "--log-level", "warning", *heartbeat,
    )  # fmt: skip


def described(order: Order) -> str:
    """A command line as a user would type it."""
    return shlex.join(order.argv)


async def status(socket: Path, path: str = READY_PATH, timeout: float = 5.0) -> int:
    """The status of a GET over a replica's socket; 0 when it does not answer in time."""
    with suppress(OSError, TimeoutError, ValueError, IndexError):
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
                )
                return int((await reader.readline()).split()[1])
            finally:
                writer.close()
    return 0
