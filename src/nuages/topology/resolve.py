"""From what was told and what was found to a whole topology, with where each value came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nuages.errors import NuagesError
from nuages.topology import Balancer, Cache, Database, Pool, PoolKind, Service, Topology
from nuages.wording import percent

FILE = "[tool.nuages.topology]"
MOST = 8  # replicas of a service that the balancer has slots for, unless more are told
SHARE = 0.9  # of max_connections that pools may fill; the rest is for people and migrations


class TopologyError(NuagesError):
    """The topology asks for what cannot be."""

    slug = "topology"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the project itself says that matters here."""

    name: str
    wsgi: str | None = None
    asgi: str | None = None
    is_async: bool = False
    cpus: int = 2
    workers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # found, by name
    schedules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Telling:
    """Values and where each came from: a flag, the file, or a default with its reason."""

    def __init__(self, told: Mapping[str, Any], flags: Mapping[str, Any]) -> None:
        self.told, self.flags = told, flags
        self.sources: dict[str, str] = {}

    def value(self, key: str, default: Any, why: str, *, within: str = "") -> Any:
        """A flag wins over the file, the file over the default."""
        path = f"{within}{key}"
        table = self.told
        for part in filter(None, within.split(".")):
            table = table.get(part) or {}
        if self.flags.get(path) is not None:
            self.sources[path] = f"--{path.rpartition('.')[2].replace('_', '-')}"
            return self.flags[path]
        if key in table:
            self.sources[path] = FILE
            return table[key]
        self.sources[path] = why
        return default


def resolve(
    told: Mapping[str, Any], found: Found, flags: Mapping[str, Any] | None = None
) -> Topology:
    """The topology of a project; `flags` are values by key path that win over the file.

    Raises TopologyError where a service has nothing to run, or pools exceed the server.
    """
    say = Telling(told, flags or {})
    services = _services(say, found)
    databases = _databases(say)
    topology = Topology(
        project=found.name,
        services=services,
        databases=databases,
        pools=_pools(say, databases, found.cpus),
        cache=_cache(say),
        balancer=Balancer(
            host=say.value("host", Balancer.host, "default: this machine only"),
            port=say.value("port", Balancer.port, "default"),
        ),
        status_port=say.value("status_port", 0, "default: the first free one after `port`"),
        keep=tuple(say.value("keep", (), "default: every override that a stack needs")),
        sources=say.sources,
    )
    _check(topology)
    return topology


def _services(say: Telling, found: Found) -> tuple[Service, ...]:
    named = say.told.get("services") or {}
    webs = [name for name, table in named.items() if table.get("kind", "web") == "web"
            and "command" not in table]  # fmt: skip
    rest_is_served = any(not named[name].get("routes") for name in webs)
    names = list(named) if rest_is_served else ["web", *named]
    services = [_service(say, name, found) for name in dict.fromkeys(names)]
    there = {service.command for service in services}
    for kind, commands in (("worker", found.workers), ("schedule", found.schedules)):
        for name, words in commands.items():
            if words not in there and name not in names:
                services.append(_found_service(say, name, kind, words))
    return tuple(services)


def _service(say: Telling, name: str, found: Found) -> Service:
    within = f"services.{name}."

    def value(key: str, default: Any, why: str) -> Any:
        return say.value(key, default, why, within=within)

    command = tuple(value("command", (), "default: the web server"))
    kind = value("kind", "worker" if command else "web", "default")
    if command:
        return Service(
            name=name, kind=kind, server="command", command=command,
            replicas=1 if kind == "schedule" else value("replicas", 1, "default"),
            most=value("most", MOST, "default"),
            memory_mb=value("memory_mb", None, "default: no limit"),
            threads=value("threads", 1, "default"),
            environment=value("environment", {}, "default"),
            pool=value("pool", "default", "default"),
        )  # fmt: skip
    server, why = _server(found)
    server = value("server", say.value("server", server, why), "as `server`")
    replicas = value("replicas", 2, "default: one can be replaced while the other serves")
    return Service(
        name=name, kind=kind, server=server, replicas=replicas,
        routes=value("routes", (), "default: all the rest"),
        most=max(replicas, value("most", MOST, "default")),
        workers=value("workers", 1, "default: replicas are the processes"),
        threads=value("threads", 4, "default"),
        memory_mb=value("memory_mb", None, "default: no limit"),
        application=value("application", _application(server, found), "found in the project"),
        environment=value("environment", {}, "default"),
        pool=value("pool", "default", "default"),
    )  # fmt: skip


def _found_service(say: Telling, name: str, kind: Any, command: tuple[str, ...]) -> Service:
    say.sources[f"services.{name}.command"] = "found in the project"
    return Service(name=name, kind=kind, server="command", command=command, threads=1)


def _server(found: Found) -> tuple[str, str]:
    if found.asgi and (found.is_async or not found.wsgi):
        why = "the project is asynchronous" if found.is_async else "there is no WSGI application"
        return "granian-asgi", f"{why}; ASGI gave 0.13 to 0.56 of the throughput of WSGI"
    return "granian", "default: the fastest that was measured for WSGI"


def _application(server: str, found: Found) -> str:
    return (found.asgi if server == "granian-asgi" else found.wsgi) or ""


def _databases(say: Telling) -> tuple[Database, ...]:
    external: Mapping[str, str] = say.value("databases", {}, "default: PostgreSQL of its own")
    most = say.value("max_connections", 100, "default: PostgreSQL's own")
    replicas = say.value("read_replicas", 0, "default")
    aliases = dict.fromkeys(["default", *external])
    return tuple(
        Database(
            alias=alias, external=external.get(alias), max_connections=most,
            replicas=0 if alias in external else replicas if alias == "default" else 0,
        )
        for alias in aliases
    )  # fmt: skip


def _pools(say: Telling, databases: Sequence[Database], cpus: int) -> tuple[Pool, ...]:
    kind: PoolKind = say.value("pool", "pgbouncer", "default")
    named: Mapping[str, int] = say.value("pools", {}, "default: one for all services")
    ours = int(SHARE * databases[0].max_connections)
    usual = max(1, min(ours - sum(named.values()), max(10, 4 * cpus)))
    told = f"default: 4 a CPU, and at most {percent(SHARE)} of the server"
    size = say.value("pool_size", usual, told)
    pools = [Pool(kind=kind, size=size)]
    pools += [Pool(name=name, kind=kind, size=size) for name, size in named.items()]
    return tuple(pools)


def _cache(say: Telling) -> Cache:
    kind = say.value("cache", "valkey", "default")
    memory = say.value("cache_mb", Cache.memory_mb, "default")
    if "://" in kind:
        return Cache(kind="external", external=kind, memory_mb=memory)
    return Cache(kind=kind, memory_mb=memory)


def _check(topology: Topology) -> None:
    pools = {pool.name for pool in topology.pools}
    for service in topology.services:
        if service.kind == "web" and not service.application:
            raise TopologyError(
                f"the service {service.name!r} has no"
                f" {'ASGI' if service.server == 'granian-asgi' else 'WSGI'} application to run",
                hint=f'application = "shop.wsgi:application" for it under {FILE}',
            )
        if service.pool not in pools:
            raise TopologyError(
                f"the service {service.name!r} uses the pool {service.pool!r}, and there is none",
                hint=f"{service.pool} = 20 under [tool.nuages.topology.pools]",
            )
    if sum(not service.routes for service in topology.web) != 1:
        names = ", ".join(service.name for service in topology.web if not service.routes)
        raise TopologyError(
            f"one service answers what no other's routes name, and {names} all would",
            hint="give all of them but one their `routes`",
        )
    asked = sum(pool.size for pool in topology.pools if pool.kind == "pgbouncer")
    limit = int(SHARE * topology.databases[0].max_connections)
    if asked > limit:
        raise TopologyError(
            f"the pools hold {asked} connections, {percent(SHARE)} of max_connections are {limit}",
            hint="smaller pools, or a greater max_connections",
        )
