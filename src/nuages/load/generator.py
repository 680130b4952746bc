"""Sends each request when it is due, whether or not the earlier ones were answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import replace

from nuages.load.alarm import alarm
from nuages.load.connection import Connection
from nuages.load.latency import Latency
from nuages.load.sessions import Session, Writer
from nuages.load.target import Target
from nuages.load.values import LoadResult, Phase, RouteLoad
from nuages.traffic.mix import Mix, Template
from nuages.traffic.picks import Picks

SWEEP_SECONDS = 0.05  # how late a timeout may be noticed
AT_ONCE = 64  # requests due before answers are read again


class Asked:
    """A request that was due; its clock runs from then."""

    __slots__ = ("due", "is_head", "session", "tally")

    def __init__(self, due: float, tally: _Tally, session: Session) -> None:
        self.due = due
        self.tally = tally
        self.session = session
        self.is_head = tally.is_head


class _Tally:
    """What came back of one template."""

    __slots__ = ("errors", "is_head", "latency", "statuses", "template")

    def __init__(self, template: Template) -> None:
        self.template = template
        self.is_head = template.method == "HEAD"
        self.latency = Latency()
        self.statuses: dict[int, int] = {}
        self.errors: Counter[str] = Counter()


class Generator:
    """One process's part of a load; connections live on from phase to phase."""

    def __init__(self, mix: Mix, target: Target, *, seed: object = 1) -> None:
        self._mix, self._target = mix, target
        self._picks = Picks(mix, seed)
        self._writer = Writer(mix, target)
        self._idle: list[Connection] = []  # the latest used is used again
        self._open: set[Connection] = set()
        self._opening = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: deque[tuple[Asked, bytes]] = deque()
        self._begin(Phase(rate=1, seconds=0))

    def _begin(self, phase: Phase) -> None:
        self._phase = phase
        self._tallies = [_Tally(template) for template in self._mix.templates]
        self._lag = Latency()
        self._pending = 0
        self._at_once = 0
        self._read = -sum(each.reader.read for each in self._open)
        self._connects = 0
        self._waited = 0

    async def run(self, phase: Phase, due: Iterable[float], start: float) -> LoadResult:
        """Send what is due from `start` on (time.monotonic()); wait for what is unanswered."""
        self._begin(phase)
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        self._due = map(start.__add__, due)
        self._next = next(self._due, None)
        self._alarm = alarm(loop, self._tick)
        cpu, began, queued = time.process_time(), time.monotonic(), _queued_seconds()
        sweep = loop.create_task(self._sweep())
        self._tick()
        try:
            await self._done
        finally:
            sweep.cancel()
            self._alarm.close()
        spent = max(time.monotonic() - began, 1e-9)
        return replace(
            self._result(type(loop).__module__.partition(".")[0]),
            busy=(time.process_time() - cpu) / spent,
            starved=(_queued_seconds() - queued) / spent,
        )

    def _tick(self) -> None:
        """Send what is due by now, then sleep until the next is."""
        now = time.monotonic()
        for _ in range(AT_ONCE):
            if self._next is None or self._next > now:
                break
            self._send(self._next)
            self._next = next(self._due, None)
        if self._next is not None:
            self._alarm.set(max(self._next, now + 1e-6))
        else:
            self._end()

    def _send(self, due: float) -> None:
        pick = next(self._picks)
        session, raw = self._writer.request(pick)
        asked = Asked(due, self._tallies[pick.template], session)
        self._pending += 1
        connection = self._take()
        if connection is not None:
            connection.send(asked, raw)
            self._lag.record(time.monotonic() - due)
            return
        self._waiting.append((asked, raw))
        if self._has_room:
            self._open_one()
        else:
            self._waited += 1

    def _take(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            connection.close()
        return None

    async def _connect(self) -> None:
        """Open one connection; a refusal is one request's error, as it would be a user's."""
        try:
            async with asyncio.timeout(self._phase.timeout):
                connection = await self._target.connect(lambda: Connection(self))
        except (OSError, TimeoutError) as error:
            self._opening -= 1
            if self._waiting:
                asked, _ = self._waiting.popleft()
                self.failed(asked, _refusal(error))
            return
        self._opening -= 1
        self._connects += 1
        self._open.add(connection)
        self.freed(connection)

    def freed(self, connection: Connection) -> None:
        """A connection has nothing in flight: give it what waits, or keep it."""
        if not connection.is_usable:
            self._open_for_waiting()
            return
        if self._waiting:
            asked, raw = self._waiting.popleft()
            connection.send(asked, raw)
            self._at_once += 1  # it waited for the server, not for the generator
        else:
            self._idle.append(connection)

    def _open_for_waiting(self) -> None:
        if len(self._waiting) > self._opening and self._has_room:
            self._open_one()

    @property
    def _has_room(self) -> bool:
        return len(self._open) + self._opening < self._phase.connections

    def _open_one(self) -> None:
        self._opening += 1
        task = asyncio.get_running_loop().create_task(self._connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def lost(self, connection: Connection) -> None:
        """A connection is gone."""
        if connection in self._open:
            self._open.remove(connection)
            self._read += connection.reader.read
        if connection in self._idle:
            self._idle.remove(connection)
        self._open_for_waiting()

    def answered(self, asked: Asked, status: int, cookies: list[bytes]) -> None:
        tally = asked.tally
        tally.latency.record(time.monotonic() - asked.due)
        tally.statuses[status] = tally.statuses.get(status, 0) + 1
        if not tally.template.is_good(status):
            tally.errors[f"status {status}"] += 1
        if cookies:
            asked.session.keep(cookies)
        self._pending -= 1
        if not self._pending:
            self._end()

    def failed(self, asked: Asked, why: str) -> None:
        asked.tally.latency.record(time.monotonic() - asked.due)
        asked.tally.errors[why] += 1
        self._pending -= 1
        if not self._pending:
            self._end()

    def _end(self) -> None:
        if self._next is None and self._pending == 0 and not self._done.done():
            self._done.set_result(None)

    async def _sweep(self) -> None:
        """Give up on what has taken too long since it was due."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            too_old = time.monotonic() - self._phase.timeout
            for connection in list(self._open):
                if connection.asked is not None and connection.asked.due < too_old:
                    connection.give_up("no answer in time")
            while self._waiting and self._waiting[0][0].due < too_old:
                asked, _ = self._waiting.popleft()
                self.failed(asked, "no connection in time")

    def _result(self, implementation: str) -> LoadResult:
        routes: dict[str, list[RouteLoad]] = defaultdict(list)
        for tally in self._tallies:
            if tally.latency.count:
                statuses = {str(status): times for status, times in tally.statuses.items()}
                told = RouteLoad(latency=tally.latency, statuses=statuses, errors=tally.errors)
                routes[tally.template.route].append(told)
        return LoadResult(
            phase=self._phase,
            routes={route: RouteLoad.total(routes[route]) for route in sorted(routes)},
            seconds=self._phase.seconds,
            bytes_read=self._read + sum(each.reader.read for each in self._open),
            connects=self._connects,
            lag=self._lag.with_zeros(self._at_once),
            waited=self._waited,
            implementation=implementation,
        )

    async def close(self) -> None:
        """Close every connection."""
        for connection in list(self._open):
            connection.close()
        await asyncio.sleep(0)


def _queued_seconds() -> float:
    """How long this process has been ready to run without a processor; proc(5), schedstat."""
    try:
        with open("/proc/self/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def _refusal(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no connection in time"
    return f"no connection: {type(error).__name__}"
