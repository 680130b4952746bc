"""CACHES and sessions of a stack: one server that all replicas share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from nuages.agent.changes import Edit
from nuages.agent.sources import text_of
from nuages.agent.stack_config import Cache, StackConfig

SHARED = "nuages.agent.stack_cache.StackCache"
MEMCACHED = "django.core.cache.backends.memcached.PyMemcacheCache"
# A server that is gone is a cache that is empty and forgets; it is asked again after a second.
FORGIVING = {
    "ignore_exc": True, "connect_timeout": 1.0, "timeout": 1.0, "retry_attempts": 1,
    "retry_timeout": 1, "dead_timeout": 1,
}  # fmt: skip
SESSIONS = "nuages_sessions"  # an alias of their own: clearing a cache logs nobody out
ENGINES = "django.contrib.sessions.backends."
KEPT = ("TIMEOUT", "KEY_PREFIX", "VERSION", "KEY_FUNCTION")
REDIS = re.compile(r"redis|valkey", re.IGNORECASE)
MEMCACHE = re.compile(r"memcache|elasticache|pylibmc|bmemcached", re.IGNORECASE)
LOCAL = re.compile(r"\.(LocMemCache|FileBasedCache|ScratchCache)$")
# OPTIONS of Redis clients that say where the server is, or how to be let in.
ELSEWHERE = re.compile(
    r"host|port|db|path|username|password|ssl\w*|sentinels?\w*|unix_socket_path|credential_provider"
    r"|connection_class|service_name|startup_nodes|cluster\w*",
    re.IGNORECASE,
)
CLUSTERED = re.compile(r"sentinel|cluster|shard", re.IGNORECASE)
LOCAL_ENGINE = re.compile(r"sessions\.backends\.file$|SESSION_FILE_PATH")
CACHE_ENGINE = re.compile(r"sessions\.backends\.cache$")


def caches(edit: Edit, config: StackConfig) -> None:
    """Every alias that is local to a process, a host or another server moves to the stack's."""
    if config.cache is None:
        return
    own = edit.get("CACHES") or {}
    places = _places(own, config.cache)
    moved = {alias: _moved(cache, config.cache, places[alias]) for alias, cache in own.items()}
    if config.cache.kind == "memcached":
        moved = {alias: _apart(moved[alias], own[alias], n) for alias, n in _numbers(own).items()}
    changed = {alias: cache for alias, cache in moved.items() if cache != own[alias]}
    if not changed or edit.keeps("CACHES", "all replicas share one server"):
        return
    if edit.put("CACHES", moved):
        for alias, cache in changed.items():
            why = "all replicas share one server"
            edit.note(f"CACHES[{alias!r}]", _told(cache), why, was=_told(own[alias]))


def sessions(edit: Edit, config: StackConfig) -> None:
    """Sessions that only one process or host can read move to the database and the cache."""
    engine = str(edit.get("SESSION_ENGINE") or "")
    if config.cache is None or not _is_local_engine(edit, engine):
        return
    why = "any replica may answer the next request"
    installed = "django.contrib.sessions" in (edit.get("INSTALLED_APPS") or ())
    better = ENGINES + ("cached_db" if installed else "cache")
    if edit.keeps("SESSION_ENGINE", why):
        return
    edit.set("SESSION_ENGINE", better, why + ("; a cache's restart logs nobody out" * installed))
    if edit.get("SESSION_ENGINE") == better:
        own = edit.get("CACHES") or {}
        number = len(set(_numbers(own).values()))
        alias = _backend(config.cache, _at(config.cache, number))
        edit.put("CACHES", {**own, SESSIONS: alias})
        edit.set("SESSION_CACHE_ALIAS", SESSIONS, "clearing another cache leaves sessions alone")


def _is_local_engine(edit: Edit, engine: str) -> bool:
    """Whether sessions end with a process, stay on a host, or are on another server."""
    if CACHE_ENGINE.search(engine):
        alias = str(edit.get("SESSION_CACHE_ALIAS") or "default")
        return not _was_shared(edit, alias)
    if engine.startswith(ENGINES):
        return bool(LOCAL_ENGINE.search(engine))
    text = text_of(engine) or ""
    return bool(REDIS.search(engine) or MEMCACHE.search(engine) or LOCAL_ENGINE.search(text))


def _was_shared(edit: Edit, alias: str) -> bool:
    cache = (edit.original("CACHES") or {}).get(alias) or {}
    return not LOCAL.search(str(cache.get("BACKEND", "")))


def _moved(cache: Mapping[str, Any], server: Cache, location: str) -> dict[str, Any]:
    backend = str(cache.get("BACKEND", ""))
    if LOCAL.search(backend) or (MEMCACHE.search(backend) and server.kind != "memcached"):
        return _kept(cache) | _backend(server, location)
    if MEMCACHE.search(backend):
        return {**cache, "LOCATION": location}
    if not _speaks_redis(backend):
        return dict(cache)  # none, the database, or the project's own
    if server.kind == "memcached":
        return _kept(cache) | _backend(server, location)
    return _repointed(cache, location)


def _apart(moved: Mapping[str, Any], own: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A prefix for each store, as memcached has one room for all keys."""
    if moved == own or not number:
        return dict(moved)
    return {**moved, "KEY_PREFIX": f"{number}:{moved.get('KEY_PREFIX', '')}"}


def _speaks_redis(backend: str) -> bool:
    if backend.startswith("django.") and not REDIS.search(backend):
        return False
    return bool(REDIS.search(backend) or REDIS.search(text_of(backend.rpartition(".")[0]) or ""))


def _repointed(cache: Mapping[str, Any], location: str) -> dict[str, Any]:
    """The project's own Redis backend, elsewhere: its client, serializer and prefix stay."""
    options = {
        key: _without_place(value)
        for key, value in (cache.get("OPTIONS") or {}).items()
        if not ELSEWHERE.fullmatch(key) and not _is_clustered(key, value)
    }
    moved = {**cache, "LOCATION": location}
    return {**moved, "OPTIONS": options} if "OPTIONS" in cache else moved


def _is_clustered(key: str, value: object) -> bool:
    return key.endswith(("CLASS", "FACTORY", "_class")) and bool(CLUSTERED.search(str(value)))


def _without_place(value: Any) -> Any:
    """CONNECTION_POOL_KWARGS and the like, without addresses and passwords."""
    if not isinstance(value, Mapping):
        return value
    return {key: item for key, item in value.items() if not ELSEWHERE.fullmatch(str(key))}


def _kept(cache: Mapping[str, Any]) -> dict[str, Any]:
    return {key: cache[key] for key in KEPT if key in cache}


def _places(own: Mapping[str, Mapping[str, Any]], server: Cache) -> dict[str, str]:
    return {alias: _at(server, number) for alias, number in _numbers(own).items()}


def _numbers(own: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """A number for each store: aliases of the same one share it, `clear()` empties no other."""
    stores: dict[object, int] = {}
    return {alias: stores.setdefault(_store(cache), len(stores)) for alias, cache in own.items()}


def _store(cache: Mapping[str, Any]) -> object:
    options = cache.get("OPTIONS") or {}
    location = cache.get("LOCATION") or ""
    text = location if isinstance(location, str) else repr(location)
    return cache.get("BACKEND"), text, str(options.get("db", options.get("DB", "")))


def _at(server: Cache, number: int) -> str:
    """The address of a store; beyond the databases there are, the last is shared."""
    if server.kind == "memcached":
        return server.url
    number = min(number, server.databases - 1)
    url = server.url.partition("?")[0]
    if url.startswith("unix:"):
        return f"{url}?db={number}"
    parts = urlsplit(url)
    return parts._replace(path=f"/{number}").geturl()


def _backend(server: Cache, location: str) -> dict[str, Any]:
    if server.kind == "memcached":
        return {"BACKEND": MEMCACHED, "LOCATION": location, "OPTIONS": FORGIVING}
    return {"BACKEND": SHARED, "LOCATION": location}


def _told(cache: Mapping[str, Any]) -> str:
    return f"{cache.get('BACKEND', '')} {cache.get('LOCATION') or ''}".strip()
