"""How a project is deployed, as far as its files say so plainly: processes, poolers, limits."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from nuages.deployment import files, manifests
from nuages.deployment.values import Deployment, Fleet, Pooler, Service

__all__ = ["Deployment", "Fleet", "Pooler", "Service", "read"]

ABOVE = 2  # folders that a project may lie below its repository's
DEPTH = 5  # folders below the root
LARGEST = 500_000  # bytes; what is larger was generated
MOST = 2_000  # files looked at
SKIPPED = frozenset({
    "__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist", "static",
    "media", "locale", "migrations", "docs", "doc", "examples", "example", "tests", "test", "e2e",
    "fixtures",
})  # fmt: skip
OF_OTHERS = ("test", "e2e", "ci", "example", "sample", "dev", "local", "override", "debug")


def read(project: Path) -> Deployment:
    """Read what lies in a project's repository; what says nothing plainly is passed over."""
    root = _repository(project)
    everything = list(_files(root))
    found = [path for path in everything if files.is_of_deployment(path.name)]
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in everything:
        by_name[path.name].append(path)
    tree = files.Tree(root, by_name)
    fleets = [fleet for path in found for fleet in _of_file(path, tree)]
    fleets += _of_manifests(found, tree)
    if not any(fleet.services for fleet in fleets):
        fleets += _of_images(found, tree)
    return Deployment(fleets=tuple(fleets))


def _repository(project: Path) -> Path:
    """The folder of a repository around a project: Docker's files often lie beside it."""
    around = (project, *project.parents[:ABOVE])
    return next((folder for folder in around if (folder / ".git").exists()), project)


def _of_file(path: Path, tree: files.Tree) -> Iterator[Fleet]:
    name = path.name
    if manifests.is_compose(name):
        yield from manifests.compose(path, tree)
    elif name == "Procfile":
        yield files.procfile(path, tree)
    elif name == "pgbouncer.ini":
        yield Fleet(source=tree.name(path), pooler=files.pgbouncer(path, tree))
    elif name.endswith(".service"):
        yield files.systemd(path, tree)
    elif name == "postgresql.conf":
        yield Fleet(source=tree.name(path), max_connections=files.max_connections(path))
    elif name.endswith((".ini", ".conf")):
        yield from files.programs(path, tree)


def _of_manifests(found: list[Path], tree: files.Tree) -> Iterator[Fleet]:
    """Kubernetes: the files of a folder belong together."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in found:
        if path.suffix in (".yml", ".yaml") and not manifests.is_compose(path.name):
            folders[path.parent].append(path)
    for folder, paths in folders.items():
        yield from manifests.kubernetes(folder, paths, tree)


def _of_images(found: list[Path], tree: files.Tree) -> Iterator[Fleet]:
    """Dockerfiles, where nothing else says how they are run."""
    for path in found:
        if path.name.startswith("Dockerfile"):
            service = files.image(path, tree)
            if service is not None:
                yield Fleet(source=tree.name(path), services=(service,))


def _files(root: Path) -> Iterator[Path]:
    seen = 0
    for folder, folders, names in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        folders[:] = sorted(name for name in folders if depth < DEPTH and _is_deployed(name))
        for name in sorted(names):
            path = Path(folder, name)
            if files.is_readable(name) and _is_deployed(name) and seen < MOST:
                seen += 1
                if path.is_file() and path.stat().st_size <= LARGEST:
                    yield path


def _is_deployed(name: str) -> bool:
    """Whether a file or folder is about production, and not about tests or somebody's desk."""
    words = name.lower().replace("-", ".").replace("_", ".").split(".")
    hidden = name.startswith(".")
    return not hidden and name not in SKIPPED and not set(OF_OTHERS).intersection(words)
