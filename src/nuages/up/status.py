"""The status page of a running stack, and its Prometheus endpoints, for this machine alone."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from nuages.agent import vitals
from nuages.model import Budgets
from nuages.stack import caddy, exposition
from nuages.stack.home import StackError
from nuages.stack.listening import tcp
from nuages.stack.observed import News, Observer
from nuages.stack.supervisor import Stack

HERE = "127.0.0.1"
# Another name would be a page of somebody else's, in a browser here, asking (DNS rebinding).
NAMES = frozenset({"localhost", HERE, "::1"})
FILES = {
    "/": ("status.html", "text/html; charset=utf-8"),
    "/status.css": ("status.css", "text/css; charset=utf-8"),
    "/status.js": ("status.js", "text/javascript; charset=utf-8"),
}
PAGES = Path(__file__).parent / "pages"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
)
PATIENCE = 10.0  # seconds that a client gets to say what it wants
NEXT_PORTS = 20  # after the balancer's, of which the first free one is taken

Answer = tuple[int, str, str | bytes]  # status, content type, body
REASONS = {200: "OK", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}
PLAIN = "text/plain; charset=utf-8"
JSON = "application/json"


def listen(told: int, after: int) -> socket.socket:
    """On the port that was told, or the first free one after the balancer's.

    Raises StackError where the port that was told is taken.
    """
    if told:
        return tcp(HERE, told)
    for port in (*range(after + 1, min(after + NEXT_PORTS, 65535)), 0):
        with suppress(StackError):
            return tcp(HERE, port)
    raise StackError("no port is free for the status page", hint="nuages ps shows the same")


@dataclass(kw_only=True)
class Status:
    """Answers about one stack."""

    stack: Stack
    url: str  # of the balancer
    observer: Observer
    news: News
    budgets: Budgets
    listening: socket.socket

    @property
    def status_url(self) -> str:
        """Where the page is."""
        return f"http://{HERE}:{self._port}/"

    @property
    def _port(self) -> int:
        return int(self.listening.getsockname()[1])

    async def look(self) -> dict[str, Any]:
        """All that page and terminal show."""
        return {
            "schema": 1,
            "url": self.url,
            "status_url": self.status_url,
            "project": self.stack.parts.topology.project,
            "at": round(time.time(), 1),
            "uptime_s": round(time.monotonic() - self.stack.started, 1),
            "budgets": {
                "response_ms": self.budgets.response_ms, "query_ms": self.budgets.query_ms,
            },
            "dropped_log_bytes": self.stack.outputs.dropped,
            "news": [{"at": round(at, 1), "text": text} for at, text in self.news.last],
            **await self.observer.look(),
        }  # fmt: skip

    async def answer(self, path: str) -> Answer:
        """Status, content type and body for a path."""
        if path in FILES:
            name, kind = FILES[path]
            return 200, kind, (PAGES / name).read_bytes()
        if path == "/status.json":
            return 200, JSON, json.dumps(await self.look())
        if path == "/metrics":
            return 200, exposition.CONTENT_TYPE, await self._metrics("")
        if path.startswith("/metrics/") and (name := path.removeprefix("/metrics/")) in self._names:
            return 200, exposition.CONTENT_TYPE, await self._metrics(name)
        if path == "/targets":
            return 200, JSON, json.dumps(self._targets())
        return 404, PLAIN, "there is /, /status.json, /metrics, /metrics/PROCESS and /targets\n"

    @property
    def _names(self) -> list[str]:
        return [subject.name for subject in self.stack.subjects()]

    def _targets(self) -> list[dict[str, Any]]:
        """Every process, as Prometheus's http_sd_configs takes it."""
        return [
            {
                "targets": [f"{HERE}:{self._port}"],
                "labels": {"__metrics_path__": f"/metrics/{subject.name}",
                           "process": subject.name, "service": subject.service},
            }
            for subject in self.stack.subjects()
        ]  # fmt: skip

    async def _metrics(self, name: str) -> str:
        seen = await self.observer.look()
        subjects = [each for each in self.stack.subjects() if name in ("", each.name)]
        return await asyncio.to_thread(self._texts, seen, subjects, name)

    def _texts(self, seen: dict[str, Any], subjects: list[Any], name: str) -> str:
        more = [
            vitals.text(vitals.Sums(each.counters),
                        {"service": each.service, "replica": each.name})
            for each in subjects if each.counters is not None and each.counters.is_dir()
        ]  # fmt: skip
        if any(each.name == "caddy" for each in subjects):
            own = caddy.ask(self.stack.parts.caddy.admin_socket, "/metrics")
            more.append(own.decode("utf-8", "replace"))
        return exposition.text(seen, more, name=name)


async def serve(status: Status) -> asyncio.Server:
    """Answer GET from now on, over the socket that it listens on."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, ValueError, asyncio.IncompleteReadError,
                      asyncio.LimitOverrunError):  # fmt: skip
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
            writer.write(await respond(head.decode("latin-1"), status.answer))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(talk, sock=status.listening)


async def respond(head: str, answer: Callable[[str], Awaitable[Answer]]) -> bytes:
    """The whole response to a request's head; ValueError where it is none."""
    first, *rest = head.split("\r\n")
    method, target, _ = first.split(" ")
    fields = {name.lower(): value.strip() for name, _, value in (e.partition(":") for e in rest)}
    if urlsplit(f"//{fields.get('host', '')}").hostname not in NAMES:
        told: Answer = 403, PLAIN, "only asked by a name of this machine\n"
    elif method not in ("GET", "HEAD"):
        told = 405, PLAIN, "only read\n"
    else:
        told = await answer(unquote(urlsplit(target).path))
    code, kind, text = told
    body = text.encode() if isinstance(text, str) else text
    headers = (
        f"HTTP/1.1 {code} {REASONS[code]}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        f"Content-Security-Policy: {POLICY}\r\nX-Content-Type-Options: nosniff\r\n"
        "X-Frame-Options: DENY\r\n\r\n"
    )
    return headers.encode() + (b"" if method == "HEAD" else body)
