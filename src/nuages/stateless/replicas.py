"""What answers a browser: a server by HTTP, or a process of the project that is asked directly."""

from __future__ import annotations

import base64
import http.client
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from nuages.errors import NuagesError
from nuages.session import AgentSession

SECONDS = 30.0
FAULTS = (OSError, http.client.HTTPException)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A replica's answer."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    route: str = ""  # the URL pattern, where it is known


class Replica(Protocol):
    """One process, or more, of the project: others may have answered the client before."""

    def send(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Sent:
        """Its answer; one of FAULTS when there is none."""

    def log_in(self, actor: str) -> Mapping[str, str]:
        """Headers of an actor who has just logged in at this replica."""


class HttpReplica:
    """A server at "http://host:port", "https://…" or "unix:/path"."""

    def __init__(self, address: str) -> None:
        self.address = address

    def send(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Sent:
        """By a connection of its own."""
        with closing(self._connection()) as connection:
            connection.request(method, target, body, dict(headers))
            response = connection.getresponse()
            content = response.read()
            return Sent(status=response.status, headers=response.getheaders(), body=content)

    def log_in(self, actor: str) -> Mapping[str, str]:
        """Not by HTTP: the journey has to log in itself."""
        raise NuagesError(
            f"{self.address} logs nobody in by a name, as {actor}",
            hint="let the journey submit the login form", slug="journeys",
        )  # fmt: skip

    def _connection(self) -> http.client.HTTPConnection:
        if self.address.startswith("unix:"):
            return _OverSocket(self.address.removeprefix("unix:"))
        parts = urlsplit(self.address)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(parts.hostname or "localhost", parts.port, timeout=SECONDS)


class AgentReplica:
    """A process of the project that runs in the lab, without a server around it."""

    def __init__(self, session: AgentSession) -> None:
        self._session = session

    def send(
        self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Sent:
        """Through the whole WSGI application."""
        told = self._session.call(
            "exchange", method=method, target=target, headers=dict(headers),
            body=base64.b64encode(body or b"").decode(), timeout=SECONDS + 15,
        )  # fmt: skip
        return Sent(
            status=told["status"], headers=[(name, value) for name, value in told["headers"]],
            body=base64.b64decode(told["body"]), route=told["route"] or "",
        )  # fmt: skip

    def log_in(self, actor: str) -> Mapping[str, str]:
        """A session that this process makes."""
        headers: Mapping[str, str] = self._session.call("log_in", actor=actor)
        return headers


class _OverSocket(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._socket_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self._socket_path)
