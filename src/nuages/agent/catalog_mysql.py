"""A MySQL or MariaDB database's catalog, by information_schema."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from nuages.model import Catalog, Index, Table

TABLES = """
    SELECT table_name, COALESCE(table_rows, 0), COALESCE(data_length, 0), auto_increment
    FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name"""
COLUMNS = """
    SELECT table_name, column_name, column_type FROM information_schema.columns
    WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"""
# MySQL 8 alone has expressions; a part of a column's text stands as `name(10)`.
INDEXES = """
    SELECT table_name, index_name, non_unique, index_type, column_name, sub_part, collation
    FROM information_schema.statistics
    WHERE table_schema = DATABASE() ORDER BY table_name, index_name, seq_in_index"""
REFERENCES = """
    SELECT table_name, column_name, referenced_table_name
    FROM information_schema.key_column_usage
    WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL"""
SIZES = """
    SELECT table_name, index_name, stat_value * @@innodb_page_size
    FROM mysql.innodb_index_stats WHERE database_name = DATABASE() AND stat_name = 'size'"""
SCANS = """
    SELECT object_name, index_name, count_read
    FROM performance_schema.table_io_waits_summary_by_index_usage
    WHERE object_schema = DATABASE() AND index_name IS NOT NULL"""
UPTIME = "SHOW GLOBAL STATUS LIKE 'Uptime'"

_Rows = Sequence[tuple[Any, ...]]


def read(cursor: Any, is_production: bool) -> Catalog:
    """All tables of the connection's database."""
    uptime = _optional(cursor, UPTIME)
    scans = _optional(cursor, SCANS)
    cursor.execute("SELECT VERSION()")
    return Catalog(
        vendor="mysql",
        version=cursor.fetchone()[0],
        tables=tables(
            _rows(cursor, TABLES),
            _rows(cursor, COLUMNS),
            _rows(cursor, INDEXES),
            _rows(cursor, REFERENCES),
            sizes=_optional(cursor, SIZES),
            scans=scans,
        ),
        is_production=is_production,
        counted_days=int(uptime[0][1]) / 86400 if uptime and scans else None,
    )


def tables(
    listed: _Rows, columns: _Rows, indexes: _Rows, references: _Rows, *, sizes: _Rows, scans: _Rows
) -> dict[str, Table]:
    """Tables made of what information_schema says of them."""
    types, targets = _by_table(columns), _by_table(references)
    of_table: dict[str, list[Index]] = defaultdict(list)
    for table, index in _indexes(indexes, _by_table(sizes), _by_table(scans)):
        of_table[table].append(index)
    return {
        name: _table(name, rows, size, following, of_table[name], types, targets)
        for name, rows, size, following in listed
    }


def _table(
    name: str,
    rows: int,
    size: int,
    following: int | None,
    indexes: list[Index],
    types: Mapping[str, dict[str, Any]],
    targets: Mapping[str, dict[str, Any]],
) -> Table:
    primary = next((index for index in indexes if index.is_primary), None)
    key = primary.columns[0] if primary and len(primary.columns) == 1 else ""
    return Table(
        name=name,
        rows=int(rows),
        bytes=int(size),
        indexes=tuple(indexes),
        columns=types.get(name, {}),
        key=key,
        key_max=int(following) - 1 if following else None,
        references=targets.get(name, {}),
    )


def _indexes(
    rows: _Rows, sizes: Mapping[str, dict[str, Any]], scans: Mapping[str, dict[str, Any]]
) -> Iterable[tuple[str, Index]]:
    parts: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for table, name, *part in rows:
        parts[table, name].append(tuple(part))
    for (table, name), keys in parts.items():
        non_unique, method = keys[0][0], str(keys[0][1]).lower()
        is_unique = not int(non_unique)
        yield (
            table,
            Index(
                name=name,
                columns=tuple(_key(*key[2:]) for key in keys),
                method=method,
                is_unique=is_unique,
                is_primary=name == "PRIMARY",
                is_constraint=is_unique,
                bytes=int(sizes.get(table, {}).get(name, 0)),
                scans=scans[table].get(name) if table in scans else None,
            ),
        )


def _key(column: str | None, part: int | None, collation: str | None) -> str:
    text = (column or "(expression)") + (f"({part})" if part else "")
    return f"{text} DESC" if collation == "D" else text


def _by_table(rows: _Rows) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for table, name, value in rows:
        found[table][name] = value
    return dict(found)


def _rows(cursor: Any, sql: str) -> _Rows:
    cursor.execute(sql)
    found: _Rows = cursor.fetchall()
    return found


def _optional(cursor: Any, sql: str) -> _Rows:
    """What only some servers have, and some roles may read."""
    with suppress(Exception):
        return _rows(cursor, sql)
    return ()
