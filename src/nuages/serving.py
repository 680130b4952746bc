"""Serves one version of a project on this machine, for as long as it is measured."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from nuages import enclosure
from nuages.errors import NuagesError
from nuages.lab import BASE, Lab
from nuages.load.inside import FLUSH_SECONDS
from nuages.stack import sidepackages

# Rates relative to gunicorn's threads: 2.1 on a trivial view, 1.3 to 1.6 with one query.
GRANIAN = ("granian>=2.5",)  # the first that binds Unix sockets, --uds
START_SECONDS = 60.0
# The side folder comes last on sys.path: the project's own packages win.
_RUN = """
import sys
sys.path.append(sys.argv.pop(1))
from granian.cli import entrypoint
sys.argv[0] = "granian"
entrypoint()
"""


class Served(Protocol):
    """A version that answers requests, wherever and by whatever it is run."""

    @property
    def url(self) -> str:
        """`http://host:port` or `unix:/path`."""

    @property
    def host(self) -> str:
        """A name for the Host header that the site lets in."""

    def processes(self) -> tuple[int, ...]:
        """Process ids of its replicas, where they run on this machine."""

    @property
    def threads(self) -> int:
        """Requests that all replicas together work on at a time; 0: unknown."""

    @property
    def spool(self) -> Path | None:
        """Where its replicas are recorded, if they are."""


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """How many of what."""

    workers: int = 2  # processes
    threads: int = 4  # of each process


@dataclass(frozen=True, kw_only=True)
class Replicas:
    """Granian on a Unix socket in the enclosure: it has no network that could be reached."""

    url: str
    host: str
    pid: int
    threads: int
    log: Path = field(default=Path(os.devnull))
    spool: Path | None = None

    def processes(self) -> tuple[int, ...]:
        return tuple(descendants(self.pid))


@contextmanager
def serve(
    lab: Lab,
    *,
    host: str,
    options: ServerOptions | None = None,
    template: str = BASE,
    edits: Mapping[str, str] | None = None,
    recorded: bool = False,
) -> Iterator[Served]:
    """Start the project's server on a fresh clone of the data; it is ready when this yields."""
    options = options or ServerOptions()
    side = sidepackages.ensure(lab.project.interpreter, GRANIAN, lab.scratch.path)
    lab.runs += 1
    address = lab.scratch.folder("child") / f"web{lab.runs}.sock"
    argv = _command(lab, side, address, options)
    spool = lab.scratch.folder(f"child/web{lab.runs}-spool") if recorded else None
    with lab.server(
        argv, template=template, edits=edits, spool=spool, flush_seconds=FLUSH_SECONDS
    ) as (process, log):
        _wait_until_ready(process, address, log)
        yield Replicas(
            url=f"unix:{address}",
            host=host,
            pid=process.pid,
            threads=options.workers * options.threads,
            log=log,
            spool=spool,
        )


def _command(lab: Lab, side: Path, address: Path, options: ServerOptions) -> list[str]:
    project = lab.project
    application = project.wsgi or "django.core.wsgi:get_wsgi_application"
    return [
        *project.python, "-c", _RUN, str(side),
        "--interface", "wsgi", "--uds", str(address), "--workers", str(options.workers),
        "--blocking-threads", str(options.threads), "--log-level", "warning", "--backlog", "2048",
        *(() if project.wsgi else ("--factory",)), application,
    ]  # fmt: skip


def _wait_until_ready(process: enclosure.Process, address: Path, log: Path) -> None:
    """Until a request is answered, whatever the answer."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(address))
            client.sendall(b"HEAD /nuages-is-it-ready HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if client.recv(5) == b"HTTP/":
                return
        time.sleep(0.05)
    raise NuagesError(
        "the project's server did not start",
        hint="does it need a service? See [tool.nuages]",
        detail=log.read_bytes().decode(errors="replace")[-1500:],
        slug="server",
    )


def descendants(pid: int) -> Iterator[int]:
    """A process's children and theirs, as Linux tells them; none elsewhere."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for task in tasks:
        with suppress(OSError):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text("ascii").split():
                yield int(child)
                yield from descendants(int(child))
