"""Foreign keys that close a cycle: set by an update when both tables have their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from nuages.populate.columns import Drawn, Generator, OneEach, OwnKey
from nuages.populate.inventory import Inventory
from nuages.populate.ledger import Entry
from nuages.populate.schema import Column, Relation, Table, Unit
from nuages.populate.target import FAILURES, Target


def close(unit: Unit, inventory: Inventory, target: Target, seed: int) -> Iterator[str]:
    """Lead rows to others that were made after them; gives why a column stayed empty."""
    for table in unit.tables:
        key = next((column.column for column in table.columns if column.is_key), None)
        for column, relation in _later(table) if key else ():
            for entry in inventory.open(unit, table.table, column.column):
                try:
                    _set(entry, str(key), column, relation, inventory, target, seed)
                except FAILURES as error:
                    yield f"{column.column} is left empty: {str(error).splitlines()[0]}"


def _later(table: Table) -> Iterator[tuple[Column, Relation]]:
    for column in table.columns:
        relation = column.relation
        if relation and relation.is_later and relation.table != table.table:
            yield column, relation


def _set(
    entry: Entry,
    key: str,
    column: Column,
    relation: Relation,
    inventory: Inventory,
    target: Target,
    seed: int,
) -> None:
    space = inventory.space(relation.table, relation.column)
    segment = entry.segments.get(key)
    if segment is None or not space.total:
        return
    name, rows = column.column, entry.rows
    parents: Generator = Drawn(space, rows, seed)
    covers: dict[str, int] = {}
    if any(unique.columns == (name,) for unique in target.catalog(entry.table).uniques):
        start = inventory.covered(entry.table).get(name, 0)
        rows = max(min(rows, space.total - start), 0)
        parents = OneEach(space, start)
        covers = {name: start + rows}
    closing = replace(entry, rows=rows, segments={}, covers=covers, closes=name)
    target.update(closing, key, OwnKey(segment), parents)
    inventory.remember(closing)
