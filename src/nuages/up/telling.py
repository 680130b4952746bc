"""What each process of the project is told: its environment, and the file its overlay reads."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nuages import surroundings
from nuages.agent.attach import AttachConfig
from nuages.agent.stack_config import Cache as CachePlace
from nuages.agent.stack_config import Secret, StackConfig
from nuages.project import Project, interpreter
from nuages.scratch import Scratch
from nuages.stack import sidepackages
from nuages.stack.home import Home
from nuages.stack.pgbouncer import PORT as POOL_PORT
from nuages.stack.pgbouncer import PREPARED_SINCE, PgBouncer
from nuages.stack.postgres import PORT, USER
from nuages.stack.replicas import PACKAGES
from nuages.topology import Service, Topology
from nuages.up.finding import REPLICAS, Servers, target_of


class Telling:
    """Writes the files of one run."""

    def __init__(self, project: Project, topology: Topology, home: Home, servers: Servers) -> None:
        self.project, self.topology, self.home, self.servers = project, topology, home, servers
        run = home.path / "run"  # of this run alone: another nuages may have left the last
        shutil.rmtree(run, ignore_errors=True)
        self.scratch = Scratch()
        self.scratch.path = home.folder("run")

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
        if self._pools_natively():
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
            checks=str(self.home.replicas / f"{name}.checks"),
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

    def tell_command(self) -> Path:
        """Write what a management command reads: it goes past the pool, and serves nobody."""
        config = replace(
            self._config(self.topology.services[0]), replica="command", pool="", report="",
            postgres=self._postgres(None), places=self._places(None),
        )  # fmt: skip
        return self._write("command", config)

    def _write(self, name: str, config: StackConfig) -> Path:
        path = self.home.replicas / f"{name}.json"
        path.write_text(config.to_json(), "utf-8")
        return path

    def _config(self, service: Service) -> StackConfig:
        balancer, pool = self.topology.balancer, self.servers.pools.get(service.pool)
        hosts = ("localhost", "127.0.0.1", "[::1]", socket.gethostname(), balancer.host)
        return StackConfig(
            service=service.name,
            keep=self.topology.keep,
            postgres=self._postgres(pool),
            places=self._places(pool),
            replicas=self._replicas(),
            pool="transaction" if pool else "",
            direct=self._postgres(None),
            prepared_statements=bool(pool and pool.program.version >= PREPARED_SINCE),
            persistent=service.server != "granian-asgi",
            native_pool=service.threads if self._pools_natively() else 0,
            cache=self._cache(),
            queue=self._queue(),
            hosts=tuple(dict.fromkeys(hosts)),
            origins=tuple(f"http://{host}:{balancer.port}" for host in dict.fromkeys(hosts)),
            static=str(self.home.path / "static"),
            media=str(self.home.path / "media"),
            secret=Secret(digest=str(self.scratch.path / "secret"), key=self._secret_key()),
            flags=dict(self.project.config.flags),
            report=str(self.home.path / "overrides.json"),
            scratch=str(self.scratch.folder("child")),
        )

    def _pools_natively(self) -> bool:
        """Whether each process has Django's own pool: without PgBouncer, since Django 5.1."""
        python = self.project.interpreter
        django = tuple(map(int, re.findall(r"\d+", python.django)[:2]))
        return self.servers.pooled == "django" and django >= (5, 1) and "psycopg" in python.drivers

    def _queue(self) -> str:
        return next(
            (f"{each.url}?db=0" for each in self.servers.caches if each.name == "queue"), ""
        )

    def _postgres(self, pool: PgBouncer | None) -> Mapping[str, Any] | None:
        if self.servers.cluster is None:
            return None
        host, port = (pool.folder, POOL_PORT) if pool else (self.servers.cluster.socket_dir, PORT)
        return {"host": str(host), "port": port, "user": USER, "prefix": self.topology.prefix}

    def _places(self, pool: PgBouncer | None) -> dict[str, dict[str, Any]]:
        places = {}
        for database in self.topology.databases:
            if database.external is None:
                continue
            target = target_of(database)
            place = {"NAME": target.name, "HOST": target.host, "PORT": str(target.port),
                     "USER": target.user, "PASSWORD": target.password}  # fmt: skip
            if pool:
                place |= {"HOST": str(pool.folder), "PORT": str(POOL_PORT), "USER": USER,
                          "PASSWORD": ""}  # fmt: skip
            places[database.alias] = place
        return places

    def _replicas(self) -> dict[str, list[dict[str, Any]]]:
        """Where reads may go, by the alias of the primary."""
        places = []
        for number, standby in enumerate(self.servers.standbys):
            pool = self.servers.pools.get(f"{REPLICAS}-{number + 1}")
            host, port = (pool.folder, POOL_PORT) if pool else (standby.socket_dir, PORT)
            places.append({"HOST": str(host), "PORT": str(port), "USER": USER})
        return {"default": places} if places else {}

    def _cache(self) -> CachePlace | None:
        cache = self.topology.cache
        if cache.external:
            return CachePlace(kind="valkey", url=cache.external)
        for each in self.servers.caches:
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
        if self.servers.cluster is not None:
            self.servers.cluster.wait()
            self.servers.cluster.make_databases(names)
