"""Where requests go: a URL, or the Unix socket of a server in the enclosure."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from nuages.errors import NuagesError

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One listening server, or balancer."""

    host: str  # as the Host header says it
    port: int = 80
    socket: str = ""  # path of a Unix socket, instead of host and port
    secure: bool = False
    verify: bool = True  # certificates
    prefix: str = ""  # of every path

    @classmethod
    def of(cls, url: str, *, verify: bool = True) -> Target:
        """`http://host:port/prefix`, `https://…` or `unix:/path/of/socket`."""
        if url.startswith("unix:"):
            return cls(host="localhost", socket=url.removeprefix("unix:"))
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NuagesError(
                f"{url!r} is no address to send requests to.",
                hint="Give one such as http://localhost:8000 or https://shop.example.",
                slug="target",
            )
        secure = parts.scheme == "https"
        return cls(
            host=parts.hostname,
            port=parts.port or (443 if secure else 80),
            secure=secure,
            verify=verify,
            prefix=parts.path.rstrip("/"),
        )

    @property
    def url(self) -> str:
        if self.socket:
            return f"unix:{self.socket}"
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.prefix}"

    @property
    def authority(self) -> str:
        """The Host header."""
        usual = 443 if self.secure else 80
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.socket or self.port == usual else f"{name}:{self.port}"

    async def connect(self, make: Callable[[], P]) -> P:
        """Open a connection."""
        loop = asyncio.get_running_loop()
        if self.socket:
            _, protocol = await loop.create_unix_connection(make, self.socket)
            return protocol
        context = self._context() if self.secure else None
        _, protocol = await loop.create_connection(make, self.host, self.port, ssl=context)
        return protocol

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
