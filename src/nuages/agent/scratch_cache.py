"""A cache in memory with what projects use of cache servers' own clients."""

from __future__ import annotations

import fnmatch
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache

_locks: dict[str, threading.RLock] = {}


class ScratchCache(LocMemCache):
    """locmem that takes any key, and the calls that django-redis adds to Django's."""

    def validate_key(self, key: str) -> None:
        """Accept every key: memcached's limits are not those of other servers."""

    def keys(self, pattern: str = "*", version: int | None = None) -> list[str]:
        """Keys as the project spells them."""
        return list(self.iter_keys(pattern, version=version))

    def iter_keys(self, pattern: str = "*", version: int | None = None, **_: Any) -> Iterator[str]:
        """Likewise, one by one."""
        wanted = self.make_key(pattern, version=version)
        plain = len(self.make_key("", version=version))
        for key in list(self._cache):
            if fnmatch.fnmatchcase(key, wanted):
                yield key[plain:]

    def delete_pattern(self, pattern: str, version: int | None = None, **_: Any) -> int:
        """Delete matching keys; how many there were."""
        found = self.keys(pattern, version=version)
        for key in found:
            self.delete(key, version=version)
        return len(found)

    def ttl(self, key: str, version: int | None = None) -> int | None:
        """Seconds left; None for ever, 0 when there is no such key."""
        full = self.make_key(key, version=version)
        if self._has_expired(full):
            return 0
        expires = self._expire_info.get(full)
        return None if expires is None else int(expires - time.time())

    def expire(self, key: str, timeout: int, version: int | None = None) -> bool:
        """Live for that many seconds from now."""
        return bool(self.touch(key, timeout, version=version))

    def persist(self, key: str, version: int | None = None) -> bool:
        """Live for ever."""
        return bool(self.touch(key, None, version=version))

    def set(
        self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None,
        nx: bool = False, **_: Any,
    ) -> bool | None:  # fmt: skip
        """Set; with `nx` only where there is nothing yet, and say whether."""
        if nx:
            return bool(self.add(key, value, timeout=timeout, version=version))
        super().set(key, value, timeout=timeout, version=version)
        return None

    def lock(self, key: str, *_: Any, version: int | None = None, **__: Any) -> threading.RLock:
        """A lock of this process; it has `acquire`, `release` and `with`."""
        return _locks.setdefault(self.make_key(key, version=version), threading.RLock())
