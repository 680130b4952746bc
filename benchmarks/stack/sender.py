"""Steady mixed load, open loop: each request leaves at its time, whatever became of the last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Method = Literal["GET", "POST"]
TIMEOUT = 30.0  # seconds; a request without an answer by then has failed


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request to send."""

    method: Method
    path: str
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one request; `seconds` count from the time when it was to leave."""

    ask: Ask
    status: int  # 0: no answer
    seconds: float
    at: float  # seconds after the start
    why: str = ""

    @property
    def failed(self) -> bool:
        return not 200 <= self.status < 300


@dataclass(kw_only=True)
class Tally:
    """All outcomes of one run."""

    outcomes: list[Outcome] = field(default_factory=list)

    def sent(self, method: Method) -> int:
        return sum(each.ask.method == method for each in self.outcomes)

    def failed(self, method: Method) -> list[Outcome]:
        return [each for each in self.outcomes if each.failed and each.ask.method == method]

    def acknowledged(self) -> list[str]:
        """Bodies of the writes that were answered with success."""
        return [each.ask.body for each in self.outcomes
                if each.ask.method == "POST" and not each.failed]  # fmt: skip

    def percentile(self, share: float) -> float:
        """Milliseconds."""
        times = sorted(each.seconds for each in self.outcomes if not each.failed)
        return round(1000 * times[min(len(times) - 1, int(share * len(times)))], 1) if times else 0

    def why(self) -> dict[str, int]:
        """Reason → number of failures."""
        found: dict[str, int] = {}
        for each in self.outcomes:
            if each.failed:
                key = f"{each.ask.method} {each.status or each.why}"
                found[key] = found.get(key, 0) + 1
        return found


@dataclass(kw_only=True)
class Sender:
    """Sends `rps` requests a second to one address until it is told to stop."""

    host: str
    port: int
    rps: float
    next_ask: Callable[[int], Ask]
    tally: Tally = field(default_factory=Tally)
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _stopped: bool = False

    async def run(self) -> Tally:
        """Send until `stop`, then wait for what is on its way."""
        started = time.monotonic()
        number = 0
        while not self._stopped:
            intended = started + number / self.rps
            if (wait := intended - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self._send(self.next_ask(number), intended, started))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            number += 1
        if self._running:
            await asyncio.wait(self._running)
        for _, writer in self._idle:
            writer.close()
        return self.tally

    def stop(self) -> None:
        self._stopped = True

    async def _send(self, ask: Ask, intended: float, started: float) -> None:
        status, why = 0, ""
        try:
            async with asyncio.timeout(TIMEOUT):
                status = await self._exchange(ask)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            why = type(error).__name__
        now = time.monotonic()
        self.tally.outcomes.append(
            Outcome(ask=ask, status=status, seconds=now - intended, at=intended - started, why=why)
        )

    async def _exchange(self, ask: Ask) -> int:
        if self._idle:
            reader, writer = self._idle.pop()
        else:
            reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            body = ask.body.encode()
            head = (
                f"{ask.method} {ask.path} HTTP/1.1\r\nHost: {self.host}\r\n"
                f"Content-Length: {len(body)}\r\nContent-Type: text/plain\r\n\r\n"
            )
            writer.write(head.encode() + body)
            status, keep = await _read_answer(reader)
        except BaseException:
            writer.close()
            raise
        if keep:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return status


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    fields = {}
    for line in head[1:]:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip().lower()
    if fields.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.readexactly(int(fields.get("content-length") or 0))
    return status, fields.get("connection") != "close"
