"""The calls the tool may make, by name; each returns plain values."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from nuages.agent import (
    catalog,
    exchange,
    hypothetical,
    index_migrations,
    inspect,
    migrations,
    pending,
    tables,
)
from nuages.agent.volume import Volume
from nuages.errors import NuagesError

_UNSAFE = re.compile(r"\(|log-?_?out|sign-?_?out|delete|remove", re.I)


def by_name(progress: Callable[[str], None]) -> dict[str, Callable[..., Any]]:
    calls = Calls(progress)
    return {
        "databases": inspect.databases,
        "files": inspect.files,
        "setup": inspect.setup,
        "facts": inspect.facts,
        "routes": calls.routes,
        "resolve": calls.resolve,
        "migrate": migrations.migrate,
        "index_migrations": index_migrations.missing,
        "pending": pending.migrations,
        "load_fixtures": migrations.load_fixtures,
        "command": migrations.command,
        "fill": calls.fill,
        "vary": calls.vary,
        "units": calls.volume.units,
        "pool": calls.volume.pool,
        "judge": calls.volume.judge,
        "logins": calls.volume.logins,
        "actors": calls.actors,
        "missing_actors": calls.missing_actors,
        "targets": calls.targets,
        "request": calls.request,
        "exchange": exchange.send,
        "log_in": calls.log_in,
        "timed": calls.timed,
        "tables": tables.digests,
        "credentials": calls.credentials,
        "counts": inspect.counts,
        "catalog": catalog.read,
        "hypothetical": hypothetical.plans,
        "probe": calls.probe,
        "snapshot": calls.snapshot,
        "reset": calls.reset,
    }


class Calls:
    """State between calls: the actors with their sessions, and the request handler."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._actors: Any = None
        self._requests: Any = None
        self.volume: Any = Volume()

    def routes(self) -> list[dict[str, Any]]:
        from nuages.agent import routes

        listed = [routes.described(route) for route in routes.all_routes()]
        if not listed:
            raise NuagesError(
                "the project's ROOT_URLCONF has no URL patterns",
                hint="tune by the project's tests instead: nuages tune --record 'pytest -q'",
                slug="no-urls",
            )
        return listed

    def resolve(self, paths: list[str]) -> list[str | None]:
        from django.conf import settings
        from django.utils import translation

        from nuages.agent import targets

        with translation.override(settings.LANGUAGE_CODE):
            return [targets.resolved(path) for path in paths]

    def fill(
        self, rows: int = 300, seed: int = 1, seconds: float = 60.0, further: Sequence[str] = ()
    ) -> dict[str, Any]:
        from nuages.agent.fill import fill

        return fill(rows, seed, further=further, seconds=seconds, progress=self._progress)

    def vary(self, seed: int, seconds: float) -> dict[str, list[str]]:
        from nuages.agent.fill.varied import vary

        return vary(seed, seconds, progress=self._progress)

    def actors(self, functions: dict[str, str] | None = None) -> list[str]:
        """The names of those who can ask, each logged in; `functions`: `[tool.nuages] actors`."""
        from nuages.agent.actors import Actors

        self._actors = Actors()
        names: list[str] = self._actors.prepare(functions)
        return names

    def missing_actors(self) -> dict[str, str]:
        """Those who can't, with the reason."""
        missing: dict[str, str] = self._known_actors().missing
        return missing

    def targets(self, limit_per_route: int = 3) -> dict[str, Any]:
        from nuages.agent import targets

        return targets.find(limit_per_route, self._known_actors().users())

    def request(
        self, path: str, actor: str = "anonymous", seconds: float = 30.0, **sending: Any
    ) -> dict[str, Any]:
        answer: dict[str, Any] = self._sender().send(
            self._known_actors().get(actor), path, timeout=seconds, **sending
        )
        return answer

    def timed(self, wanted: list[dict[str, Any]]) -> dict[str, list[int]]:
        from nuages.agent import timing

        return timing.timed(self._sender(), self._known_actors(), wanted)

    def credentials(self) -> dict[str, Any]:
        """What lets each actor in over the network."""
        from nuages.agent import credentials

        return credentials.credentials(self._known_actors())

    def _sender(self) -> Any:
        from nuages.agent.requests import Requests

        if self._requests is None:
            self._requests = Requests()
        return self._requests

    def log_in(self, actor: str) -> dict[str, str]:
        """Headers, cookies among them, of an actor who has just logged in, in this process."""
        return exchange.log_in(self._known_actors().get(actor))

    def probe(self, paths: int = 6, seconds: float = 10.0) -> dict[str, float]:
        """Actor → median seconds of a few pages without arguments: is there too much data?"""
        from statistics import median

        from nuages.agent import routes

        plain = [
            route
            for route in routes.all_routes()
            if not (route.converters() or routes.undrivable(route) or _UNSAFE.search(route.pattern))
        ]
        plain.sort(key=lambda route: any(map(routes.is_admin, routes.unwrapped(route.callback))))
        spent = {}
        for actor in self._known_actors().names():
            sent = [self.request(r.route, actor, seconds)["wall_ns"] for r in plain[:paths]]
            spent[actor] = median(sent or [0]) / 1e9
        return spent

    def snapshot(self) -> dict[str, Any] | None:
        with suppress(ImportError):
            recorder = importlib.import_module("nuages.record.recorder")
            return dict(recorder.snapshot())
        return None

    def reset(self) -> bool:
        with suppress(ImportError):
            importlib.import_module("nuages.record.recorder").reset()
            return True
        return False

    def _known_actors(self) -> Any:
        if self._actors is None:
            self.actors()
        return self._actors
