"""Compose files and Kubernetes manifests: services, replicas, and the servers beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from nuages.deployment import files
from nuages.deployment.commands import started
from nuages.deployment.values import Fleet, Pooler, Service

COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml")
POSTGRES = re.compile(r"postgres|postgis|timescale", re.IGNORECASE)
PGBOUNCER = re.compile(r"pgbouncer", re.IGNORECASE)
LIMIT = re.compile(r"max_connections[= ]+(\d+)")
POSTGRES_DEFAULT = 100  # of max_connections, since PostgreSQL 8.0
RUNNING = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})


def is_compose(name: str) -> bool:
    return COMPOSE.fullmatch(name) is not None


def compose(path: Path, tree: files.Tree) -> Iterator[Fleet]:
    """The services of one compose file."""
    [document] = _documents(path)[:1] or [{}]
    services = _mapping(document.get("services"))
    source = tree.name(path)
    found, pooler, limit = [], None, None
    for name, about in services.items():
        about = _mapping(about)
        image = str(about.get("image", ""))
        environment = _environment(about.get("environment"))
        if PGBOUNCER.search(image):
            pooler = _pooler(source, about, environment)
        elif POSTGRES.search(image):
            limit = _limit(about.get("command"), about.get("volumes"))
        elif service := _composed(str(name), about, environment, path, tree):
            found.append(service)
    if found or pooler or limit:
        yield Fleet(source=source, services=tuple(found), pooler=pooler, max_connections=limit)


def _composed(
    name: str, about: Mapping[str, Any], environment: dict[str, str], path: Path, tree: files.Tree
) -> Service | None:
    source = tree.name(path)
    copies = _replicas(about)
    for command in (about.get("command"), about.get("entrypoint")):
        if begun := started(command, environment):
            return files.service(begun, name=name, source=source, tree=tree, replicas=copies)
    image = _dockerfile(about.get("build"), path)
    made = image and files.image(image, tree, about.get("command"))
    if not made:
        return None
    return Service(
        name=name, server=made.server, source=source, workers=made.workers, threads=made.threads,
        replicas=copies, worker_class=made.worker_class,
    )  # fmt: skip


def _replicas(about: Mapping[str, Any]) -> int | None:
    given = _mapping(about.get("deploy")).get("replicas", about.get("scale", 1))
    return given if isinstance(given, int) else None


def _dockerfile(build: object, path: Path) -> Path | None:
    if not build:
        return None
    table = {"context": build} if isinstance(build, str) else _mapping(build)
    file = path.parent / str(table.get("context", ".")) / str(table.get("dockerfile", "Dockerfile"))
    return file if file.is_file() else None


def _pooler(source: str, about: Mapping[str, Any], environment: dict[str, str]) -> Pooler | None:
    """A PgBouncer that its image configures from variables; another file may know better."""
    if about.get("env_file") or "pgbouncer.ini" in str(about.get("volumes", "")):
        return None
    own = {key.removeprefix("PGBOUNCER_").lower(): value for key, value in environment.items()}
    return files.pooler(source, own, databases=1)


def _limit(command: object, volumes: object) -> int | None:
    text = " ".join(map(str, command)) if isinstance(command, list) else str(command or "")
    if found := LIMIT.search(text):
        return int(found.group(1))
    is_elsewhere = "config_file" in text or "postgresql" in str(volumes or "").replace(
        "/var/lib/postgresql", ""
    )
    return None if is_elsewhere else POSTGRES_DEFAULT


def kubernetes(folder: Path, paths: list[Path], tree: files.Tree) -> Iterator[Fleet]:
    """The workloads of one folder of manifests."""
    documents = [each for path in paths for each in _documents(path)]
    scaled = dict(_scaled(documents))
    source = tree.name(folder) if folder != tree.root else tree.name(paths[0])
    found: dict[str, Service] = {}
    pooler, limit = None, None
    for document in documents:
        if document.get("kind") not in RUNNING:
            continue
        name = str(_mapping(document.get("metadata")).get("name", ""))
        spec = _mapping(document.get("spec"))
        replicas = scaled.get(name, spec.get("replicas", 1))
        replicas = replicas if isinstance(replicas, int) else None
        for container in _containers(spec):
            environment = _environment(container.get("env"))
            image = str(container.get("image", ""))
            command = _command(container)
            if PGBOUNCER.search(image):
                pooler = _pooler(source, container, environment)
            elif POSTGRES.search(image):
                limit = _limit(command, None)
            elif begun := started(command, environment):
                found[name] = files.service(
                    begun, name=name, source=source, tree=tree, replicas=replicas
                )
    if found or pooler or limit:
        yield Fleet(
            source=source, services=tuple(found.values()), pooler=pooler, max_connections=limit
        )


def _command(container: Mapping[str, Any]) -> list[str]:
    parts = (container.get("command") or [], container.get("args") or [])
    return [str(word) for part in parts for word in (part if isinstance(part, list) else [part])]


def _containers(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    pod = _mapping(_mapping(spec.get("template")).get("spec"))
    found = pod.get("containers")
    return [_mapping(each) for each in found] if isinstance(found, list) else []


def _scaled(documents: list[Mapping[str, Any]]) -> Iterator[tuple[str, int]]:
    """What autoscalers may make of a workload, by its name."""
    for document in documents:
        spec = _mapping(document.get("spec"))
        most = spec.get("maxReplicas")
        if document.get("kind") == "HorizontalPodAutoscaler" and isinstance(most, int):
            yield str(_mapping(spec.get("scaleTargetRef")).get("name", "")), most


def _environment(given: object) -> dict[str, str]:
    """Variables in any of the three forms that they are written in."""
    if isinstance(given, dict):
        return {str(key): str(value) for key, value in given.items() if value is not None}
    found = {}
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and "value" in each:
            found[str(each.get("name"))] = str(each["value"])
        elif isinstance(each, str) and "=" in each:
            name, _, value = each.partition("=")
            found[name] = value
    return found


def _documents(path: Path) -> list[Mapping[str, Any]]:
    """Those that can be read; a chart's templates cannot."""
    try:
        loaded = list(yaml.safe_load_all(files.text_of(path)))
    except (yaml.YAMLError, ValueError, RecursionError):
        return []
    return [each for each in loaded if isinstance(each, dict)]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
