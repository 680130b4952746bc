"""One start of the project, before any replica: its databases, its migrations, its static files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from nuages.project import Project
from nuages.session import AgentSession
from nuages.stack import migrations
from nuages.stack.assembled import Looked
from nuages.stack.home import StackError
from nuages.topology import Service, Topology

SECONDS = 3600.0  # a migration of a large table takes its time
Say = Callable[[str], None]


@dataclass(kw_only=True)
class Preparation:
    """Asks the project what it needs, then makes it so, in one process of its own."""

    project: Project
    topology: Topology
    environment: Mapping[str, str]
    files: Path  # root of what the balancer serves, laid out as its URLs are
    make_databases: Callable[[list[str]], None]
    external: tuple[str, ...] = ()  # names of databases that are not ours, to be migrated
    postgres_major: int = 15
    _session: AgentSession | None = field(default=None, repr=False)
    _databases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _static: bool = False
    _media: str = ""  # prefix of uploads' URLs, where they are in the stack's folder

    def look(self) -> Looked:
        """Start the project and ask for its databases, its static files and named routes."""
        session = self._start()
        self._databases = session.call("databases")
        told = session.call("files")
        self._static = bool(told["collects"])
        self._media = self._prefix_of_uploads(told)
        url = urlsplit(told["static_url"]).path.strip("/")
        files = {}
        if self._static and url:
            self._link(url, "static")
            files = {f"/{url}/": self.files}
        return Looked(topology=self._with_patterns(session), files=files)

    def migrate(self) -> None:
        """Make the missing databases, and bring all of them to the project's models."""
        session = self._started()
        self.make_databases([name for name in self._names() if name.startswith("nuages_")])
        session.call("setup")
        told = session.call("migrate", timeout=SECONDS, command=self.project.config.migrate,
                            leave=self._left_alone())  # fmt: skip
        if behind := [alias for alias, lacking in told["left"].items() if lacking]:
            name = self._databases[behind[0]]["name"]
            raise StackError(
                f"{name} is on your own server, lacks {told['left'][behind[0]]} migrations, and is"
                " migrated only when you say so",
                hint=f"nuages up --migrate-external {name}",
            )

    def media(self) -> Mapping[str, Path]:
        """Uploads, for the balancer to serve, unless the project has a view that does."""
        if not self._media or is_routed(self._media, self._started().call("routes")):
            return {}
        self._link(self._media, "media")
        return {f"/{self._media}/": self.files}

    def finish(self) -> None:
        """Collect the static files, then let the process go."""
        session, self._session = self._started(), None
        try:
            if self._static:
                arguments = ["collectstatic", "--noinput", "--verbosity", "0"]
                session.call("command", argv=arguments, timeout=SECONDS)
        finally:
            session.close()

    def again(self, *, check: bool, force: bool, say: Say) -> list[dict[str, str]]:
        """Before a roll to newer code: judge what is pending, migrate, collect static files.

        With `check` it is only judged. Raises BreakingMigrationError where the running version
        would not bear it, unless forced.
        """
        self._start()
        try:
            self.look_again()
            hazards = self._hazards(say)
            if not force:
                migrations.refuse(hazards)
            if not check:
                self.migrate()
                self.finish()
            return [{"migration": each.migration, "kind": each.kind, "advice": each.advice}
                    for each in hazards]  # fmt: skip
        finally:
            self.close()

    def look_again(self) -> None:
        """The databases and apps of the code as it is now."""
        session = self._started()
        self._databases = session.call("databases")
        self._static = bool(session.call("files")["collects"])
        session.call("setup")

    def close(self) -> None:
        """End the process, wherever it is."""
        session, self._session = self._session, None
        if session is not None:
            session.kill()

    def _start(self) -> AgentSession:
        self._session = AgentSession.start(
            self.project.python, cwd=self.project.root, env=self.environment
        )
        return self._session

    def _started(self) -> AgentSession:
        if self._session is None:
            raise StackError("the project was not started", hint="nuages up")
        return self._session

    def _names(self) -> list[str]:
        return sorted({told["name"] for told in self._databases.values() if told["name"]})

    def _left_alone(self) -> list[str]:
        """Aliases on a server that is not ours, but for the databases that were named."""
        outside = {each.alias for each in self.topology.databases if each.external}
        return [
            alias for alias in sorted(outside & self._databases.keys())
            if self._databases[alias]["name"] not in self.external
        ]  # fmt: skip

    def _hazards(self, say: Say) -> list[migrations.Hazard]:
        pending = self._started().call("pending")
        if not pending:
            return []
        linter = migrations.find_linter()
        if linter is None:
            say("the pending migrations are not judged: pip install squawk-cli")
            return []
        return migrations.judge(pending, linter, major=self.postgres_major)

    def _with_patterns(self, session: AgentSession) -> Topology:
        """The topology with names of URL patterns resolved to expressions."""
        named = [route for service in self.topology.web for route in service.routes
                 if not route.startswith("/")]  # fmt: skip
        if not named:
            return self.topology
        session.call("setup")
        listed = session.call("routes")
        services = tuple(
            replace(service, routes=resolved(service, listed)) for service in self.topology.services
        )
        return replace(self.topology, services=services)

    def _prefix_of_uploads(self, told: Mapping[str, str]) -> str:
        """Empty where uploads have no URL here, or go elsewhere."""
        url = urlsplit(told["media_url"])
        is_here = Path(told["media_root"]) == self.files.parent / "media"
        return url.path.strip("/") if is_here and not url.netloc else ""

    def _link(self, url: str, name: str) -> None:
        """A folder of the stack, at the place in the tree that its URL has."""
        link = self.files / url
        link.parent.mkdir(parents=True, exist_ok=True)
        folder = self.files.parent / name
        folder.mkdir(exist_ok=True)
        if link.is_symlink():
            link.unlink()
        if not link.exists():
            link.symlink_to(folder)


def is_routed(prefix: str, listed: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a URL pattern begins with it: that view may ask who is there to see an upload."""
    spelled = (str(each["expression"]).lstrip("^").replace("\\", "") for each in listed)
    return any(each.startswith(f"{prefix}/") for each in spelled)


def resolved(service: Service, listed: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Prefixes as they are; names (`shop:cart`, `shop:*`) as the expressions of their patterns."""
    found: list[str] = []
    for route in service.routes:
        if route.startswith("/"):
            found.append(route)
            continue
        matching = [each for each in listed if fnmatchcase(each["name"] or "", route)]
        if not matching:
            raise StackError(
                f"the service {service.name!r} has the route {route!r}, and no URL pattern has"
                " that name",
                hint="name a pattern with its namespaces, or a prefix such as /api/",
            )
        found += [f"^/{expression(each['expression'])}" for each in matching]
    return tuple(dict.fromkeys(found))


def expression(pattern: str) -> str:
    """A pattern of Python's `re` as Go's RE2 spells it; StackError where it cannot be."""
    if "(?=" in pattern or "(?!" in pattern or "(?<" in pattern:
        raise StackError(
            f"the URL pattern {pattern!r} looks ahead or behind, which the balancer cannot",
            hint="name that route by a prefix of its path",
        )
    return pattern.replace("\\Z", "\\z")
