"""What runs in a lab: agents, commands and servers of one project, each on its own clone."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from nuages import enclosure, store, surroundings
from nuages.agent.attach import STACK, AttachConfig
from nuages.agent.stack_config import StackConfig
from nuages.codemod.text import to_bytes
from nuages.commands import with_python
from nuages.errors import NuagesError
from nuages.model import LedgerEntry, Recording
from nuages.progress import Progress
from nuages.project import Project
from nuages.scratch import Scratch
from nuages.session import AgentProcess, AgentSession
from nuages.stack.databases import ScratchDatabases, start_sqlite

Mode = Literal["deep", "light"]
BASE = "nuages_base"  # prefix of the databases that every run's are cloned from
GROWN = "nuages_grown"  # of those that were filled further
VARIED = "nuages_varied"  # of those whose rows were made more various
COMMAND_SECONDS = 3600.0
FROM_SHELL = "$DJANGO_SETTINGS_MODULE"  # in Project.settings_by: the user's environment


@dataclass(frozen=True, kw_only=True)
class CommandRun:
    """How one of the project's commands ended, and what was recorded of it."""

    exit_code: int
    output: str  # stdout and stderr together, the last 20,000 characters
    recording: Recording | None


@dataclass(kw_only=True)
class Lab:
    """Runs a project's code: never on its own databases, never in its own tree.

    Every run gets a clone of the base databases, so runs do not see one another's writes.
    """

    project: Project
    scratch: Scratch
    databases: ScratchDatabases
    progress: Progress
    enforce: bool = True
    side: Path | None = None  # packages that the project's interpreter lacks
    info: dict[str, Any] = field(default_factory=dict)  # the agent's answer to `setup`
    routes: list[dict[str, Any]] = field(default_factory=list)  # all that the project has
    filled: tuple[str, ...] = ()  # labels of the models that the generic fill gave rows
    runs: int = 0
    is_varied: bool = False  # whether there is the template VARIED

    @contextmanager
    def session(
        self,
        *,
        mode: Mode | None,
        edits: Mapping[str, str] | None = None,
        base: bool = False,
        template: str = BASE,
    ) -> Iterator[AgentSession]:
        """Start the project in an agent, on a fresh clone of the template's databases.

        `edits` maps "label:file" to new text. With `base` the template's themselves are used.
        """
        walls = self._enclosure(edits or {})
        with ExitStack() as running:
            prefix = template if base else running.enter_context(self._cloned(template))
            config = self._attach_config(walls, prefix, mode, spool=None)
            environment = self._environment(config, settings=True)
            session = running.enter_context(self._agent(walls, environment))
            info = session.call("setup")
            if base and template == BASE:
                self.info = info
            yield session

    @contextmanager
    def replicas(
        self, count: int, stack: StackConfig, *, side: Path | None, sockets: Sequence[Path] = ()
    ) -> Iterator[list[AgentSession]]:
        """Several processes on one fresh clone, joined to a stack as `stack` says.

        `side`: packages that they lack; `sockets`: folders of the stack's servers.
        """
        walls = replace(self._enclosure({}), sockets=(*self._sockets, *sockets))
        with ExitStack() as running:
            prefix = running.enter_context(self._cloned(BASE))
            config = replace(
                self._attach_config(walls, prefix, None, spool=None),
                overlay=None, side=str(side) if side else None,
            )  # fmt: skip
            told = self.scratch.path / f"{prefix}.json"
            media = str(self.scratch.folder("child") / f"{prefix}-media")
            where = self.databases.overlay(prefix)
            told.write_text(replace(stack, media=media, **where).to_json(), "utf-8")
            environment = {**self._environment(config, settings=True), STACK: str(told)}
            sessions = [running.enter_context(self._agent(walls, environment))
                        for _ in range(count)]  # fmt: skip
            for session in sessions:
                session.call("setup")
            yield sessions

    def _agent(self, walls: enclosure.Enclosure, environment: Mapping[str, str]) -> AgentSession:
        def launch(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> AgentProcess:
            pipe = subprocess.PIPE
            return enclosure.start(
                walls, argv, env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe
            )

        return AgentSession.start(
            self.project.python,
            cwd=self.project.root,
            env=environment,
            launch=launch,
            progress=self.progress.detail,
        )

    def command(
        self,
        argv: Sequence[str],
        *,
        mode: Mode | None,
        edits: Mapping[str, str] | None = None,
        base: bool = False,
        cwd: Path | None = None,
        select: Sequence[str] = (),
        seconds: float = COMMAND_SECONDS,
    ) -> CommandRun:
        """Run one of the project's own commands in the enclosure, recorded if `mode` is set.

        `select` names the tests to run, of those that the command would; none named: all.
        """
        cwd = cwd if cwd and cwd.is_dir() else self.project.root
        prefix = BASE if base else self._next_prefix()
        spool = self.scratch.folder(f"child/spool-{self.runs}") if mode else None
        walls = self._enclosure(edits or {})
        config = self._attach_config(walls, prefix, mode, spool)
        config = replace(config, select=list(select) or None)
        log = self.scratch.path / f"{prefix}.log"
        with log.open("wb") as output:
            process = enclosure.start(
                walls,
                with_python(argv, self.project.python, cwd),
                env=self._environment(config, settings=base or self._settings_told),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                code = process.wait(timeout=seconds)
            except subprocess.TimeoutExpired as late:
                raise NuagesError(
                    f"{shlex.join(argv)} did not end within {seconds:.0f} s.",
                    hint="Name a smaller command, such as one test package.",
                    slug="command-timeout",
                ) from late
            finally:
                process.kill()
        text = log.read_bytes().decode(errors="replace")[-20_000:]
        return CommandRun(
            exit_code=code, output=text, recording=store.fold(spool) if spool else None
        )

    @contextmanager
    def server(
        self,
        argv: Sequence[str],
        *,
        template: str = BASE,
        edits: Mapping[str, str] | None = None,
        prefix: str = "",
        spool: Path | None = None,
        flush_seconds: float = 1.0,
    ) -> Iterator[tuple[enclosure.Process, Path]]:
        """Run one of the project's servers on a fresh clone until the block ends; with its log.

        `prefix` names databases that are there already, for a second server on the same ones;
        `spool` a folder that it is recorded into, lightly.
        """
        with ExitStack() as running:
            prefix = prefix or running.enter_context(self._cloned(template))
            walls = self._enclosure(edits or {})
            config = self._attach_config(walls, prefix, "light" if spool else None, spool)
            config = replace(config, flush_seconds=flush_seconds if spool else None)
            self.runs += 1
            log = self.scratch.path / f"{prefix}-{self.runs}.log"
            with log.open("wb") as output:
                process = enclosure.start(
                    walls,
                    argv,
                    env=self._environment(config, settings=True),
                    cwd=self.project.root,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            running.callback(process.kill)
            running.callback(process.terminate)
            yield process, log

    def inspect(self) -> None:
        """Import the project once, on empty databases, and keep what it says of itself."""
        with self.session(mode=None, base=True) as session, suppress(NuagesError):
            self.routes = session.call("routes")  # a site that is all commands has none

    def fall_back_to_sqlite(self, reason: str) -> None:
        """Go on with SQLite; the reason is said aloud and stands in the report."""
        self.databases.stop()
        self.databases = start_sqlite(self.scratch.path, reason=reason)
        self.progress.say(f"SQLite, not PostgreSQL: {reason}")

    @property
    def own_vendor(self) -> str:
        """The vendor of the project's own default database, whatever it runs on here."""
        return str(self.info["databases"].get("default", {}).get("own_vendor", "postgresql"))

    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Every attempt to leave the enclosure so far."""
        return enclosure.ledger(self._ledger_path)

    @property
    def _settings_told(self) -> bool:
        """Whether the user named the settings; else a command, such as pytest, finds its own."""
        return self.project.config.settings is not None or self.project.settings_by == FROM_SHELL

    @property
    def _ledger_path(self) -> Path:
        return self.scratch.path / "ledger.jsonl"

    def _next_prefix(self) -> str:
        self.runs += 1
        return f"nuages_r{self.runs}"

    def branch(self, template: str, *, of: str = BASE) -> None:
        """Begin another template, as a copy of the base databases or of another one's."""
        self._copy(of, template)

    @contextmanager
    def _cloned(self, template: str) -> Iterator[str]:
        """The prefix of fresh clones, which are dropped at the end: a copy for each of a dozen runs
        on the volume of a million users fills a disk, and queries that were given up go on."""
        prefix = self._next_prefix()
        try:
            self._copy(template, prefix)
            yield prefix
        finally:
            with suppress(Exception):  # what is left goes with the lab
                self.databases.drop(self.database_names(prefix))

    def _copy(self, template: str, prefix: str) -> None:
        for name in self.database_names(template):
            self.databases.clone(name, name.replace(template, prefix, 1))

    @contextmanager
    def clones(self, template: str = BASE) -> Iterator[Mapping[str, str]]:
        """Alias → a fresh clone of its database of the template, dropped at the end."""
        with self._cloned(template) as prefix:
            told = self.info["databases"].items()
            yield {a: d["name"].replace(BASE, prefix, 1) for a, d in told if d.get("name")}

    def database_names(self, template: str = BASE) -> list[str]:
        """Names of a template's databases, each once."""
        told = {d["name"] for d in self.info["databases"].values() if d.get("name")}
        return sorted(name.replace(BASE, template, 1) for name in told)

    def _attach_config(
        self, walls: enclosure.Enclosure, prefix: str, mode: Mode | None, spool: Path | None
    ) -> AttachConfig:
        seen = enclosure.visible_roots(walls)
        roots = self.project.source_roots
        return AttachConfig(
            roots={label: str(seen[path.resolve()]) for label, path in roots.items()},
            mode=mode,
            spool=str(spool) if spool else None,
            overlay={
                **self.databases.overlay(prefix),
                "services": True,
                "flags": dict(self.project.config.flags),
            },
            ledger=str(self._ledger_path),
            side=str(self.side) if self.side else None,
            scratch=str(self.scratch.folder("child")),
        )

    @property
    def _sockets(self) -> tuple[Path, ...]:
        return (self.databases.socket_dir,) if self.databases.socket_dir else ()

    def _environment(self, config: AttachConfig, *, settings: bool) -> dict[str, str]:
        return surroundings.environment(self.project, self.scratch, config, settings=settings)

    def _enclosure(self, edits: Mapping[str, str]) -> enclosure.Enclosure:
        roots = self.project.source_roots
        by_label: dict[str, dict[str, str | bytes]] = {label: {} for label in roots}
        for key, text in edits.items():
            label, _, file = key.partition(":")
            by_label[label][file] = to_bytes(text)  # in the encoding that the source declares
        trees = tuple(
            enclosure.Tree(root=path, edits=by_label[label]) for label, path in roots.items()
        )
        return enclosure.Enclosure(
            scratch=self.scratch.folder("child"),
            trees=trees,
            sockets=self._sockets,
            writable=(self.databases.folder,) if self.databases.folder else (),
            enforce=self.enforce,
            hosts=self.project.config.hosts,
            ledger=self._ledger_path,
        )
