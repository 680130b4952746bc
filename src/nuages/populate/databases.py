"""Put data into the scratch databases: what the user names, else a simple generic fill."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from nuages.agent.inspect import KEPT
from nuages.errors import NuagesError
from nuages.lab import GROWN, Lab
from nuages.populate.postgres import PostgresTarget
from nuages.populate.sqlite import SqliteTarget
from nuages.populate.target import Target
from nuages.populate.verb import PopulateOptions, fill_databases
from nuages.project import Project
from nuages.session import AgentSession
from nuages.stack.databases import PostgresDatabases

SEED = 1953  # fixed, so that two runs fill the same rows
FILL_SECONDS = 300
GROW_SECONDS = 10.0  # the time decides where a project has very many models
MIGRATE_SECONDS = 1800


def prepare_databases(lab: Lab, *, rows: int, users: int | None = None) -> tuple[str, ...]:
    """Create the base databases, migrate them and fill them with up to `rows` rows a model.

    With `users` they get the volume that so many users make instead. Gives notes: what was not
    filled, who can't ask, and why.
    """
    with lab.session(mode=None, base=True) as session:
        lab.databases.create(lab.database_names())
        with lab.progress.stage("migrate"):
            _migrate(lab, session)
        session.call("routes")  # a fault there should show before the work of filling
        with lab.progress.stage("populate"):
            notes = _at_volume(lab, session, users) if users else _fill(lab, session, rows)
            session.call("actors", functions=dict(lab.project.config.actors))
            missing = session.call("missing_actors")
        lab.databases.analyze(lab.database_names())
        absent = tuple(f"nobody asks as {who}: {why}" for who, why in missing.items())
        return (*notes, *absent)


def is_generic(project: Project) -> bool:
    """Whether the data is the generic fill, whose number of rows is ours to choose."""
    return not (project.config.fixtures or project.config.data_command)


def grow_databases(lab: Lab, *, rows: int, times: int) -> None:
    """Make a second template: the filled databases, and rows added up to `times` as many.

    What is there stays there, so that the same requests find the same objects.
    """
    lab.branch(GROWN)
    more = rows * (times - 1)
    with lab.session(mode=None, base=True, template=GROWN) as session:
        session.call(
            "fill",
            rows=more,
            seed=SEED + 1,  # the values of the first are taken, where they have to be unique
            seconds=GROW_SECONDS,
            further=list(lab.filled),
            timeout=FILL_SECONDS,
        )
    lab.databases.analyze(lab.database_names(GROWN))


def _migrate(lab: Lab, session: AgentSession) -> None:
    if lab.project.config.migrate:
        _management_command(lab, lab.project.config.migrate, slug="migration-failed")
    else:
        session.call("migrate", timeout=MIGRATE_SECONDS)


def _fill(lab: Lab, session: AgentSession, rows: int) -> tuple[str, ...]:
    config = lab.project.config
    if config.fixtures:
        session.call("load_fixtures", paths=list(config.fixtures), timeout=FILL_SECONDS)
    if config.data_command:
        _management_command(lab, config.data_command, slug="data-command-failed")
    if not is_generic(lab.project):
        return ()
    done = session.call("fill", rows=rows, seed=SEED, timeout=FILL_SECONDS)
    lab.filled = tuple(sorted(done["filled"]))
    skipped = {label: why for label, why in done["skipped"].items() if "bookkeeping" not in why}
    return tuple(f"{label} was not filled: {why}" for label, why in sorted(skipped.items()))


def _at_volume(lab: Lab, session: AgentSession, users: int) -> tuple[str, ...]:
    def connected(told: Mapping[str, str]) -> Target:
        name, databases = told["name"], lab.databases
        if isinstance(databases, PostgresDatabases):
            return PostgresTarget(lambda: databases.connect(name))
        return SqliteTarget(name)

    options = PopulateOptions(users=users, seed=SEED, logins=0)
    done = fill_databases(session, connected, options, lab.progress)
    left = {label: why for label, why in done.skipped.items() if label not in KEPT}
    return tuple(f"{label} was not filled: {why}" for label, why in sorted(left.items()))


def _management_command(lab: Lab, command: str, *, slug: str) -> None:
    argv = ["python", "-m", "django", *shlex.split(command)]
    run = lab.command(argv, mode=None, base=True)
    if run.exit_code:
        raise NuagesError(
            f"The management command `{command}` ended with {run.exit_code}.",
            hint=f"Run it by hand: python manage.py {command}",
            detail=run.output[-3000:],
            slug=slug,
        )
