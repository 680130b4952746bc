"""What of a table is taken down while rows pour in, and put up again: PostgreSQL's own words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[Any, ...]]
WORTH = 0.2  # rows added to rows there, below which indexes are better kept up than made anew

_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE conparentid = 0 AND contype IN ('p', 'u', 'x', 'f')
      AND (conrelid = {table}::regclass OR confrelid = {table}::regclass)
    ORDER BY contype = 'f', conrelid <> {table}::regclass, conname
"""
_INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index i
    WHERE indrelid = {table}::regclass AND indislive AND indisvalid
      AND NOT indisreplident AND NOT indisclustered
      AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid
                      AND c.contype IN ('p', 'u', 'x'))
    ORDER BY 1
"""
# Indexes that other tables' foreign keys rest on.
_REFERENCED = """
    SELECT DISTINCT i.relname FROM pg_constraint c JOIN pg_class i ON i.oid = c.conindid
    WHERE c.contype = 'f' AND c.confrelid = {table}::regclass AND c.conrelid <> c.confrelid
"""


@dataclass(frozen=True, kw_only=True)
class Part:
    """An index or a constraint: how to drop it and how to make it again."""

    kind: str  # "i", or pg_constraint.contype
    down: str
    up: str


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is done to one table before and after its rows."""

    table: str  # quoted
    parts: tuple[Part, ...]
    is_fresh: bool  # empty, and so are the tables that refer to it


def taken_down(treatments: Sequence[Treatment]) -> list[str]:
    """Statements before the rows: foreign keys go first, since they rest on the others."""
    parts = [part for each in treatments for part in each.parts]
    downs = [part.down for part in sorted(parts, key=lambda part: part.kind != "f")]
    # COPY FREEZE wants the table made or emptied in the transaction; it saves the WAL where that is
    # minimal, and the vacuum that would set the visibility map.
    emptied = [f"TRUNCATE {each.table}" for each in treatments if each.is_fresh]
    return list(dict.fromkeys([*downs, *emptied]))


def put_up(treatments: Sequence[Treatment]) -> list[str]:
    """Statements after the rows: primary keys and unique constraints first, foreign keys last."""
    parts = [part for each in treatments for part in each.parts]
    return list(dict.fromkeys(p.up for p in sorted(parts, key=lambda p: "puxif".index(p.kind))))


def treatment(connection: Connection, table: str, rows: int) -> Treatment:
    """What to take down for so many new rows; nothing where it would not pay."""
    name_here = quoted(table)
    literal = sql.Literal(name_here).as_string(connection)
    there = _count(connection, name_here, at_most=int(rows / WORTH) + 1)
    partitioned = connection.execute(
        f"SELECT relkind = 'p' OR relispartition FROM pg_class WHERE oid = {literal}::regclass"
    ).fetchone()
    if (there and rows < WORTH * there) or (partitioned and partitioned[0]):
        return Treatment(table=name_here, parts=(), is_fresh=False)
    constraints = connection.execute(_CONSTRAINTS.format(table=literal)).fetchall()
    own = connection.execute(f"SELECT {literal}::regclass::text").fetchone()
    assert own is not None
    others = {str(holder) for holder, *_ in constraints} - {own[0]}
    is_fresh = not there and not any(_count(connection, other, at_most=1) for other in others)
    referenced = {row[0] for row in connection.execute(_REFERENCED.format(table=literal))}
    parts = [
        _constraint(*row)
        for row in constraints
        if is_fresh or (row[0] == own[0] and row[2] != "p" and row[1] not in referenced)
    ]
    for name, definition in connection.execute(_INDEXES.format(table=literal)):
        if is_fresh or str(name).split(".")[-1].strip('"') not in referenced:
            parts.append(Part(kind="i", down=f"DROP INDEX {name}", up=str(definition)))
    return Treatment(table=name_here, parts=tuple(parts), is_fresh=is_fresh)


def _constraint(table: str, name: str, kind: str, definition: str) -> Part:
    named = sql.Identifier(name).as_string(None)
    return Part(
        kind=kind,
        down=f"ALTER TABLE {table} DROP CONSTRAINT {named}",
        up=f"ALTER TABLE {table} ADD CONSTRAINT {named} {definition}",
    )


def _count(connection: Connection, quoted: str, at_most: int) -> int:
    found = connection.execute(
        f"SELECT count(*) FROM (SELECT FROM {quoted} LIMIT {at_most}) AS found"
    ).fetchone()
    assert found is not None
    return int(found[0])


def quoted(table: str) -> str:
    """The table's name as SQL wants it."""
    # Some projects write a schema into db_table: 'crm"."person' or '"crm"."person"'.
    if table.startswith('"') and table.endswith('"'):
        return table
    return f'"{table}"'


def execute(connection: Connection, statements: Iterable[str]) -> None:
    """One after the other, as they are: they come from the catalog."""
    for statement in statements:
        connection.execute(statement.encode())
