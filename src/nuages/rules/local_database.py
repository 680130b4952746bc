"""SQLite as the database of a site: a file of one host, with one writer at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.production import Stated, backends, is_debugging, texts
from nuages.model import Evidence, Finding, Fix, Remedy

ID = "local-database"

SQLITE = ("sqlite3", "spatialite")
SERVERS = ("postgresql", "psycopg", "mysql", "oracle", "mssql", "postgis", "cockroach", "mariadb")
# What leaves the engine open: a URL, a function of the environment, ENGINE without a text.
URLS = re.compile(
    r"dj_database_url|\benv\.\w*(db|database|url)\w*\(|_URL\b|['\"]ENGINE['\"]\s*:(?!\s*['\"])"
)
WRITES = frozenset({"INSERT", "UPDATE", "DELETE"})
TESTING = ("pytest", "manage.py test")


def find(case: Case) -> Iterator[Finding]:
    """One finding per database of production's settings that is a file."""
    given = case.settings.get("DATABASES")
    told = given if isinstance(given, dict) else {}
    for alias, stated in backends(case, "DATABASES", "ENGINE").items():
        is_file = str(told.get(alias, {}).get("NAME", "file")) != "memory"
        if any(name in stated.value for name in SQLITE) and is_file and not _is_open(case):
            yield _finding(alias, stated, case)


def _is_open(case: Case) -> bool:
    """Whether another database, or the environment, stands beside it in the settings; or whether
    these are not production's.
    """
    if is_debugging(case) or (case.facts.server in TESTING and not case.code.roots):
        return True
    return any(
        URLS.search(text) or any(server in text for server in SERVERS)
        for text in texts(case, "DATABASES")
    )


def _finding(alias: str, stated: Stated, case: Case) -> Finding:
    groups = [
        group
        for group in case.recording.groups
        if group.scope.kind == "request" and group.statement.alias == alias
    ]
    writes = [group for group in groups if group.statement.verb in WRITES]
    return Finding(
        rule=ID,
        message=f"The database {alias!r} is SQLite: a file of one host, with one writer at a time",
        hint=f'for production set DATABASES["{alias}"]["ENGINE"] = '
        f'"django.db.backends.postgresql", and move the rows with dumpdata and loaddata',
        location=stated.location,
        evidence=Evidence(
            requests=sum(group.executions for group in writes),
            calls=sum(group.calls for group in writes),
            figures={"writes": sum(group.calls for group in writes)},
        ),
        confidence=0.8 if writes else 0.7,
        remedy=Remedy(kind="setting", path=f"DATABASES.{alias}.ENGINE"),
        routes=tuple(sorted({group.scope.name for group in writes})),
        fix=Fix(status="none", reason="which server it is to be is not known"),
        concern="hazard",
    )
