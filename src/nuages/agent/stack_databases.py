"""DATABASES of a stack: every alias on its server, by its pool, with what a pool can bear."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from nuages.agent import scratch_databases
from nuages.agent.changes import MISSING, Edit
from nuages.agent.scratch_databases import REPLICA, Target, family
from nuages.agent.sources import text_of
from nuages.agent.stack_config import StackConfig

ROUTER = "nuages.django.routers.ReplicaRouter"
MIDDLEWARE = "nuages.django.middleware.ReadYourWrites"
APP = "django.contrib.postgres"
WHERE = ("HOST", "PORT", "USER", "PASSWORD")
# An engine that does this by itself, as those of tenants do.
SESSION_STATE = re.compile(r"SET\s+(?:SESSION\s+)?(?:search_path|ROLE)\b", re.IGNORECASE)
SESSION_APPS = ("procrastinate.contrib.django", "pgpubsub", "django_pglocks")
PAIR = re.compile(r"(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)")


class ForeignDatabaseError(ValueError):
    """A database was told that is not nuages' own to touch."""


def target(config: StackConfig) -> Target | None:
    """The stack's server, or its folder of SQLite files."""
    told = {"postgres": config.postgres, "sqlite": config.sqlite}
    found = Target.of({key: value for key, value in told.items() if value})
    password = str((config.postgres or {}).get("password") or "")
    return replace(found, password=password) if found and password else found


def owns(config: StackConfig, alias: str, database: Mapping[str, Any]) -> bool:
    """Whether connecting to it would stay in the stack."""
    standbys = (place for places in config.replicas.values() for place in places)
    places = [*config.places.values(), *standbys]
    name, host = str(database.get("NAME") or ""), str(database.get("HOST") or "")
    if any(str(place.get("HOST", "")) == host for place in places):
        return _is_ours(name)
    server = target(config)
    if server is None:
        return False
    told = config.direct or {}
    past = replace(server, host=str(told.get("host", server.host)))
    return server.owns(database) or past.owns(database)


def apply(edit: Edit, config: StackConfig) -> None:
    """Redirect every alias, and set what goes with the pool."""
    own = edit.get("DATABASES") or {}
    server = target(config)
    if not own or (server is None and not config.places):
        return
    names = _names(own, config)
    primaries = _primaries(own, names)
    standbys = _standbys(primaries, config)
    databases = {
        alias: _placed(edit, config, alias, database, names[alias], standbys.get(alias))
        for alias, database in own.items()
    }
    replicas = _added_replicas(edit, own, databases, config, primaries)
    databases |= replicas
    if edit.put("DATABASES", databases):
        for alias, database in databases.items():
            _note(edit, alias, own.get(alias) or {}, database)
    _add_app(edit, own, databases)
    if replicas:
        _route(edit, replicas)


def _add_app(edit: Edit, own: Mapping[str, Any], databases: Mapping[str, Any]) -> None:
    """Apps that have fields of PostgreSQL's own check for Django's app of them (postgres.E005)."""
    apps = edit.get("INSTALLED_APPS") or ()
    moved = any(
        family(str(databases[alias].get("ENGINE"))) == "postgresql"
        and family(str(database.get("ENGINE"))) != "postgresql"
        for alias, database in own.items()
    )
    if moved and not any(app.startswith(APP) for app in apps):
        edit.set("INSTALLED_APPS", [*apps, APP], "the database is PostgreSQL here")


def redirect_in_place(
    edit: Edit, config: StackConfig, alias: str, database: dict[str, Any]
) -> None:
    """Redirect one database that the settings did not have when they became final."""
    old = dict(database)
    name = _names({alias: old}, config)[alias]
    database.update(_placed(edit, config, alias, old, name, None))
    _note(edit, alias, old, database)


def session_settings(database: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a connection's startup `options` set; a pool does not pass them on."""
    options = (database.get("OPTIONS") or {}).get("options")
    for name, value in PAIR.findall(options if isinstance(options, str) else ""):
        yield name, value.replace("\\ ", " ")


def _names(own: Mapping[str, Mapping[str, Any]], config: StackConfig) -> dict[str, str]:
    told = config.postgres or config.sqlite or {}
    names = scratch_databases.database_names(own, str(told.get("prefix") or "nuages_up"))
    return {**names, **{alias: str(place["NAME"]) for alias, place in config.places.items()}}


def _primaries(own: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Alias of a replica → alias of what it is a replica of."""
    found: dict[str, str] = {}
    for alias in own:
        mirror = str((own[alias].get("TEST") or {}).get("MIRROR") or "")
        others = [
            other for other in own
            if other != alias and names[other] == names[alias] and not REPLICA.search(other)
        ]  # fmt: skip
        if mirror in own:
            found[alias] = mirror
        elif alias != "default" and REPLICA.search(alias) and others:
            found[alias] = others[0]
    return found


def _standbys(primaries: Mapping[str, str], config: StackConfig) -> dict[str, Mapping[str, Any]]:
    """Alias of a replica that the project has → where it is here, each replica in turn."""
    found: dict[str, Mapping[str, Any]] = {}
    for number, (alias, primary) in enumerate(primaries.items()):
        if places := config.replicas.get(primary):
            found[alias] = places[number % len(places)]
    return found


def _placed(
    edit: Edit,
    config: StackConfig,
    alias: str,
    database: Mapping[str, Any],
    name: str,
    standby: Mapping[str, Any] | None,
) -> dict[str, Any]:
    server = _server_of(config, alias, standby)
    if server is None:
        return dict(database)
    base, why = target(config), _needs_sessions(edit, database, config)
    if why and base and alias not in config.places:  # a replica's reads go there, too
        told = config.direct or {}
        server = replace(base, host=str(told["host"]), port=str(told["port"]))
        edit.note(f"DATABASES[{alias!r}]", "past the pool", why, was="by the pool")
        config = replace(config, pool="")
    if server.vendor == "postgresql" and not _is_ours(name):
        raise ForeignDatabaseError(
            f"nuages only touches databases named nuages_…, not {name!r} of {alias!r}"
        )
    placed = scratch_databases.redirect(database, server, name)
    if family(placed.get("ENGINE") or "") == "postgresql":
        extra = (config.places.get(alias) or {}).get("OPTIONS") or {}
        placed["OPTIONS"] = {**placed["OPTIONS"], **extra}
        _fit_to_pool(edit, config, alias, placed)
    return placed


def _needs_sessions(edit: Edit, database: Mapping[str, Any], config: StackConfig) -> str:
    """Why a pool of transactions would break this database; empty where it would not.

    What one statement sets on its connection, the next would not find.
    """
    if config.pool != "transaction" or not config.direct:
        return ""
    engine = str(database.get("ENGINE") or "")
    own = "" if engine.startswith("django.") else text_of(f"{engine}.base") or ""
    if SESSION_STATE.search(own):
        return "its engine sets the schema, or a role, on the connection"
    apps = set(map(str, edit.get("INSTALLED_APPS") or ()))
    listening = sorted(app for app in SESSION_APPS if app in apps)
    return f"{listening[0]} holds a connection to listen, or to lock" if listening else ""


def _server_of(config: StackConfig, alias: str, standby: Mapping[str, Any] | None) -> Target | None:
    place = standby or config.places.get(alias)
    base = target(config)
    if place is None:
        return base
    return Target(
        vendor="postgresql", prefix="nuages",
        host=str(place.get("HOST", "")), port=str(place.get("PORT", "")),
        user=str(place.get("USER", base.user if base else "")),
        password=str(place.get("PASSWORD", base.password if base else "")),
    )  # fmt: skip


def _fit_to_pool(edit: Edit, config: StackConfig, alias: str, database: dict[str, Any]) -> None:
    options = database["OPTIONS"]
    if config.native_pool and not options.get("pool"):
        size = {"min_size": 1, "max_size": config.native_pool}
        _set_key(edit, alias, options, "pool", size, "threads share a process's connections")
    lasting = None if config.persistent and not options.get("pool") else 0
    why = "a connection is kept" if lasting is None else "no thread would use it again"
    if options.get("pool"):
        why = "the pool keeps connections, and Django refuses both"
    _set_key(edit, alias, database, "CONN_MAX_AGE", lasting, why)
    if lasting is None:
        why = "a connection that a restart broke is replaced before it is used"
        _set_key(edit, alias, database, "CONN_HEALTH_CHECKS", True, why)
    if config.pool == "transaction":
        why = "the next fetch may be another server connection's"
        _set_key(edit, alias, database, "DISABLE_SERVER_SIDE_CURSORS", True, why)
        if not config.prepared_statements and options.get("prepare_threshold") is not None:
            _set_key(edit, alias, options, "prepare_threshold", None, "as above")
    if config.pool and "options" in options:
        why = "set on the database: a pool does not pass on what one connection asks for"
        _drop_key(edit, alias, options, "options", why)


def _set_key(
    edit: Edit, alias: str, table: dict[str, Any], key: str, value: object, why: str
) -> None:
    if table.get(key, MISSING) == value or edit.keeps(key, why):
        return
    edit.note(f"DATABASES[{alias!r}][{key!r}]", value, why, was=table.get(key, MISSING))
    table[key] = value


def _drop_key(edit: Edit, alias: str, options: dict[str, Any], key: str, why: str) -> None:
    was = options.pop(key)
    edit.note(f"DATABASES[{alias!r}]['OPTIONS'][{key!r}]", "left out", why, was=was)


def _added_replicas(
    edit: Edit,
    own: Mapping[str, Any],
    databases: Mapping[str, dict[str, Any]],
    config: StackConfig,
    primaries: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    """An alias for each replica of a database that the project has none of."""
    added: dict[str, dict[str, Any]] = {}
    for primary, places in config.replicas.items():
        if primary not in own or primary in primaries.values() or config.prepares:
            continue
        if _needs_sessions(edit, own[primary], config):
            continue
        stem = "replica" if primary == "default" else f"{primary}_replica"
        for number, place in enumerate(places):
            where = {key: place[key] for key in WHERE if key in place}
            alias = f"{stem}_{number + 1}" if number else stem
            added[alias] = {**databases[primary], **where, "TEST": {"MIRROR": primary}}
    return added


def _route(edit: Edit, replicas: Mapping[str, Mapping[str, Any]]) -> None:
    why = "reads go to the replica, except after a write of the same client"
    routed: dict[str, list[str]] = {}
    for alias, told in replicas.items():
        routed.setdefault(told["TEST"]["MIRROR"], []).append(alias)
    edit.put("NUAGES_REPLICAS", routed)
    edit.set("DATABASE_ROUTERS", [ROUTER, *(edit.get("DATABASE_ROUTERS") or ())], why)
    edit.set("MIDDLEWARE", [MIDDLEWARE, *(edit.get("MIDDLEWARE") or ())], why)


def _note(edit: Edit, alias: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    was, now = (
        scratch_databases.described(old) if old else MISSING,
        scratch_databases.described(new),
    )
    if was != now:
        edit.note(f"DATABASES[{alias!r}]", now, "the stack's own database", was=was)


def _is_ours(name: str) -> bool:
    return name.removeprefix("test_").startswith("nuages_")
