"""The project's own databases, read and never written, and only when a flag says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.catalogs import catalogs_from
from nuages.errors import NuagesError
from nuages.indexes.estimates import estimate_indexes
from nuages.model import IndexTrial, Recording
from nuages.project import Project
from nuages.scratch import Scratch
from nuages.session import AgentSession


def read_own(
    project: Project, recording: Recording, *, hypopg: bool = False
) -> tuple[Recording, tuple[IndexTrial, ...]]:
    """The recording with the catalogs of the project's own databases in its facts.

    With `hypopg` also what the planner says of indexes for its statements. The project is started
    as `manage.py` would start it, with the settings and the environment of the user. NuagesError
    when no catalog could be read.
    """
    with _session(project) as session:
        catalogs = catalogs_from(session.call("catalog", is_production=True))
        if not catalogs:
            raise NuagesError(
                "The catalog of no database of the project could be read.",
                hint="Run `python manage.py dbshell` with the same settings and environment.",
                slug="catalog",
            )
        facts = replace(recording.facts, catalogs=catalogs)
        if not hypopg:
            return replace(recording, facts=facts), ()

        def ask(alias: str, statements: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
            found: list[dict[str, Any] | None] = session.call(
                "hypothetical", alias=alias, statements=statements
            )
            return found

        zone = str(facts.settings.get("TIME_ZONE") or "UTC")
        trials = estimate_indexes(recording, catalogs, ask, zone=zone)
    return replace(recording, facts=facts), trials


@contextmanager
def _session(project: Project) -> Iterator[AgentSession]:
    with Scratch() as scratch:
        roots = {label: str(path) for label, path in project.source_roots.items()}
        config = AttachConfig(roots=roots, scratch=str(scratch.folder("child")))
        env = {**os.environ, **project.env_file_values, **project.environment}
        env["DJANGO_SETTINGS_MODULE"] = project.settings
        path = [*map(str, project.sys_path), *filter(None, [env.get("PYTHONPATH")])]
        env["PYTHONPATH"] = os.pathsep.join(path)
        env |= prepare(scratch.path, config, env)
        with AgentSession.start(project.python, cwd=project.root, env=env) as session:
            session.call("setup")
            yield session
