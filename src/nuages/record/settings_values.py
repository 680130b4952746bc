"""Values of settings, each cut down to what holds no secret and no host's name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from logging import getLevelName
from typing import Any
from urllib.parse import urlsplit

Read = Callable[[Any], Any]

HERE = re.compile(r"localhost|127(\.\d+){3}|\[?::1\]?|0\.0\.0\.0", re.IGNORECASE)
_NAME = re.compile(r"[\w.:-]{1,200}")  # of a class, a module, an alias: no address, no sentence
_NUMBER = re.compile(r"-?\d{1,12}(\.\d+)?|true|false|none", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/", re.IGNORECASE)
_SERVER = re.compile(r"\[?[\w.:-]+\]?:\d+")
_URL_PATH = re.compile(r"/?[\w.~-]+(/[\w.~-]+)*/?|/")
# OPTIONS of a database whose values are no secrets.
PLAIN_OPTIONS = frozenset({
    "charset", "check_same_thread", "connect_timeout", "isolation_level", "pool",
    "prepare_threshold", "server_side_binding", "sslmode", "timeout", "transaction_mode",
})  # fmt: skip
POOL_OPTIONS = frozenset({
    "max_idle", "max_lifetime", "max_size", "max_waiting", "min_size", "num_workers", "timeout",
})  # fmt: skip


class UnreadableError(ValueError):
    """A value of another kind than Django's documentation gives."""


def plain(value: Any) -> Any:
    """True, False, None, a number, or a number that a variable of the environment gave as text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return str(value)
    raise UnreadableError


def name(value: Any) -> str | None:
    """A dotted name; that of a class or function, or of an instance's class."""
    if value is None:
        return None
    if isinstance(value, str):
        if not value or _NAME.fullmatch(value):
            return str(value)
        raise UnreadableError
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"


def names(value: Any) -> list[str]:
    """Dotted names; what is none is left out."""
    if isinstance(value, str):
        raise UnreadableError
    return list(readable(name, value or ()))


def is_set(value: Any) -> bool:
    return bool(value)


def count(value: Any) -> int:
    return len(value)


def scheme(value: Any) -> str:
    """What speaks at an address, "redis", or a backend's own name, "django-db"."""
    text = str(value or "")
    found = _SCHEME.match(text)
    return found[1].lower() if found else name(text) or ""


def url(value: Any) -> str:
    """A path of the site, "/static/"; "remote" for what another host has."""
    text = str(value or "")
    if urlsplit(text).netloc:
        return "remote"
    return text if not text or _URL_PATH.fullmatch(text) else "path"


def readable(read: Read, values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        try:
            yield read(value)
        except Exception:  # what a project gives in its place may be anything
            continue


def some(told: Mapping[str, Any], reads: Mapping[str, Read]) -> dict[str, Any]:
    """The entries of a dictionary that can be read."""
    found = {}
    for key, read in reads.items():
        if key in told:
            for value in readable(read, [told[key]]):
                found[key] = value
    return found


def by_alias(read: Callable[[Mapping[str, Any]], Any]) -> Read:
    """By alias; an alias that cannot be read is left out."""

    def read_each(value: Any) -> dict[str, Any]:
        pairs = readable(lambda item: (str(item[0]), read(item[1])), value.items())
        return dict(pairs)

    return read_each


# --- databases, caches, queues


def database(told: Mapping[str, Any]) -> dict[str, Any]:
    engine = str(told.get("ENGINE") or "")
    found = {**DEFAULTS, **some(told, DATABASE)}
    found["NAME"] = _database_name(engine, str(told.get("NAME") or ""))
    found["HOST"] = host(told.get("HOST"))
    found["OPTIONS"] = _options(told.get("OPTIONS") or {})
    mirror = name((told.get("TEST") or {}).get("MIRROR"))  # the alias that it is a replica of
    return {**found, "MIRROR": mirror} if mirror else found


DATABASE: Mapping[str, Read] = {
    "ENGINE": name,
    "CONN_MAX_AGE": plain,
    "CONN_HEALTH_CHECKS": plain,
    "DISABLE_SERVER_SIDE_CURSORS": plain,
    "ATOMIC_REQUESTS": plain,
    "AUTOCOMMIT": plain,
    "PORT": lambda value: "" if value in (None, "") else plain(str(value)),
}


# As Django's ConnectionHandler fills them in.
DEFAULTS = {
    "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "ATOMIC_REQUESTS": False, "AUTOCOMMIT": True,
    "DISABLE_SERVER_SIDE_CURSORS": False,
}  # fmt: skip


def _database_name(engine: str, told: str) -> str:
    if "sqlite" not in engine and "spatialite" not in engine:
        return "name" if told else ""
    return "memory" if not told or ":memory:" in told or "mode=memory" in told else "file"


def host(value: Any) -> str:
    """Whether a host is "local", a "unix" socket, or "remote"; "" where none is given."""
    text = str(value or "").strip()
    if not text:
        return ""
    if text.startswith(("/", "@")):
        return "unix"
    return "local" if all(HERE.fullmatch(part) for part in text.split(",")) else "remote"


def _options(told: Mapping[str, Any]) -> dict[str, Any]:
    """Every key, by which much can be told; the value of a few, None for the rest."""
    found = {str(key): None for key in told if _NAME.fullmatch(str(key))}
    return found | some(told, dict.fromkeys(PLAIN_OPTIONS, _option))


def _option(value: Any) -> Any:
    if isinstance(value, Mapping):
        return some(value, dict.fromkeys(POOL_OPTIONS, plain))
    if isinstance(value, Enum):
        return value.name
    return name(value) if isinstance(value, str) else plain(value)


def cache(told: Mapping[str, Any]) -> dict[str, Any]:
    options = told.get("OPTIONS") or {}
    entries = options.get("MAX_ENTRIES", told.get("MAX_ENTRIES"))
    return {
        **some(told, {"BACKEND": name, "TIMEOUT": plain, "KEY_PREFIX": is_set}),
        "LOCATION": _location(told.get("LOCATION")),
        **({} if entries is None else {"MAX_ENTRIES": plain(entries)}),
    }


def _location(value: Any) -> str:
    """Where a cache is: the farthest, of several servers; a "name" of a table or of memory."""
    several = isinstance(value, list | tuple | set)
    places = [_place(str(each)) for each in (value if several else [value or ""])]
    return next((kind for kind in ("remote", "local", "unix", "path") if kind in places),
                "name" if "name" in places else "")  # fmt: skip


def _place(text: str) -> str:
    if not text:
        return ""
    if "://" in text:
        parts = urlsplit(text)
        return host(parts.hostname) or "unix"
    if text.startswith("unix:"):
        return "unix"
    if _SERVER.fullmatch(text):
        return host(text.rpartition(":")[0])
    is_path = text.startswith("/") or re.match(r"[A-Za-z]:[\\/]", text)
    return ("unix" if text.endswith(".sock") else "path") if is_path else "name"


def backend(told: Mapping[str, Any]) -> dict[str, Any]:
    return some(told, {"BACKEND": name})


# --- templates, logs, REST framework


def templates(value: Any) -> list[dict[str, Any]]:
    return list(readable(_engine, value))


def _engine(told: Mapping[str, Any]) -> dict[str, Any]:
    options = {
        "loaders": _loaders,
        "debug": plain,
        "auto_reload": plain,
        "context_processors": names,
    }
    return {
        **some(told, {"BACKEND": name, "APP_DIRS": plain, "DIRS": count}),
        "OPTIONS": some(told.get("OPTIONS") or {}, options),
    }


def _loaders(value: Any) -> list[Any]:
    return list(readable(_loader, value or ()))


def _loader(value: Any) -> Any:
    """A name, or [name, what it is given]: loaders to cache; else nothing, as of a dictionary."""
    if isinstance(value, str) or not isinstance(value, list | tuple):
        return name(value)
    inner = value[1] if len(value) > 1 and isinstance(value[1], list | tuple) else ()
    return [name(value[0]), _loaders(inner)]


LOGGERS = ("django", "django.request", "django.db", "django.db.backends")


def logging(value: Mapping[str, Any]) -> dict[str, Any]:
    """The loggers that may print queries, with the classes of their handlers and filters."""
    loggers = value.get("loggers") or {}
    told = {each: loggers[each] for each in LOGGERS if each in loggers}
    root = value.get("root") or loggers.get("")
    if root:
        told["root"] = root
    return {
        **some(value, {"disable_existing_loggers": plain}),
        "loggers": {each: _logger(logger, value) for each, logger in told.items()},
    }


def _logger(told: Mapping[str, Any], logging: Mapping[str, Any]) -> dict[str, Any]:
    handlers = logging.get("handlers") or {}
    used = [handlers[each] for each in told.get("handlers") or () if each in handlers]
    return {
        **some(told, {"level": _level, "propagate": plain}),
        "handlers": list(readable(lambda each: _handler(each, logging), used)),
    }


def _handler(told: Mapping[str, Any], logging: Mapping[str, Any]) -> dict[str, Any]:
    filters = logging.get("filters") or {}
    used = [filters[each] for each in told.get("filters") or () if each in filters]
    return {
        **some(told, {"level": _level}),
        "class": name(told.get("class") or told.get("()")),
        "filters": list(readable(lambda each: name(each.get("()")), used)),
    }


def _level(value: Any) -> str:
    return str(getLevelName(value) if isinstance(value, int) else name(value)).upper()


REST: Mapping[str, Read] = {
    "DEFAULT_PAGINATION_CLASS": name,
    "PAGE_SIZE": plain,
    "DEFAULT_RENDERER_CLASSES": names,
    "DEFAULT_PARSER_CLASSES": names,
    "DEFAULT_AUTHENTICATION_CLASSES": names,
    "DEFAULT_PERMISSION_CLASSES": names,
    "DEFAULT_THROTTLE_CLASSES": names,
    "DEFAULT_FILTER_BACKENDS": names,
}
