"""What a replica answers before Django sees the request: whether it is ready, and its counters."""

from __future__ import annotations

import functools
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from nuages.agent import vitals
from nuages.agent.imports import when_imported
from nuages.agent.stack_config import StackConfig

PREFIX = "/-/nuages/"
REASONS = {200: "200 OK", 404: "404 Not Found", 503: "503 Service Unavailable"}
TEXT = "text/plain; version=0.0.4; charset=utf-8"

BALANCER = "balancer"  # what its checks say in the header X-Nuages
READY, DRAINS = "r", "d"  # what it was told, a letter a check
NOTED = 3

Answer = tuple[int, str]


class Endpoints:
    """`ready`, `live` and `metrics`; none of them touches a database, a cache or a setting."""

    def __init__(self, config: StackConfig) -> None:
        self._config = config
        # Only the balancer can reach a replica, and it adds the address that it was asked from.
        self.trusts_balancer = config.forwarded and "REMOTE_ADDR" not in config.keep
        self._noted = {READY: 0, DRAINS: 0}

    def answer(self, path: str, who: str = "") -> Answer:
        """Status and text. Ready: the application is loaded, and the stack does not drain it."""
        name = path.removeprefix(PREFIX).strip("/")
        if name == "ready":
            drains = bool(self._config.drain) and os.path.exists(self._config.drain)
            if who == BALANCER:
                self._note(DRAINS if drains else READY)
            return (503, "draining\n") if drains else (200, "ready\n")
        if name == "live":
            return 200, "live\n"
        if name == "metrics" and self._config.metrics:
            return 200, self._metrics()
        return 404, "not found\n"

    def _note(self, letter: str) -> None:
        """Leave word that the balancer was told; each process does so for its first few checks."""
        if self._config.checks and self._noted[letter] < NOTED:
            self._noted[letter] += 1
            with suppress(OSError), open(self._config.checks, "a", encoding="utf-8") as file:
                file.write(letter)

    def _metrics(self) -> str:
        labels = {"service": self._config.service, "replica": self._config.replica}
        return vitals.text(vitals.Sums(Path(self._config.metrics)), labels)


def install(config: StackConfig) -> None:
    """Answer them in Django's handlers, outside of any middleware."""
    endpoints = Endpoints(config)
    when_imported("django.core.handlers.wsgi", lambda module: _hook_wsgi(module, endpoints))
    when_imported("django.core.handlers.asgi", lambda module: _hook_asgi(module, endpoints))


def _hook_wsgi(module: Any, endpoints: Endpoints) -> None:
    original: Callable[..., Any] = module.WSGIHandler.__call__

    @functools.wraps(original)
    def call(self: Any, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            if endpoints.trusts_balancer and (address := _client(environ)):
                environ["REMOTE_ADDR"] = address
            return original(self, environ, start_response)
        status, text = endpoints.answer(path, environ.get("HTTP_X_NUAGES", ""))
        body = text.encode()
        start_response(REASONS[status], [("Content-Type", TEXT),
                                         ("Content-Length", str(len(body)))])  # fmt: skip
        return [body]

    module.WSGIHandler.__call__ = call


def _hook_asgi(module: Any, endpoints: Endpoints) -> None:
    original: Callable[..., Awaitable[None]] = module.ASGIHandler.__call__

    @functools.wraps(original)
    async def call(self: Any, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(PREFIX):
            if endpoints.trusts_balancer and (address := _client_of(scope)):
                scope = {**scope, "client": (address, 0)}
            return await original(self, scope, receive, send)
        status, text = endpoints.answer(path, _header(scope, b"x-nuages"))
        body = text.encode()
        headers = [(b"content-type", TEXT.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return None

    module.ASGIHandler.__call__ = call


def _client(environ: dict[str, Any]) -> str:
    return _last(environ.get("HTTP_X_FORWARDED_FOR", ""))


def _client_of(scope: dict[str, Any]) -> str:
    return _last(_header(scope, b"x-forwarded-for"))


def _header(scope: dict[str, Any], wanted: bytes) -> str:
    found: Iterator[bytes] = (value for name, value in scope.get("headers", ()) if name == wanted)
    return next(found, b"").decode("latin-1")


def _last(forwarded: str) -> str:
    """What the balancer has added; what stands before it, any client may have written."""
    return forwarded.rpartition(",")[2].strip()
