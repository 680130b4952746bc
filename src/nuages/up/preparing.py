"""One start of the project, before any replica: its databases, its migrations, its static files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from nuages.project import Project
from nuages.session import AgentSession
from nuages.stack.home import StackError
from nuages.stated import facts_from

SECONDS = 3600.0  # a migration of a large table takes its time
STATIC_APP = "django.contrib.staticfiles"


@dataclass(kw_only=True)
class Preparation:
    """Asks the project what it needs, then makes it so, in one process of its own."""

    project: Project
    environment: Mapping[str, str]
    files: Path  # root of what the balancer serves, laid out as its URLs are
    make_databases: Callable[[list[str]], None]
    external: tuple[str, ...] = ()  # names of databases that are not ours, to be migrated
    applied: int = 0  # migrations
    _session: AgentSession | None = field(default=None, repr=False)
    _databases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _static: bool = False

    def look(self) -> dict[str, Path]:
        """Start the project and ask for its databases; URL prefix → root, of files to serve."""
        session = AgentSession.start(
            self.project.python, cwd=self.project.root, env=self.environment
        )
        self._session = session
        facts = facts_from(session.call("facts"))
        self._databases = session.call("databases")
        self._static = STATIC_APP in (facts.settings.get("INSTALLED_APPS") or ())
        url = urlsplit(str(facts.settings.get("STATIC_URL") or "static/")).path.strip("/")
        if not (self._static and url):
            return {}
        self._link(url)
        return {f"/{url}/": self.files}

    def migrate(self) -> None:
        """Make the missing databases, and bring all of them to the project's models."""
        session = self._started()
        names = {told["name"] for told in self._databases.values() if told["name"]}
        self.make_databases(sorted(name for name in names if name.startswith("nuages_")))
        session.call("setup")
        told = session.call("migrate", timeout=SECONDS, command=self.project.config.migrate)
        self.applied = int(told["applied"])

    def finish(self) -> None:
        """Collect the static files, then let the process go."""
        session, self._session = self._started(), None
        try:
            if self._static:
                arguments = ["collectstatic", "--noinput", "--verbosity", "0"]
                session.call("command", argv=arguments, timeout=SECONDS)
        finally:
            session.close()

    def close(self) -> None:
        """End the process, wherever it is."""
        session, self._session = self._session, None
        if session is not None:
            session.kill()

    def _started(self) -> AgentSession:
        if self._session is None:
            raise StackError("the project was not started", hint="nuages up")
        return self._session

    def _link(self, url: str) -> None:
        """The folder that collectstatic fills, at the place in the tree that its URL has."""
        link = self.files / url
        link.parent.mkdir(parents=True, exist_ok=True)
        folder = self.files.parent / "static"
        folder.mkdir(exist_ok=True)
        if link.is_symlink():
            link.unlink()
        if not link.exists():
            link.symlink_to(folder)
