"""One connection to the target: a request at a time, kept alive between them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from nuages.load.answers import AnswerReader, Malformed

if TYPE_CHECKING:
    from nuages.load.generator import Asked, Generator

MARGIN = 0.5  # seconds before the server's own keep-alive timeout


class Connection(asyncio.Protocol):
    """Belongs to a generator, which gives it requests and hears how they ended."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.reader = AnswerReader()
        self._transport: asyncio.Transport | None = None
        self.asked: Asked | None = None  # in flight
        self.usable_until = float("inf")  # time.monotonic(): the server closes idle ones

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, asked: Asked, raw: bytes) -> None:
        """Write a request."""
        assert self._transport is not None
        self.asked = asked
        self.reader.expect(is_head=asked.is_head)
        self._transport.write(raw)

    def data_received(self, data: bytes) -> None:
        asked = self.asked
        if asked is None:
            self.close()  # an answer that nobody asked for
            return
        try:
            is_complete = self.reader.feed(data)
        except Malformed as fault:
            self._fail(f"no HTTP answer: {fault}")
            return
        if is_complete:
            self._answered(asked)

    def _answered(self, asked: Asked) -> None:
        self.asked = None
        reader = self.reader
        if reader.close:
            self.close()
        elif reader.keep_alive_seconds is not None:
            self.usable_until = time.monotonic() + reader.keep_alive_seconds - MARGIN
        self._generator.answered(asked, reader.status, reader.cookies)
        self._generator.freed(self)

    def _fail(self, why: str) -> None:
        asked, self.asked = self.asked, None
        self.close()
        if asked is not None:
            self._generator.failed(asked, why)
        self._generator.freed(self)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        if self.asked is not None and self.reader.end():
            self._answered(self.asked)
        elif self.asked is not None:
            self._fail("reset by the server" if exc else "closed by the server before an answer")
        self._generator.lost(self)

    def give_up(self, why: str) -> None:
        """No answer will be waited for any more."""
        self._fail(why)

    @property
    def is_usable(self) -> bool:
        """Whether another request may be sent on it."""
        return (
            self._transport is not None
            and not self._transport.is_closing()
            and time.monotonic() < self.usable_until
        )

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
