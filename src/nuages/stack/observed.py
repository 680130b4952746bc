"""The whole stack at one moment, for whoever watches it: page, terminal and Prometheus."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import psycopg

from nuages.stack import server_figures
from nuages.stack.assembled import Parts
from nuages.stack.figures import Figures, Row, Subject, as_json, together
from nuages.stack.kept import Say
from nuages.stack.server_figures import Rates, rate
from nuages.stack.services import Replicas

T = TypeVar("T")

FRESH = 0.9  # seconds that one look serves everybody
PATIENCE = 1.0  # seconds that a server gets to answer; it is shown without figures if it does not
THREADS = 6  # of its own: a server that hangs must not take those that the stack is kept with


class Watched(Protocol):
    """What is needed of a running stack."""

    parts: Parts
    services: dict[str, Replicas]
    unanswered: int

    def subjects(self) -> list[Subject]: ...


@dataclass(kw_only=True)
class News:
    """What the stack said of itself, kept for those who come later."""

    say: Say
    last: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=50))

    def __call__(self, text: str) -> None:
        self.last.append((time.time(), text))
        self.say(text)


class Asked(Generic[T]):
    """One server, asked in a thread; while it has not answered it is not asked again."""

    def __init__(self, threads: ThreadPoolExecutor, read: Callable[[], T]) -> None:
        self._threads, self._read = threads, read
        self._answer: asyncio.Future[T] | None = None

    async def answer(self) -> T | None:
        """None when it is late, or says that it cannot."""
        if self._answer is None:
            loop = asyncio.get_running_loop()
            self._answer = loop.run_in_executor(self._threads, self._read)
        done, _ = await asyncio.wait({self._answer}, timeout=PATIENCE)
        if not done:
            return None
        answer, self._answer = self._answer, None
        try:
            return answer.result()
        except (psycopg.Error, OSError, KeyError, ValueError):
            return None


class Observer:
    """Looks at a running stack, once a second at most, whoever asks."""

    def __init__(self, stack: Watched) -> None:
        self.stack = stack
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="observer")
        self._figures, self._rates = Figures(), Rates()
        self._asked: dict[str, tuple[object, Asked[Any]]] = {}
        self._turn = asyncio.Lock()
        self._at = float("-inf")
        self._seen: dict[str, Any] = {}

    async def look(self) -> dict[str, Any]:
        """Plain data; the same for all who ask within a second."""
        async with self._turn:
            if time.monotonic() - self._at >= FRESH:
                self._seen = await self._look()
                self._at = time.monotonic()
            return self._seen

    def close(self) -> None:
        """Ask nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look(self) -> dict[str, Any]:
        parts, rates = self.stack.parts, self._rates
        clusters = [parts.cluster, *parts.standbys] if parts.cluster else []
        subjects = self.stack.subjects()
        rows, in_flight, pools, caches, databases = await asyncio.gather(
            self._ask("processes", None, lambda: self._figures.look(subjects), again=True),
            self._ask("balancer", None, lambda: self.stack.parts.caddy.upstreams()),
            self._each(parts.pools.values(), lambda pool: server_figures.of_pool(pool, rates)),
            self._each(parts.caches, lambda cache: server_figures.of_cache(cache, rates)),
            self._each(clusters, server_figures.of_database),
        )
        rows = rows or []
        return {
            "processes": as_json(rows),
            "services": [self._service(each, rows) for each in self.stack.services.values()],
            "all": _summed(rows),
            "balancer": {**_balanced(in_flight or {}), "errors": self.stack.unanswered},
            "pools": pools,
            "caches": caches,
            "databases": databases,
        }

    def _service(self, service: Replicas, rows: list[Row]) -> dict[str, Any]:
        own = [row for row in rows if row.service == service.service.name]
        return {
            "name": service.service.name,
            "kind": service.service.kind,
            "wanted": service.wanted,
            "ready": len(service.ready),
            "restarts": service.restarts,
            **together(own),
        }

    async def _each(self, servers: Any, read: Callable[[Any], Any]) -> list[dict[str, Any]]:
        """A row of plain data for each server; only its name where it does not answer."""
        servers = list(servers)
        asked = (self._ask(each.name, each, partial(read, each)) for each in servers)
        told = await asyncio.gather(*asked)
        return [{"answers": row is not None, **(asdict(row) if row else {"name": server.name})}
                for server, row in zip(servers, told, strict=True)]  # fmt: skip

    async def _ask(
        self, name: str, server: object, read: Callable[[], T], *, again: bool = False
    ) -> T | None:
        """`again`: what is read is of this look alone."""
        known, asked = self._asked.get(name, (None, None))
        if asked is None or known is not server or again:
            asked = Asked(self._threads, read)
            self._asked[name] = (server, asked)
        answer: T | None = await asked.answer()
        return answer


def _summed(rows: list[Row]) -> dict[str, Any]:
    told = together(row for row in rows if row.rps is not None)
    whole = together(rows)
    return {
        **told,
        "hit_rate": rate(told["cache_hits"], told["cache_misses"]),
        "cpu_percent": whole["cpu_percent"],
        "rss_mb": whole["rss_mb"],
    }


def _balanced(upstreams: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {
        "in_flight": sum(each["in_flight"] for each in upstreams.values()),
        "fails": sum(each["fails"] for each in upstreams.values()),
    }
