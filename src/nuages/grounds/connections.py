"""What the settings say of each database's connections: how long they live, and through what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nuages.cases import Case
from nuages.code import Code, Module
from nuages.deployment import Deployment
from nuages.grounds.settings_code import locate
from nuages.model import Facts, Location

# Engines, by a word in their name. Others may keep connections in ways of their own.
VENDORS = {
    "postgresql": re.compile(r"postg(?:res|is)|psqlextra|timescale", re.IGNORECASE),
    "mysql": re.compile(r"mysql|mariadb", re.IGNORECASE),
    "oracle": re.compile(r"oracle", re.IGNORECASE),
}
POOLED_ENGINE = re.compile(r"pool|gevent", re.IGNORECASE)
# Ports that only a pooler has: PgBouncer's, Supabase's and DigitalOcean's.
POOLER_PORTS = frozenset({"6432", "6543", "25061"})
NATIVE_POOL = (5, 1)  # Django's version from which on OPTIONS["pool"] is there, for PostgreSQL
POOL_MIN_SIZE = 4  # psycopg_pool.ConnectionPool's default of min_size, and of max_size
ASYNC_SERVERS = frozenset({"uvicorn", "daphne", "hypercorn"})
TESTING = frozenset({"pytest", "manage.py test"})
DEVELOPMENT = re.compile(r"(?:^|[._])(?:dev|devel|development|local|test|tests|testing|ci|debug)\b")
NAMED = re.compile("DATABASES")  # a plain word is found ten times as fast as a pattern
OPTION_POOL = re.compile(r"[\"']pool[\"']")
PRODUCTION = re.compile(r"(?:^|[._])(?:prod|production|live)\b")


@dataclass(frozen=True, kw_only=True)
class Database:
    """One of DATABASES, as far as it is known."""

    alias: str
    vendor: str
    max_age: float | None  # seconds; None: for ever
    options: Mapping[str, Any]  # None for a value that is not told
    settings: Mapping[str, Any]
    was_scratch: bool  # whether a scratch server stood in for it while it was recorded

    @property
    def is_persistent(self) -> bool:
        return self.max_age is None or self.max_age > 0

    @property
    def has_pool(self) -> bool:
        """Whether each process has a pool of Django's own."""
        return self.options.get("pool", False) is not False

    @property
    def is_behind_pooler(self) -> bool:
        """Whether its port is a pooler's."""
        return str(self.settings.get("PORT", "")) in POOLER_PORTS

    @property
    def pool_sizes(self) -> tuple[int, int] | None:
        """The fewest and most connections of the pool in each process; None where not known."""
        pool = self.options.get("pool")
        given = {} if pool is True else pool
        if not isinstance(given, Mapping):
            return None
        least = _number(given.get("min_size", POOL_MIN_SIZE))
        most = _number(given.get("max_size")) or least
        return None if least is None or most is None else (int(least), int(most))


def databases(facts: Facts) -> Iterator[Database]:
    """The databases behind a network, with engines whose connections Django itself keeps."""
    stated = facts.settings.get("DATABASES")
    for alias, one in stated.items() if isinstance(stated, Mapping) else ():
        engine = str(one.get("ENGINE", "")) if isinstance(one, Mapping) else ""
        vendor = next((name for name, words in VENDORS.items() if words.search(engine)), "")
        if not vendor or POOLED_ENGINE.search(engine):
            continue
        age = one.get("CONN_MAX_AGE", 0)
        max_age = None if str(age).lower() == "none" else _number(age)
        options = one.get("OPTIONS")
        if max_age is not None or str(age).lower() == "none":
            yield Database(
                alias=str(alias),
                vendor=vendor,
                max_age=max_age,
                options=options if isinstance(options, Mapping) else {},
                settings=one,
                was_scratch="DATABASES" in facts.changed,
            )


def _number(value: object) -> float | None:
    """A number, or one that a variable of the environment gave as text."""
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None


def keeps_no_thread(facts: Facts, deployment: Deployment) -> bool:
    """Whether requests are known to be served by coroutines or greenlets."""
    web = deployment.web
    is_known = bool(web) and all(service.is_async or service.is_green for service in web)
    return is_known or facts.server in ASYNC_SERVERS


def pool_hint(database: Database, facts: Facts) -> str:
    """How to share connections with what the project has."""
    if database.vendor == "mysql":
        return "put a pooler such as ProxySQL in between"
    if database.vendor != "postgresql":
        return 'set OPTIONS["pool"]' if _django(facts) >= (5, 2) else "use a pool of sessions"
    if _django(facts) >= NATIVE_POOL:
        return (
            f'set DATABASES["{database.alias}"]["OPTIONS"]["pool"] = True (psycopg[pool]), or put '
            "PgBouncer in between"
        )
    return "put PgBouncer in between"


def _django(facts: Facts) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", facts.django)[:2])


def is_development(facts: Facts) -> bool:
    """Whether these settings are known to be other than production's."""
    if PRODUCTION.search(facts.settings_module):
        return False
    if facts.server in TESTING or DEVELOPMENT.search(facts.settings_module):
        return True
    return facts.settings.get("DEBUG", True) is not False


def settings_files(code: Code) -> Iterator[Module]:
    """The files that say something of databases."""
    return code.matching(NAMED)


def place(case: Case, alias: str = "default") -> Location | None:
    """Where a database is written: by the settings, else in the one file that has any."""
    return locate(case, "DATABASES", alias) or _only_place(case.code, alias)


def _only_place(code: Code, alias: str) -> Location | None:
    found = [
        (module, node)
        for module in settings_files(code)
        for node in module.tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DATABASES"
    ]
    if len(found) != 1:
        return None
    [(module, node)] = found
    return module.location(_entry(node.value, alias) or node)


def _entry(node: ast.expr, alias: str) -> ast.expr | None:
    pairs = zip(node.keys, node.values, strict=True) if isinstance(node, ast.Dict) else ()
    return next((v for k, v in pairs if isinstance(k, ast.Constant) and k.value == alias), None)


def ages(code: Code) -> Iterator[tuple[str, Location]]:
    """Each CONN_MAX_AGE above 0 that is written in settings other than development's."""
    for module in settings_files(code):
        dotted = module.file.removesuffix(".py").replace("/", ".")
        if DEVELOPMENT.search(dotted) or OPTION_POOL.search(module.text):
            continue
        for node in ast.walk(module.tree):
            age = _age(node)
            if isinstance(age, ast.Constant) and (age.value is None or _is_above_0(age.value)):
                yield repr(age.value), module.location(age)


def _is_above_0(value: object) -> bool:
    return type(value) in (int, float) and value > 0  # type: ignore[operator]


def _age(node: ast.AST) -> ast.expr | None:
    """What CONN_MAX_AGE is given, as a key, an item, or dj_database_url's argument."""
    if isinstance(node, ast.keyword) and node.arg == "conn_max_age":
        return node.value
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return next((value for key, value in pairs if _is_age(key)), None)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        return node.value if _is_age(node.targets[0].slice) else None
    return None


def _is_age(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value == "CONN_MAX_AGE"
