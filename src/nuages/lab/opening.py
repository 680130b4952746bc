"""Sets a lab up for a project: scratch space, a database server and a driver; and removes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nuages.lab.running import Lab
from nuages.progress import Progress
from nuages.project import Project
from nuages.scratch import Scratch
from nuages.stack import sidepackages
from nuages.stack.databases import ScratchDatabases, start_postgres, start_sqlite
from nuages.stack.postgres import PostgresUnavailable
from nuages.stack.programs import minimum_for_django


@contextmanager
def open_lab(
    project: Project,
    *,
    progress: Progress,
    enforce: bool = True,
    keep: bool = False,
) -> Iterator[Lab]:
    """Set up scratch space and databases for a project; remove them whatever the end was."""
    with Scratch(keep=keep) as scratch:
        databases, side = _databases(project, scratch)
        lab = Lab(
            project=project,
            scratch=scratch,
            databases=databases,
            progress=progress,
            enforce=enforce,
            side=side,
        )
        try:
            yield lab
        finally:
            lab.databases.stop()
            if keep:
                progress.say(f"The scratch folder is kept: {scratch.path}")


def _databases(project: Project, scratch: Scratch) -> tuple[ScratchDatabases, Path | None]:
    """PostgreSQL and a driver for the project's interpreter; SQLite where there can be neither."""
    wanted = project.config.services.get("postgres", "")
    try:
        side = sidepackages.driver(project.interpreter, scratch.path)
        server = start_postgres(
            scratch.path,
            wanted=wanted,
            minimum=minimum_for_django(project.interpreter.django),
            extensions=project.extensions,
        )
    except (PostgresUnavailable, sidepackages.SidePackagesUnavailable) as error:
        if wanted:
            raise
        return start_sqlite(scratch.path, reason=error.message), None
    return server, side
