"""The `check` verb: what settings say of themselves, imported and nothing more."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nuages import enclosure, surroundings
from nuages.agent.attach import AttachConfig
from nuages.errors import NuagesError
from nuages.model import Facts, Recording
from nuages.project import Project
from nuages.scratch import Scratch
from nuages.session import AgentProcess, AgentSession
from nuages.stated import facts_from

SECONDS = 30.0  # for settings that wait for a server which the enclosure keeps away


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A project as far as it can be known without running it."""

    recording: Recording  # of nothing: it has the facts, and where the code is
    notes: tuple[str, ...]  # said aloud: what was not read, and why


def check(project: Project, *, enforce: bool = True) -> Checked:
    """Import the settings in the project's interpreter; where that fails, go on without them.

    Neither apps nor databases are touched: `django.setup()` is not called.
    """
    roots = {label: str(folder) for label, folder in project.source_roots.items()}
    notes: tuple[str, ...] = ()
    try:
        facts = _facts(project, enforce)
    except NuagesError as error:
        facts, notes = _unknown(project), _told(project, error)
    recording = Recording(
        facts=facts, roots=roots, meta={"settings": project.settings}, processes=0
    )
    return Checked(recording=recording, notes=(_what_was_read(project, facts), *notes))


def _facts(project: Project, enforce: bool) -> Facts:
    with Scratch() as scratch:
        walls = enclosure.Enclosure(
            scratch=scratch.folder("child"),
            # Unenclosed the trees would be copied, and importing settings needs no copy.
            trees=tuple(map(_tree, project.source_roots.values())) if enforce else (),
            enforce=enforce,
            hosts=project.config.hosts,
            ledger=scratch.path / "ledger.jsonl",
        )
        config = AttachConfig(
            roots={label: str(folder) for label, folder in project.source_roots.items()},
            ledger=str(walls.ledger),
            scratch=str(walls.scratch),
        )

        def launch(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> AgentProcess:
            pipe = subprocess.PIPE
            return enclosure.start(
                walls, argv, env=env, cwd=cwd, stdin=pipe, stdout=pipe, stderr=pipe
            )

        with AgentSession.start(
            project.python,
            cwd=project.root,
            env=surroundings.environment(project, scratch, config),
            launch=launch,
            timeout=SECONDS,
        ) as session:
            told = facts_from(session.call("facts", timeout=SECONDS))
    return replace(told, server="")  # nothing serves


def _tree(folder: Path) -> enclosure.Tree:
    return enclosure.Tree(root=folder)


def _unknown(project: Project) -> Facts:
    version = ".".join(map(str, project.interpreter.version))
    return Facts(
        settings_module=project.settings, django=project.interpreter.django, python=version
    )


def _told(project: Project, error: NuagesError) -> tuple[str, ...]:
    """Why the settings are not known, in the words of the error itself."""
    words = " ".join([f"{error.message.rstrip('.')}.", *error.detail.split()])
    unknown = f"The settings {project.settings} could not be imported, so only code is judged:"
    return f"{unknown} {words}", *([f"Next: {error.hint}"] if error.hint else [])


def _what_was_read(project: Project, facts: Facts) -> str:
    if facts.settings:
        return f"Nothing was run: {project.settings} and the code of {project.name} were read."
    return f"Nothing was run: the code of {project.name} was read."
