"""Django's Redis cache for a project that never had to reckon with a server that is gone."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NoReturn

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

REST = 1.0  # seconds for which a server that failed is not asked again
ANSWER_SECONDS = 1.0  # a server that hangs costs this much, once per REST


class StackCacheClient(RedisCacheClient):
    """Django's client, for which a server that is gone is a cache that is empty and forgets."""

    def __init__(self, servers: Any, **options: Any) -> None:
        super().__init__(servers, **options)
        redis: Any = self._lib
        # redis ≥ 6 would try three times, for seconds. Once, at once, is for a restarted server.
        once = redis.retry.Retry(redis.backoff.NoBackoff(), 1)
        waits = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
        told: Any = vars(self)["_pool_options"]
        self._pool_options = {"retry": once, **waits, **told}
        self.faults = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError)
        self.rests_until = 0.0


class StackCache(RedisCache):
    """A cache in the place of one in memory."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = StackCacheClient


def _forgiving(name: str, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    original = getattr(RedisCacheClient, name)

    @functools.wraps(original)
    def ask(self: StackCacheClient, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self.rests_until:
            try:
                return original(self, *args, **kwargs)
            except self.faults:
                self.rests_until = time.monotonic() + REST
        return otherwise(*args, **kwargs)

    return ask


def _nothing(*_: Any) -> None:
    return None


def _no(*_: Any) -> bool:
    return False


def _default(_: Any, default: Any) -> Any:
    return default


def _missing(key: Any, _: Any) -> NoReturn:
    raise ValueError(f"Key {key!r} not found.")  # as for any key that is not there


OTHERWISE: dict[str, Callable[..., Any]] = {
    "get": _default, "set": _nothing, "add": _no, "touch": _no, "delete": _no, "has_key": _no,
    "get_many": lambda _: {}, "set_many": _nothing, "delete_many": _nothing, "clear": _no,
    "incr": _missing,
}  # fmt: skip

for _name, _otherwise in OTHERWISE.items():
    setattr(StackCacheClient, _name, _forgiving(_name, _otherwise))
