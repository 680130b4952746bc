"""DATABASES, with every alias on a scratch database."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from typing import Any

from nuages.agent.changes import Edit
from nuages.agent.sources import text_of

DUMMY = "django.db.backends.dummy"
PLAIN = {
    "postgresql": "django.db.backends.postgresql",
    "sqlite": "django.db.backends.sqlite3",
    "mysql": "django.db.backends.mysql",
}
SPATIAL = {
    "postgresql": "django.contrib.gis.db.backends.postgis",
    "sqlite": "django.contrib.gis.db.backends.spatialite",
}
REPLACED = frozenset({"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS", "TEST"})
TEST_KEPT = frozenset({"MIRROR", "DEPENDENCIES", "MIGRATE", "SERIALIZE"})
# OPTIONS that say where the server is or how to be let in; the scratch server needs neither.
ELSEWHERE = re.compile(
    r"ssl\w*|gss\w*|krbsrvname|channel_binding|require_auth|require_peer|service|servicefile"
    r"|passfile|password|user|host|hostaddr|port|dbname|database|target_session_attrs"
    r"|load_balance_hosts|assume_role"
)
FAMILIES = (
    ("cockroach", re.compile(r"cockroach")),
    ("postgresql", re.compile(r"postg|psql|psycopg|timescale")),
    ("sqlite", re.compile(r"sqlite|spatialite")),
    ("mysql", re.compile(r"mysql|mariadb")),
    ("oracle", re.compile(r"oracle")),
    ("mssql", re.compile(r"mssql|sql_?server")),
)
OTHER_FAMILY = re.compile(r"mysql|mariadb|sqlite3?|spatialite|oracle|mssql|postgresql|postgis")
SEARCH_PATH = re.compile(r"search_path\s*=\s*((?:[\w$'\"]+\s*,\s*)*[\w$'\"]+)")
REPLICA = re.compile(r"replica|read|slave|follow|standby|secondary", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Target:
    """The scratch server, or the folder of scratch files, and this run's prefix."""

    vendor: str
    prefix: str
    host: str = ""  # folder of the socket
    port: str = ""
    user: str = ""
    password: str = ""
    folder: str = ""
    told: str = ""  # the default alias's database, named by the user; others are named after it

    @classmethod
    def of(cls, overlay: Mapping[str, Any]) -> Target | None:
        """The target that an overlay names; None leaves databases untouched."""
        if told := overlay.get("postgres"):
            return cls(
                vendor="postgresql", prefix=told["prefix"], host=told["host"],
                port=str(told["port"]), user=told["user"],
            )  # fmt: skip
        if told := overlay.get("told"):
            name, vendor = told["name"], told["vendor"]
            if vendor == "sqlite":
                folder, file = os.path.split(name)
                stem = file.removesuffix(".sqlite3")
                return cls(vendor=vendor, prefix=stem, folder=folder, told=name)
            return cls(
                vendor=vendor, prefix=name, host=told["host"], port=told["port"],
                user=told["user"], password=told["password"], told=name,
            )  # fmt: skip
        if told := overlay.get("sqlite"):
            return cls(vendor="sqlite", prefix=told["prefix"], folder=told["dir"])
        return None

    def place(self, name: str) -> dict[str, str]:
        """Where a database is, as Django's settings say it."""
        is_told = self.told and name == database_name(self.prefix, "default")
        if self.vendor == "sqlite":
            file = self.told if is_told else os.path.join(self.folder, f"{name}.sqlite3")
            return {"NAME": file, "USER": "", "PASSWORD": "", "HOST": "", "PORT": ""}
        return {
            "NAME": self.told if is_told else name, "USER": self.user,
            "PASSWORD": self.password, "HOST": self.host, "PORT": self.port,
        }  # fmt: skip

    def owns(self, database: Mapping[str, Any]) -> bool:
        """Whether connecting to it would stay on scratch."""
        engine, name = database.get("ENGINE") or DUMMY, str(database.get("NAME") or "")
        if engine == DUMMY:
            return True
        if self.told and database.get("HOST", "") == self.host:
            return name.startswith(self.told) or (self.vendor == "sqlite" and name == self.told)
        if self.vendor == "postgresql" and database.get("HOST") == self.host:
            return name.removeprefix("test_").startswith("nuages_")
        if family(engine) != "sqlite":
            return False
        in_memory = ":memory:" in name or "mode=memory" in name
        return in_memory or bool(self.folder and name.startswith(self.folder))


def apply(edit: Edit, target: Target) -> None:
    """Redirect every alias of DATABASES."""
    databases = edit.get("DATABASES") or {}
    names = database_names(databases, target.prefix)
    redirected = {
        alias: redirect(database, target, names[alias]) for alias, database in databases.items()
    }
    if edit.put("DATABASES", redirected):
        for alias, database in redirected.items():
            _note(edit, alias, databases[alias], database)


def redirect_in_place(edit: Edit, target: Target, alias: str, database: dict[str, Any]) -> None:
    """Redirect one database that Django's settings did not have when they became final."""
    old = dict(database)
    database.update(redirect(old, target, database_name(target.prefix, alias)))
    _note(edit, alias, old, database)


def redirect(database: Mapping[str, Any], target: Target, name: str) -> dict[str, Any]:
    """One database's settings, elsewhere: what is about the place goes, the rest stays."""
    engine = database.get("ENGINE") or DUMMY
    if engine == DUMMY:
        return dict(database)
    engine_here = engine_for(engine, target.vendor)
    test = database.get("TEST") or {}
    return {
        **{key: value for key, value in database.items() if key not in REPLACED},
        "ENGINE": engine_here,
        **target.place(name),
        "OPTIONS": _options(database) if family(engine) == target.vendor else {},
        "TEST": {key: value for key, value in test.items() if key in TEST_KEPT},
    }


def _options(database: Mapping[str, Any]) -> dict[str, Any]:
    options = database.get("OPTIONS") or {}
    kept = {key: value for key, value in options.items() if not ELSEWHERE.fullmatch(key)}
    if kept.get("pool") and find_spec("psycopg_pool") is None:
        del kept["pool"]
    return kept


def _note(edit: Edit, alias: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    was, now = described(old), described(new)
    if was != now:
        edit.note(f"DATABASES[{alias!r}]", now, "a scratch database", was=was)


def described(database: Mapping[str, Any]) -> str:
    where = f"{database.get('HOST') or ''}:{database.get('PORT') or ''}".strip(":")
    parts = (database.get("ENGINE") or DUMMY, str(database.get("NAME") or ""), where)
    return " ".join(part for part in parts if part)


def vendors(databases: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The vendor of each alias, told from its engine without importing it."""
    return {alias: family(database.get("ENGINE") or DUMMY) for alias, database in databases.items()}


def database_names(databases: Mapping[str, Mapping[str, Any]], prefix: str) -> dict[str, str]:
    """A scratch name for each alias; aliases of the same database share one."""
    first: dict[object, str] = {}
    shared = {alias: _mirrored(databases, alias) for alias in databases}
    for alias in databases:
        if shared[alias] == alias:
            shared[alias] = first.setdefault(_identity(databases, alias), alias)
    return {alias: database_name(prefix, shared[shared[alias]]) for alias in databases}


def database_name(prefix: str, alias: str) -> str:
    """An identifier that needs no quotes and leaves room for `test_` and `_gw12` in 63 bytes."""
    safe = re.sub(r"\W", "_", alias, flags=re.ASCII).lower()
    if len(prefix) + len(safe) > 48 or safe != alias.lower():
        safe = safe[:24] + "_" + blake2b(alias.encode(), digest_size=3).hexdigest()
    return f"{prefix}_{safe}"


def _mirrored(databases: Mapping[str, Mapping[str, Any]], alias: str) -> str:
    seen = {alias}
    while mirror := (databases[alias].get("TEST") or {}).get("MIRROR"):
        if mirror not in databases or mirror in seen:
            break
        seen.add(mirror)
        alias = mirror
    return alias


def _identity(databases: Mapping[str, Mapping[str, Any]], alias: str) -> object:
    database = databases[alias]
    name = str(database.get("NAME") or "")
    if not name or ":memory:" in name:
        return alias
    kind = family(database.get("ENGINE") or DUMMY)
    if REPLICA.search(alias) and alias != "default":
        for other, primary in databases.items():
            same = family(primary.get("ENGINE") or DUMMY) == kind and primary.get("NAME") == name
            if same and not REPLICA.search(other):
                return _identity(databases, other)
    return kind, str(database.get("HOST") or ""), str(database.get("PORT") or ""), name


def engine_for(engine: str, vendor: str) -> str:
    """The project's engine where it speaks to this vendor, else its sibling, else Django's own.

    A wrapper (metrics, pools, tenants) has its sibling in a module named for the other vendor.
    """
    spatial = vendor if re.search(r"\bgis\b|postgis|spatialite", engine) else ""
    usual = (SPATIAL if spatial else PLAIN)[vendor]
    if family(engine) == vendor:
        return engine if _source(engine) is not None else usual
    words = ("postgis", "postgresql") if vendor == "postgresql" else ("spatialite", "sqlite3")
    for word in words if spatial else words[1:]:
        sibling = OTHER_FAMILY.sub(word, engine)
        if sibling != engine and _source(sibling) is not None:
            return sibling
    return usual


def family(engine: str) -> str:
    """Whose SQL an engine speaks: by its name, else by what its source talks about."""
    if engine == DUMMY:
        return "dummy"
    for text in (engine.lower(), (_source(engine) or "").lower()):
        for name, words in FAMILIES:
            if words.search(text):
                return name
    return "unknown"


def _source(engine: str) -> str | None:
    # Read, not imported: engines use the settings, which are being made at this moment.
    return text_of(f"{engine}.base")


def schemas(database: Mapping[str, Any]) -> tuple[str, ...]:
    """Schemas on the search path that a connection of these settings asks for."""
    options = (database.get("OPTIONS") or {}).get("options")
    found = SEARCH_PATH.search(options) if isinstance(options, str) else None
    names = (name.strip(" '\"") for name in found.group(1).split(",")) if found else ()
    return tuple(name for name in names if name and name not in ("public", "$user"))
