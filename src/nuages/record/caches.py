"""Hooks on Django's caches: every call on every alias, whatever backend answers it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sized
from functools import wraps
from inspect import iscoroutinefunction
from threading import Lock
from types import ModuleType
from typing import Any

from nuages.record import calls, faults
from nuages.record.patches import Patches

# get_or_set is left out: it runs the project's own code between a get and an add, which count.
NAMES = frozenset({
    "get", "set", "add", "delete", "touch", "incr", "decr", "get_many", "set_many", "delete_many",
    "has_key", "clear", "incr_version", "decr_version",
    # django-redis's own
    "delete_pattern", "keys", "ttl", "pttl", "expire", "persist",
})  # fmt: skip
ASYNCHRONOUS = {f"a{name}": name for name in NAMES}
OPERATIONS = {**{name: name for name in NAMES}, **ASYNCHRONOUS}

_aliases: dict[int, tuple[weakref.ref[Any], str]] = {}  # by the id of a cache


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.core.cache: classes that exist already, and others as caches are made."""
    adopted = _Adopted(patches)
    for cls in _subclasses(module.BaseCache):
        adopted.add(cls)
    handler = module.CacheHandler
    replacement = _creating(handler.create_connection, adopted)
    patches.replace(handler, "create_connection", replacement)


def _subclasses(cls: Any) -> Iterator[Any]:
    yield cls
    for subclass in cls.__subclasses__():
        yield from _subclasses(subclass)


def _creating(original: Callable[..., Any], adopted: _Adopted) -> Callable[..., Any]:
    @wraps(original)
    def create_connection(self: Any, alias: str) -> Any:
        cache = original(self, alias)
        try:
            if calls.is_recording:
                adopted.add(type(cache))
                _name(cache, alias)
        except Exception:
            faults.note()
        return cache

    return create_connection


class _Adopted:
    """The classes whose calls are counted."""

    def __init__(self, patches: Patches) -> None:
        self._patches = patches
        self._classes: set[type] = set()
        self._methods: set[tuple[type, str]] = set()
        self._lock = Lock()

    def add(self, cls: type) -> None:
        if cls in self._classes:
            return
        with self._lock:
            if cls not in self._classes:
                for name in OPERATIONS:
                    self._adopt(cls, name)
                self._classes.add(cls)

    def _adopt(self, cls: type, name: str) -> None:
        """Patch the method where it is defined, once for all classes that inherit it."""
        owner = next((c for c in cls.__mro__ if name in vars(c)), object)
        method: Any = vars(owner).get(name)
        is_method = callable(method) and hasattr(method, "__get__")
        if owner is object or not is_method or (owner, name) in self._methods:
            return
        self._methods.add((owner, name))
        describe = _describing(OPERATIONS[name])
        if iscoroutinefunction(method):
            self._patches.replace(owner, name, calls.timing_async(method, "cache", describe))
        elif name not in ASYNCHRONOUS:
            self._patches.replace(owner, name, calls.timing(method, "cache", describe))


def _describing(operation: str) -> calls.Describe:
    outcomes = OUTCOMES.get(operation)

    def describe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> calls.Description:
        cache = args[0]
        known = _aliases.get(id(cache))
        alias = known[1] if known is not None else _find(cache)
        return alias, operation, outcomes(args, kwargs, result) if outcomes else ()

    return describe


def _of_get(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> tuple[str, ...]:
    default = args[2] if len(args) > 2 else kwargs.get("default")
    return ("miss",) if result is default else ("hit",)


def _of_has_key(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> tuple[str, ...]:
    return ("hit",) if result else ("miss",)


def _of_get_many(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> tuple[str, ...]:
    """One for each key; the misses only where the keys can be counted."""
    keys = args[1] if len(args) > 1 else kwargs.get("keys")
    hits = len(result) if result is not None else 0
    misses = len(keys) - hits if isinstance(keys, Sized) else 0
    return ("hit",) * hits + ("miss",) * misses


OUTCOMES = {"get": _of_get, "has_key": _of_has_key, "get_many": _of_get_many}


def _name(cache: Any, alias: str) -> None:
    """Remember an alias as long as the cache lives: it doesn't know its own."""
    number = id(cache)
    try:
        known = weakref.ref(cache, lambda _: _aliases.pop(number, None))
    except TypeError:  # it has slots: it is sought anew each time
        return
    _aliases[number] = known, alias


def _find(cache: Any) -> str:
    """The alias of a cache that is older than the recorder; its class's name where it has none."""
    from django.core.cache import caches

    alias = type(cache).__name__
    for candidate in caches if caches._settings is not None else ():
        if getattr(caches._connections, candidate, None) is cache:
            alias = candidate
    _name(cache, alias)
    return alias
