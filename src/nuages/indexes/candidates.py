"""Indexes worth a try for a statement: equality first, then the order or one range."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from nuages.indexes.existing import finds_one, is_served
from nuages.indexes.reading import Asked, Reading
from nuages.indexes.terms import ZONE_OF_PROJECT
from nuages.model import Catalog, IndexIdea, IndexKey, Table

SMALL = 500  # rows, under which a table is read as a whole anyway; pghero's figure
MOST_KEYS = 3
MOST = 12  # indexes tried for one statement
# Types that a B-tree cannot hold, or holds to no purpose.
UNORDERED = re.compile(
    r"json|xml|\[\]|tsvector|geometry|geography|point|polygon|box|circle|hstore|blob|bytea|vector"
)
CONTAINERS = re.compile(r"jsonb|\[\]|tsvector|hstore")
TEXTS = re.compile(r"char|text|citext")


def candidates(reading: Reading, catalog: Catalog, *, zone: str = "UTC") -> list[IndexIdea]:
    """Indexes that are not there yet, each once, the likeliest first.

    `zone` is the time zone of the project, which Django gives the parts of dates.
    """
    found: dict[IndexIdea, None] = {}
    for asked in reading.asked:
        table = catalog.tables.get(asked.table)
        if table is None or table.rows < SMALL:
            continue
        if finds_one(table, {key.column for key in asked.equal if not key.function}):
            continue
        for idea in ideas(in_zone(asked, zone)):
            if _fits(idea, table) and not is_served(table, idea):
                found[idea] = None
    return list(found)[:MOST]


def ideas(asked: Asked) -> Iterator[IndexIdea]:
    """What would serve one mention of a table, whether or not it is there."""
    yield from _with_conditions(asked, _btrees(asked))
    for key in asked.searched:
        trigram = replace(key, opclass="gin_trgm_ops")
        yield IndexIdea(table=asked.table, keys=(trigram,), method="gin")
    for key in asked.contained:
        yield IndexIdea(table=asked.table, keys=(key,), method="gin")


def _btrees(asked: Asked) -> Iterator[tuple[IndexKey, ...]]:
    """Keys in the order of use: what is equal, then the order or one range."""
    equal = _sorted(asked.equal)
    heads = [equal, _sorted((*asked.equal, *asked.joined)), _sorted(asked.joined)]
    heads += [(key,) for key in equal]
    for head in dict.fromkeys(filter(None, heads)):
        yield from _followed(asked, head)
    if not equal:
        if asked.is_limited and asked.ordered:
            yield asked.ordered
        yield from ((key,) for key in _sorted(asked.ranged))
        yield asked.grouped


def _followed(asked: Asked, head: tuple[IndexKey, ...]) -> Iterator[tuple[IndexKey, ...]]:
    columns = {key.column for key in head}
    order = tuple(key for key in asked.ordered if key.column not in columns)
    if order:
        yield (*head, *order)
    for key in _sorted(asked.ranged):
        if key not in head:
            yield (*head, key)
    yield head


def _sorted(keys: Iterable[IndexKey]) -> tuple[IndexKey, ...]:
    """Of what is compared for equality any order serves: one, so that statements share it."""
    return tuple(sorted(dict.fromkeys(keys), key=lambda key: (key.column, key.function)))


def _with_conditions(asked: Asked, keys: Iterable[tuple[IndexKey, ...]]) -> Iterator[IndexIdea]:
    for some in dict.fromkeys(some for some in keys if 0 < len(some) <= MOST_KEYS):
        if asked.conditions:
            tested = {condition.column for condition in asked.conditions}
            if not tested & {key.column for key in some}:
                yield IndexIdea(table=asked.table, keys=some, conditions=asked.conditions)
        yield IndexIdea(table=asked.table, keys=some)
    if asked.conditions:
        # The few rows that it holds, by what finds them again.
        for condition in asked.conditions:
            key = IndexKey(column=condition.column)
            yield IndexIdea(table=asked.table, keys=(key,), conditions=(condition,))


def _fits(idea: IndexIdea, table: Table) -> bool:
    """Whether the table has its columns, of types that such an index can hold."""
    for key in idea.keys:
        kind = table.columns.get(key.column, "")
        if idea.method == "gin":
            wanted = TEXTS if key.opclass else CONTAINERS
            if not wanted.search(kind):
                return False
        elif not kind or UNORDERED.search(kind):
            return False
    return all(condition.column in table.columns for condition in idea.conditions)


def in_zone(asked: Asked, zone: str) -> Asked:
    """With the project's time zone in place of the parameters that stand for it."""

    def placed(keys: tuple[IndexKey, ...]) -> tuple[IndexKey, ...]:
        return tuple(
            replace(key, zone=zone) if key.zone == ZONE_OF_PROJECT else key for key in keys
        )

    return replace(asked, equal=placed(asked.equal), ranged=placed(asked.ranged))


def begins(short: IndexIdea, long: IndexIdea) -> bool:
    """Whether the keys of the one are the first of the other, which serves its lookups too."""
    return (
        (short.table, short.method, short.conditions) == (long.table, long.method, long.conditions)
        and len(short.keys) < len(long.keys)
        and long.keys[: len(short.keys)] == short.keys
    )
