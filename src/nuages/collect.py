"""The `collect` verb: one recording of what the processes of a site have written, on any host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from nuages import store
from nuages.django.places import spools_of
from nuages.errors import NuagesError
from nuages.model import Recording
from nuages.project import find_root


def collect(sources: Sequence[Path], *, here: Path) -> Recording:
    """Add up spools and recordings; without any, the spools of the project that `here` is in.

    Source roots that only the servers have are taken to be this project's. Raises NuagesError
    when a source is neither, or nothing was recorded.
    """
    root = find_root(here)
    given = list(sources) or _spools_here(root)
    folders = [source for source in given if source.is_dir()]
    files = [source for source in given if not source.is_dir()]
    recording = store.merge_all([store.fold(*folders), *map(store.read, files)])
    if not recording.processes:
        raise _nothing(", ".join(map(str, given)))
    meta = {
        **{name: value for name, value in recording.meta.items() if name != "argv"},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return replace(recording, meta=meta, roots=_roots_here(recording, root))


def executions(recording: Recording) -> tuple[int, int, int]:
    """Requests, the routes that they went to, and commands and tasks of a recording."""
    number: Counter[str] = Counter()
    for stats in recording.scopes:
        number[stats.scope.kind] += stats.executions
    routes = sum(stats.scope.kind == "request" for stats in recording.scopes)
    return number["request"], routes, number["command"] + number["task"]


def _spools_here(root: Path) -> list[Path]:
    found = spools_of(str(root))
    if not found:
        raise _nothing(f"a spool of {root}")
    return found


def _nothing(where: str) -> NuagesError:
    return NuagesError(
        f"No process has written into {where}.",
        hint='Servers write once "nuages.django" is in INSTALLED_APPS; name their folder, '
        "NUAGES['SPOOL'], when it is another: nuages collect FOLDER",
        slug="nothing-collected",
    )


def _roots_here(recording: Recording, root: Path) -> dict[str, str]:
    """Label → folder; in the project's place where this machine has no such folder."""
    found = {}
    for label, path in recording.roots.items():
        own = (root / label).resolve()
        found[label] = str(own) if own.is_dir() and not Path(path).is_dir() else path
    return found
