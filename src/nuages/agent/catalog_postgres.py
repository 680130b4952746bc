"""A PostgreSQL database's catalog, by a few queries of pg_catalog."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from nuages.model import Catalog, Index, Table

BATCH = 50  # tables whose highest key is asked for at once

# What the search path finds, as Django's names mean it: no other tenant's, no temporary tables.
VISIBLE = """c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND NOT c.relispartition
    AND pg_table_is_visible(c.oid)
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"""
FROM = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
TABLES = f"""
    SELECT c.oid::bigint, c.relname, pg_table_size(c.oid),
        GREATEST(c.reltuples, s.n_live_tup, 0)::bigint
    {FROM} LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
    WHERE {VISIBLE} ORDER BY c.relname"""
COLUMNS = f"""
    SELECT c.oid::bigint, a.attname, format_type(a.atttypid, a.atttypmod)
    {FROM} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE {VISIBLE} ORDER BY c.oid, a.attnum"""
# An index that failed to be built, or is being built, serves nobody.
INDEXES = f"""
    SELECT c.oid::bigint, ic.relname, am.amname, i.indisunique, i.indisprimary,
        EXISTS (SELECT FROM pg_constraint k
            WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')),
        COALESCE(pg_get_expr(i.indpred, i.indrelid, true), ''),
        pg_get_indexdef(i.indexrelid), pg_relation_size(i.indexrelid), s.idx_scan,
        ARRAY(SELECT pg_get_indexdef(i.indexrelid, k, true)
            FROM generate_series(1, i.indnkeyatts) k)
    {FROM} JOIN pg_index i ON i.indrelid = c.oid
    JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
    LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = i.indexrelid
    WHERE {VISIBLE} AND i.indisvalid ORDER BY c.oid, ic.relname"""
KEYS = f"""
    SELECT c.oid::bigint, a.attname
    {FROM} JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary AND i.indnkeyatts = 1
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
    WHERE {VISIBLE}"""
SEQUENCES = f"""
    SELECT c.oid::bigint, a.attname, q.last_value
    {FROM} JOIN pg_depend d ON d.refobjid = c.oid AND d.deptype IN ('a', 'i')
        AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    JOIN pg_class qc ON qc.oid = d.objid AND qc.relkind = 'S'
    JOIN pg_namespace qn ON qn.oid = qc.relnamespace
    JOIN pg_sequences q ON q.schemaname = qn.nspname AND q.sequencename = qc.relname
    WHERE {VISIBLE} AND q.last_value IS NOT NULL"""
REFERENCES = f"""
    SELECT c.oid::bigint, a.attname, r.relname
    {FROM} JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f'
        AND cardinality(k.conkey) = 1
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    JOIN pg_class r ON r.oid = k.confrelid
    WHERE {VISIBLE}"""
# Statistics that were never reset are as old as the database; all that can be seen of its age
# is that the server has not been started after it.
COUNTED = """
    SELECT extract(epoch FROM now() - COALESCE(stats_reset, pg_postmaster_start_time())) / 86400
    FROM pg_stat_database WHERE datname = current_database()"""

_ByTable = dict[int, dict[str, Any]]


def read(cursor: Any, is_production: bool) -> Catalog:
    """All tables that the connection's search path finds."""
    columns, references = _by_table(cursor, COLUMNS), _by_table(cursor, REFERENCES)
    indexes = _indexes(cursor)
    listed = _rows(cursor, TABLES)
    keys = dict(_rows(cursor, KEYS))
    sequences = _by_table(cursor, SEQUENCES)
    names = {oid: name for oid, name, *_ in listed}
    highest = _highest(cursor, {oid: (names[oid], key) for oid, key in keys.items()}, columns)
    tables = {
        name: Table(
            name=name,
            rows=rows,
            bytes=size,
            indexes=tuple(indexes[oid]),
            columns=columns.get(oid, {}),
            key=keys.get(oid, ""),
            key_max=_known(highest.get(oid), sequences.get(oid, {}).get(keys.get(oid, ""))),
            references=references.get(oid, {}),
        )
        for oid, name, size, rows in listed
    }
    return Catalog(
        vendor="postgresql",
        version=_rows(cursor, "SHOW server_version")[0][0],
        tables=tables,
        is_production=is_production,
        counted_days=float(_rows(cursor, COUNTED)[0][0]),
    )


def _indexes(cursor: Any) -> dict[int, list[Index]]:
    found: dict[int, list[Index]] = defaultdict(list)
    for (
        oid,
        name,
        method,
        unique,
        primary,
        constraint,
        predicate,
        text,
        size,
        scans,
        columns,
    ) in _rows(cursor, INDEXES):
        found[oid].append(
            Index(
                name=name,
                columns=tuple(column.strip('"') for column in columns),
                method=method,
                is_unique=unique,
                is_primary=primary,
                is_constraint=constraint,
                predicate=predicate,
                definition=text,
                bytes=size,
                scans=scans,
            )
        )
    return found


def _highest(
    cursor: Any, keys: Mapping[int, tuple[str, str]], columns: _ByTable
) -> dict[int, int | None]:
    """The highest key of each table that has an integer for one; by the index, at once."""
    integers = [
        (oid, table, key)
        for oid, (table, key) in keys.items()
        if columns.get(oid, {}).get(key) in ("smallint", "integer", "bigint")
    ]
    found: dict[int, int | None] = {}
    for start in range(0, len(integers), BATCH):
        with suppress(Exception):  # no right to read one of the tables
            found |= _highest_of(cursor, integers[start : start + BATCH])
    return found


def _highest_of(cursor: Any, tables: Iterable[tuple[int, str, str]]) -> dict[int, int | None]:
    from django.db import transaction

    quoted = cursor.db.ops.quote_name
    parts = (f"SELECT {oid}, max({quoted(key)}) FROM {quoted(name)}" for oid, name, key in tables)
    with transaction.atomic(using=cursor.db.alias):
        return dict(_rows(cursor, " UNION ALL ".join(parts)))


def _known(*values: int | None) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _by_table(cursor: Any, sql: str) -> _ByTable:
    found: _ByTable = defaultdict(dict)
    for oid, name, value in _rows(cursor, sql):
        found[oid][name] = value
    return dict(found)


def _rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor.execute(sql)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
