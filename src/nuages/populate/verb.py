"""`nuages populate`: a project's databases, filled with the volume of production."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.errors import NuagesError
from nuages.populate import places
from nuages.populate.estimates import Planned, check_disk, planned, strain
from nuages.populate.filling import Filled, Filling, one_each
from nuages.populate.like import Likeness
from nuages.populate.mysql import MysqlTarget
from nuages.populate.mysql import make as make_mysql
from nuages.populate.places import Place
from nuages.populate.postgres import PostgresTarget
from nuages.populate.progressing import Pace
from nuages.populate.schema import Unit, units
from nuages.populate.sizes import sizes
from nuages.populate.sqlite import SqliteTarget
from nuages.populate.target import Target
from nuages.progress import Progress
from nuages.project import Project
from nuages.scratch import Scratch
from nuages.session import AgentSession
from nuages.stack import sidepackages

UNITS_SECONDS = 300
MIGRATE_SECONDS = 7200  # two hours: nautobot has 600 migrations, and machines are slow


@dataclass(frozen=True, kw_only=True)
class PopulateOptions:
    """What is asked for."""

    users: int
    rows: Mapping[str, int] = field(default_factory=dict)  # label → rows in all
    database: str | None = None  # URL; None: the project's own
    remote: str | None = None  # the second telling: a database's name
    everything: bool = False  # bookkeeping of libraries, too
    plan_only: bool = False
    seed: int = 1953
    minutes: float | None = None
    like: str | None = None  # URL of a database whose proportions are taken
    logins: int = 1000  # users who get a session


@dataclass(frozen=True, kw_only=True)
class Populated:
    """What was planned, and what was done of it; `filled` is None when only planned."""

    planned: tuple[Planned, ...]
    skipped: Mapping[str, str]
    filled: Filled | None
    logins: Mapping[str, Any] = field(default_factory=dict)  # password, users, note


def populate(project: Project, options: PopulateOptions, progress: Progress) -> Populated:
    """Fill the databases that the options name, and no others."""
    place = places.of_url(options.database) if options.database else None
    if place is not None:
        places.allow(place, remote=options.remote)
    with _session(project, place, progress) as session:
        found = session.call("setup")["databases"]
        if place is not None and place.is_scratch:
            for name in {each["name"] for each in found.values() if each["name"]}:
                make(replace(place, name=name))
            with progress.stage("migrate"):
                session.call("migrate", timeout=MIGRATE_SECONDS)

        def connected(told: Mapping[str, str]) -> Target:
            where = places.of_agent(told)
            places.allow(where, remote=options.remote)
            return target(where)

        with progress.stage("plan" if options.plan_only else "populate"):
            return fill_databases(session, connected, options, progress)


def fill_databases(
    session: AgentSession,
    connect: Callable[[Mapping[str, str]], Target],
    options: PopulateOptions,
    progress: Progress,
) -> Populated:
    """Fill the databases of a project that was set up; `connect` is given where one is."""
    told = session.call(
        "units",
        asked=list(options.rows),
        everything=options.everything,
        seed=options.seed,
        timeout=UNITS_SECONDS,
    )
    known = units(told["units"])
    _check(known, told["skipped"], options)
    with ExitStack() as stack:
        targets = {}
        for alias, where in told["databases"].items():
            targets[alias] = connect(where)
            stack.callback(targets[alias].close)
        return _filled(session, known, targets, told["skipped"], options, progress)


def _check(known: tuple[Unit, ...], skipped: Mapping[str, str], options: PopulateOptions) -> None:
    """Raise NuagesError where there is nothing to fill, or a model that was named is not there."""
    if not known:
        raise NuagesError(
            "no model of the project has a table in its databases",
            hint="make them first: python manage.py migrate",
            slug="not-migrated",
        )
    labels = {unit.label for unit in known}
    for label in options.rows:
        if label not in labels:
            near = get_close_matches(label, labels, n=1, cutoff=0.0)[0]
            raise NuagesError(
                f"--rows names {label}, {skipped.get(label, 'which is no model with a table')}",
                hint=f"did you mean {near}? --plan lists all",
                slug="unknown-model",
            )


def target(place: Place) -> Target:
    """What writes into a place."""
    if place.vendor == "postgresql":
        return PostgresTarget(place.connect)
    if place.vendor == "sqlite":
        return SqliteTarget(place.name)
    if place.vendor == "mysql":
        return MysqlTarget(place)
    raise NuagesError(
        f"{place.vendor} is not filled at volume yet",
        hint="name a scratch database of PostgreSQL, MySQL, MariaDB or SQLite with --database",
        slug="database",
    )


def make(place: Place) -> None:
    """Create a scratch database that is not there yet."""
    if place.vendor == "postgresql":
        places.make(place)
    elif place.vendor == "mysql":
        make_mysql(place)


def _filled(
    session: AgentSession,
    known: tuple[Unit, ...],
    targets: Mapping[str, Target],
    skipped: Mapping[str, str],
    options: PopulateOptions,
    progress: Progress,
) -> Populated:
    def single(unit: Unit) -> str | None:
        return one_each(unit, targets[unit.alias].catalog(unit.tables[-1].table))

    like = Likeness(places.of_url(options.like)) if options.like else None
    told = {**(like.ratios(known, options.users) if like else {}), **options.rows}
    wanted = sizes(known, options.users, told, single)
    until = time.monotonic() + options.minutes * 60 if options.minutes else None
    filling = Filling(
        session,
        known,
        targets,
        wanted,
        Pace(progress.detail),
        options.seed,
        asked=options.rows,
        like=like,
        until=until,
    )
    plans = tuple(_plans(known, wanted, filling, targets))
    if options.plan_only:
        return Populated(planned=plans, skipped=skipped, filled=None)
    for alias, each in targets.items():
        labels = {unit.label for unit in known if unit.alias == alias}
        needed = sum(plan.bytes for plan in plans if plan.label in labels)
        check_disk(needed, each.data_folder())
    filled = filling.run()
    logins = _logins(session, options.logins if filled.rows else 0)
    return Populated(
        planned=plans, skipped={**skipped, **filled.skipped}, filled=filled, logins=logins
    )


def _logins(session: AgentSession, count: int) -> Mapping[str, Any]:
    """Sessions of so many users; what is wrong with them is no reason to lose the rows."""
    if not count:
        return {}
    try:
        found: Mapping[str, Any] = session.call("logins", count=count)
    except NuagesError as error:
        return {"users": [], "note": f"no sessions were made: {error.message}"}
    return found


def _plans(
    known: tuple[Unit, ...],
    wanted: Mapping[str, int],
    filling: Filling,
    targets: Mapping[str, Target],
) -> Iterator[Planned]:
    missing = filling.missing()
    slower = strain()
    for unit in known:
        rows = missing.get(unit.label, 0)
        parts = [(table, targets[unit.alias].catalog(table.table)) for table in unit.tables]
        there, vendor = wanted[unit.label] - rows, targets[unit.alias].vendor
        yield planned(unit.label, there, rows, parts, vendor=vendor, strain=slower)


@contextmanager
def _session(project: Project, place: Place | None, progress: Progress) -> Iterator[AgentSession]:
    """The project as its user would start it; mail, caches and files are scratch all the same."""
    with Scratch() as scratch:
        roots = {label: str(path) for label, path in project.source_roots.items()}
        is_postgres = place is not None and place.vendor == "postgresql"
        side = sidepackages.driver(project.interpreter, scratch.path) if is_postgres else None
        overlay = {**(place.overlay() if place else {}), "services": True}
        config = AttachConfig(
            roots=roots,
            scratch=str(scratch.folder("child")),
            side=str(side) if side else None,
            overlay={**overlay, "flags": dict(project.config.flags)},
        )
        env = {**os.environ, **project.env_file_values, **project.environment}
        env["DJANGO_SETTINGS_MODULE"] = project.settings
        path = [*map(str, project.sys_path), *filter(None, [env.get("PYTHONPATH")])]
        env["PYTHONPATH"] = os.pathsep.join(path)
        env |= prepare(scratch.path, config, env)
        with AgentSession.start(
            project.python, cwd=project.root, env=env, progress=progress.detail
        ) as session:
            yield session
