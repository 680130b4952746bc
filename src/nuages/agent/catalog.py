"""The catalog of each database: its tables, columns, keys and indexes, as it has them itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from nuages.agent import catalog_mysql, catalog_postgres
from nuages.model import Catalog, Index, Table

TIMEOUT_MS = 5_000  # of one statement, on a database that is in use


def read(is_production: bool = False) -> dict[str, Any]:
    """The catalogs by alias, as JSON values; a database that cannot be read is left out."""
    from django.db import connections

    found = {}
    for alias in connections:
        with suppress(Exception):
            catalog = _of(connections[alias], is_production)
            if catalog is not None:
                found[alias] = asdict(catalog)
    return found


def _of(connection: Any, is_production: bool) -> Catalog | None:
    """Read in one transaction that cannot write, and that gives up rather than wait."""
    from django.db import transaction

    reader = READERS.get(connection.vendor)
    if reader is None:
        return None
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if is_production:
            for setting in CAREFUL[connection.vendor]:
                cursor.execute(setting)
        try:
            return reader(cursor, is_production)
        finally:
            if connection.vendor == "sqlite" and is_production:
                cursor.execute("PRAGMA query_only = OFF")


def sqlite(cursor: Any, is_production: bool) -> Catalog:
    """By PRAGMA; SQLite counts no scans, and knows no sizes without an extension."""
    tables = {}
    estimates = _sqlite_estimates(cursor)
    cursor.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite@_%' "
        "ESCAPE '@' ORDER BY name"
    )
    for (name,) in cursor.fetchall():
        tables[name] = _sqlite_table(cursor, name, estimates)
    cursor.execute("SELECT sqlite_version()")
    return Catalog(
        vendor="sqlite",
        version=cursor.fetchone()[0],
        tables=tables,
        is_production=is_production,
    )


def _sqlite_estimates(cursor: Any) -> dict[str, int]:
    """Rows by table, as ANALYZE left them."""
    rows: dict[str, int] = defaultdict(int)
    with suppress(Exception):
        cursor.execute("SELECT tbl, stat FROM sqlite_stat1")
        for name, stat in cursor.fetchall():
            rows[name] = max(rows[name], int(str(stat).split()[0]))
    return rows


def _sqlite_table(cursor: Any, name: str, estimates: Mapping[str, int]) -> Table:
    cursor.execute(f"PRAGMA table_xinfo({_quoted(name)})")
    described = cursor.fetchall()
    keys = [row[1] for row in described if row[5]]
    cursor.execute(f"PRAGMA foreign_key_list({_quoted(name)})")
    references = {row[3]: row[2] for row in cursor.fetchall()}
    key_max = _sqlite_key(cursor, name)
    return Table(
        name=name,
        rows=estimates.get(name) or key_max or 0,
        indexes=tuple(_sqlite_indexes(cursor, name)),
        columns={row[1]: row[2].lower() for row in described},
        key=keys[0] if len(keys) == 1 else "",
        key_max=key_max,
        references=references,
    )


def _sqlite_key(cursor: Any, table: str) -> int | None:
    with suppress(Exception):  # WITHOUT ROWID
        cursor.execute(f"SELECT max(rowid) FROM {_quoted(table)}")
        return cursor.fetchone()[0]
    return None


def _sqlite_indexes(cursor: Any, table: str) -> Iterable[Index]:
    cursor.execute(f"PRAGMA index_list({_quoted(table)})")
    for _, name, is_unique, origin, is_partial in cursor.fetchall():
        cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = %s", [name])
        definition = (cursor.fetchone() or ("",))[0] or ""
        cursor.execute(f"PRAGMA index_xinfo({_quoted(name)})")
        columns = [(row[2] or "(expression)", row[3]) for row in cursor.fetchall() if row[5]]
        yield Index(
            name=name,
            columns=tuple(column for column, _ in columns),
            is_unique=bool(is_unique),
            is_primary=origin == "pk",
            is_constraint=origin in ("pk", "u"),
            predicate=definition.partition(" WHERE ")[2] if is_partial else "",
            definition=definition,
        )


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


READERS = {
    "postgresql": catalog_postgres.read,
    "sqlite": sqlite,
    "mysql": catalog_mysql.read,
}
CAREFUL: Mapping[str, tuple[str, ...]] = {
    "postgresql": (
        "SET TRANSACTION READ ONLY",
        f"SET LOCAL statement_timeout = {TIMEOUT_MS}",
        "SET LOCAL lock_timeout = 100",
    ),
    "sqlite": ("PRAGMA query_only = ON",),
    "mysql": (),  # SET TRANSACTION comes too late in one; only information_schema is read
}
