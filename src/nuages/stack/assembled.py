"""Everything that one stack is made of, resolved to programs, folders and what to ask whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nuages.stack.autoscale import Bounds
from nuages.stack.caddy import Caddy
from nuages.stack.child import Order
from nuages.stack.cluster import Cluster
from nuages.stack.home import Home
from nuages.stack.kept import Say
from nuages.stack.memcached import Memcached
from nuages.stack.pgbouncer import PgBouncer
from nuages.stack.replicas import Launcher
from nuages.stack.valkey import Valkey
from nuages.topology import Service, Topology

Tell = Callable[[Service, int], Path]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the project itself said."""

    topology: Topology  # names of its routes resolved
    files: Mapping[str, Path] = field(default_factory=dict)  # URL prefix → root, to be served


class Again(Protocol):
    """Judges pending migrations and, unless it is only to check, runs them."""

    def __call__(self, *, check: bool, force: bool, say: Say) -> list[dict[str, str]]: ...


@dataclass(kw_only=True)
class Parts:
    """Everything that is to run, resolved to programs and folders."""

    topology: Topology
    home: Home
    caddy: Caddy
    launcher: Launcher
    tell: Tell  # writes what a replica's overlay reads
    command: Callable[[], Order]  # how management commands are run
    counters: Callable[[str], Path]  # folder of a replica's vitals
    report: Callable[[], Mapping[str, Any]]  # what the overlay changed
    look: Callable[[], Looked]  # asks the project; blocks
    make_ready: Callable[[], None]  # migrates; blocks
    media: Callable[[], Mapping[str, Path]]  # uploads that the balancer serves; blocks
    abandon: Callable[[], None]  # ends what of these is under way
    finish: Callable[[], None]  # what may go on while replicas start; blocks
    again: Again  # what comes before a roll to newer code; blocks
    cluster: Cluster | None = None
    standbys: tuple[Cluster, ...] = ()
    extensions: frozenset[str] = frozenset()
    pools: dict[str, PgBouncer] = field(default_factory=dict)  # by the name of the pool
    caches: tuple[Valkey | Memcached, ...] = ()
    autoscale: Bounds | None = None
    notes: tuple[str, ...] = ()  # what was found, and what was not, to be said aloud
