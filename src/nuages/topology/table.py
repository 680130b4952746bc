"""What `[tool.nuages.topology]` may say, key by key."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, get_args

from nuages.config_kinds import MismatchError, each, environment, one_of, text, texts
from nuages.topology import ServerKind, ServiceKind

NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
OWN = frozenset({"postgres", "postgres-replica", "pgbouncer", "valkey", "queue", "memcached",
                 "caddy", "all"})  # fmt: skip
URL = re.compile(r"[a-z][a-z0-9+]*://\S+")

Reader = Callable[[object], Any]


def count(value: object) -> int:
    """A whole number above 0."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise MismatchError("a whole number above 0", value)


def whole(value: object) -> int:
    """A whole number from 0."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise MismatchError("a whole number from 0", value)


def port(value: object) -> int:
    """A TCP port."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536:
        return value
    raise MismatchError("a port, 1 to 65535", value)


def routes(value: object) -> tuple[str, ...]:
    """Path prefixes and names of URL patterns."""
    for route in (found := texts(value)):
        if not (route.startswith("/") or re.fullmatch(r"[\w:*.-]+", route)):
            expected = "path prefixes such as /api/ or names of URL patterns such as shop:cart"
            raise MismatchError(expected, route)
    return found


def words(value: object) -> tuple[str, ...]:
    """A command line."""
    return tuple(shlex.split(value)) if isinstance(value, str) and value.strip() else texts(value)


def choice(*names: str) -> Reader:
    """One of some words."""
    return lambda value: one_of(names, text(value))


def url_or(*names: str) -> Reader:
    """One of some words, or the URL of a server that is not ours."""

    def read(value: object) -> str:
        told = text(value)
        if told in names or URL.fullmatch(told):
            return told
        raise MismatchError(f"one of {', '.join(names)}, or a URL", value)

    return read


def urls(value: object) -> dict[str, str]:
    """Alias → URL of a server that is not ours."""
    if not isinstance(value, Mapping):
        raise MismatchError("a table of URLs by database alias", value)
    return each(value, lambda _: url_or())


SERVICE: Mapping[str, Reader] = {
    "kind": choice(*get_args(ServiceKind)),
    "routes": routes,
    "replicas": whole,
    "most": count,
    "workers": count,
    "threads": count,
    "memory_mb": count,
    "server": choice(*(name for name in get_args(ServerKind) if name != "command")),
    "application": text,
    "command": words,
    "environment": environment,
    "pool": text,
}

TABLE: Mapping[str, Reader] = {
    "host": text,
    "port": port,
    "status_port": port,
    "server": SERVICE["server"],
    "cache": url_or("valkey", "memcached", "none"),
    "cache_mb": count,
    "pool": choice("pgbouncer", "django", "none"),
    "pool_size": count,
    "max_connections": count,
    "read_replicas": whole,
    "databases": urls,
    "keep": texts,
    "services": lambda value: services(value),
    "pools": lambda value: pools(value),
}


def topology(value: object) -> dict[str, Any]:
    """The table, read; MismatchError names the key below it."""
    return _table(value, TABLE, "a table of the topology")


def services(value: object) -> dict[str, dict[str, Any]]:
    """Tables of services by name."""
    if not isinstance(value, Mapping):
        raise MismatchError("a table of services", value)
    for name in value:
        if not NAME.fullmatch(str(name)) or name in OWN:
            expected = "a name of small letters, digits and - that no part of the stack has"
            raise MismatchError(expected, name, below=f".{name}")
    return each(value, lambda _: lambda item: _table(item, SERVICE, "a table of a service"))


def pools(value: object) -> dict[str, int]:
    """Sizes of further pools by name."""
    if not isinstance(value, Mapping):
        raise MismatchError("a table of pool sizes", value)
    return each(value, lambda _: count)


def _table(value: object, readers: Mapping[str, Reader], expected: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise MismatchError(expected, value)
    told = {one_of(list(readers), str(key).replace("-", "_")): item for key, item in value.items()}
    return each(told, lambda key: readers[key])
