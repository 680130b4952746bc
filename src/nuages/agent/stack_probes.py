"""Counts requests, connections and cache answers of one process into its replica's vitals."""

from __future__ import annotations

import functools
import time
import weakref
from collections.abc import Callable, Sized
from typing import Any

from nuages.agent.imports import when_imported
from nuages.agent.vitals import Vitals, peak_bytes

MEMORY_EVERY = 256  # requests; getrusage is not free, and a peak does not hurry


def install(folder: str) -> None:
    """Count from now on, whatever handler and server run."""
    probes = Probes(Vitals(folder))
    when_imported("django.core.handlers.base", probes.hook_requests)
    when_imported("django.core.cache", probes.hook_caches)
    when_imported("django.db.backends.signals", probes.hook_connections)


class Probes:
    """The hooks of one process; what they count never changes what the project sees."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals
        self._connections: list[weakref.ref[Any]] = []
        self._requests = 0

    def hook_requests(self, module: Any) -> None:
        """Count from the handler, the middleware included, until the response is closed."""
        handler = module.BaseHandler
        plain, asynchronous = handler.get_response, handler.get_response_async

        @functools.wraps(plain)
        def get_response(handler: Any, request: Any) -> Any:
            started = self._begin()
            try:
                response = plain(handler, request)
            except BaseException:
                self._end(started, 500, raised=True)
                raise
            return self._ends_with(response, started)

        @functools.wraps(asynchronous)
        async def get_response_async(handler: Any, request: Any) -> Any:
            started = self._begin()
            try:
                response = await asynchronous(handler, request)
            except BaseException:
                self._end(started, 500, raised=True)
                raise
            return self._ends_with(response, started)

        handler.get_response, handler.get_response_async = get_response, get_response_async

    def _begin(self) -> int:
        self._vitals.add("in_flight")
        return time.perf_counter_ns()

    def _ends_with(self, response: Any, started: int) -> Any:
        response._resource_closers.append(_End(self._end, started, response.status_code))
        return response

    def _end(self, started: int, status: int, raised: bool = False) -> None:
        self._vitals.request(status, time.perf_counter_ns() - started)
        if raised:
            self._vitals.add("exceptions")
        opened = 0
        for known in self._connections:
            connection = known()
            if connection is not None and connection.connection is not None:
                opened += 1
        self._vitals.put("connections", opened)
        self._requests += 1
        if self._requests % MEMORY_EVERY == 1:
            self._vitals.put("peak_bytes", peak_bytes())

    def hook_connections(self, module: Any) -> None:
        """Know each connection that Django opens; those still open are counted at requests."""
        module.connection_created.connect(self._connected, weak=False)

    def _connected(self, connection: Any, **_: Any) -> None:
        self._vitals.add("connects")
        kept = [known for known in self._connections if known() not in (None, connection)]
        self._connections = [*kept, weakref.ref(connection)]

    def hook_caches(self, module: Any) -> None:
        """Count the answers of each cache object as it is made."""
        handler = module.CacheHandler
        original = handler.create_connection

        @functools.wraps(original)
        def create_connection(handler: Any, alias: str) -> Any:
            cache = original(handler, alias)
            try:
                self._count(cache, module.BaseCache)
            except AttributeError:  # it takes no attributes: it goes uncounted
                pass
            return cache

        handler.create_connection = create_connection

    def _count(self, cache: Any, base: type) -> None:
        # On the object, not its class: what a subclass asks of its parent is counted once.
        cache.get = self._counted_get(cache.get)
        if type(cache).get_many is not base.get_many:  # type: ignore[attr-defined]
            cache.get_many = self._counted_get_many(cache.get_many)

    def _counted_get(self, get: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(get)
        def counted(key: Any, default: Any = None, *args: Any, **kwargs: Any) -> Any:
            value = get(key, default, *args, **kwargs)
            self._vitals.add("cache_misses" if value is default else "cache_hits")
            return value

        return counted

    def _counted_get_many(self, get_many: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(get_many)
        def counted(keys: Any, *args: Any, **kwargs: Any) -> Any:
            found = get_many(keys, *args, **kwargs)
            if isinstance(keys, Sized):
                self._vitals.add("cache_hits", len(found))
                self._vitals.add("cache_misses", len(keys) - len(found))
            return found

        return counted


class _End:
    """Ends a request once: when its response is closed, or collected where a client left."""

    # weakref.finalize does the same, and takes 4 µs more of each request.
    __slots__ = ("_arguments", "_end")

    def __init__(self, end: Callable[[int, int], None], *arguments: int) -> None:
        self._end: Callable[..., None] | None = end
        self._arguments = arguments

    def __call__(self) -> None:
        end, self._end = self._end, None
        if end is not None:
            end(*self._arguments)

    __del__ = __call__
