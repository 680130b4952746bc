"""The topology of a project: what it says of itself, what its user told, and a table of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from nuages.project import Project, settings_module, variables
from nuages.topology import Service, Topology, detect
from nuages.topology.resolve import Found, resolve


def topology_of(project: Project, flags: Mapping[str, Any]) -> Topology:
    """The project's topology, resolved; `flags` are values by key path that win over the file."""
    folder = project.settings_file.parent
    sources = [
        variables.text_of(path) for path in settings_module.imported(project.settings_file, folder)
    ]
    workers, schedules = detect.queues(project.root, project.settings, sources)
    found = Found(
        name=project.name,
        wsgi=project.wsgi,
        asgi=project.asgi,
        is_async=detect.is_async(project.root, project.asgi),
        cpus=os.cpu_count() or 1,
        workers=workers,
        schedules=schedules,
    )
    return resolve(project.config.topology, found, flags)


def render(topology: Topology, console: Console) -> None:
    """Print the topology, each value with where it came from."""
    table = Table("what", "value", "where from", title=None, box=None, pad_edge=False)
    for path, value in values(topology):
        table.add_row(path, value, topology.sources.get(path, ""), style=None)
    console.print(table)


def values(topology: Topology) -> Iterator[tuple[str, str]]:
    """Key path and value of everything that a user may set."""
    balancer, cache = topology.balancer, topology.cache
    yield "host", balancer.host
    yield "port", str(balancer.port)
    yield "status_port", str(topology.status_port or "next")
    for service in topology.services:
        for key, value in _of_service(service):
            yield f"services.{service.name}.{key}", value
    pool = topology.pools[0]
    yield "pool", pool.kind
    yield "pool_size", str(pool.size)
    for other in topology.pools[1:]:
        yield f"pools.{other.name}", str(other.size)
    yield "cache", cache.external or cache.kind
    yield "cache_mb", str(cache.memory_mb)
    yield "max_connections", str(topology.databases[0].max_connections)
    yield "read_replicas", str(topology.databases[0].replicas)
    external = {each.alias: "external" for each in topology.databases if each.external}
    yield "databases", ", ".join(external) or "its own"
    yield "keep", ", ".join(topology.keep) or "none"


def _of_service(service: Service) -> Iterator[tuple[str, str]]:
    yield "kind", service.kind
    if service.kind == "web":
        yield "server", service.server
        yield "application", service.application
        yield "routes", ", ".join(service.routes) or "all the rest"
    else:
        yield "command", " ".join(service.command)
    yield "replicas", str(service.replicas)
    yield "most", str(service.most)
    if service.kind == "web":
        yield "workers", str(service.workers)
        yield "threads", str(service.threads)
    yield "memory_mb", str(service.memory_mb or "no limit")
    yield "pool", service.pool
