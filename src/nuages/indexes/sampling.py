"""Values for a statement's parameters, from the tables themselves: a common one and a rare one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlglot import exp

from nuages.indexes.explain import Connection
from nuages.indexes.reading import Reading, Slot, number_of, tables_of
from nuages.indexes.spelling import expression_sql, quoted
from nuages.indexes.terms import ZONE_OF_PROJECT, conjuncts
from nuages.model import IndexKey

SETS = 3  # of values: the commonest, one in the middle, the rarest
SCOPES = (exp.Select, exp.Update, exp.Delete)
# Of a range's bound, how much of the column lies below: much, half, little is left to read.
LOW, HIGH = (0.5, 0.9, 0.99), (0.5, 0.1, 0.01)
PAGE = 20
WORD = re.compile(r"\w{3,}")
FRAGMENT = 5  # characters of a word that is searched for
# Whatever else the statement is given does not decide where it looks.
NEUTRAL: dict[str, Any] = {
    "boolean": True, "date": datetime.now(UTC).date(), "time": datetime.now(UTC).time(),
    "timestamp": datetime.now(UTC).replace(tzinfo=None), "timestamptz": datetime.now(UTC),
    "interval": timedelta(days=1), "json": "{}", "uuid": "00000000-0000-0000-0000-000000000000",
}  # fmt: skip

Values = tuple[Any, ...]


def samples(connection: Connection, reading: Reading, zone: str) -> list[Values]:
    """Up to three sets of values, the commonest first; psycopg.Error where there are none."""
    found: list[dict[int, Any]] = [{} for _ in range(SETS)]
    for scope in _scopes(reading):
        _fill(connection, scope, reading, zone, found)
    _fill_neutral(connection, reading, found)
    rows = [tuple(values[number] for number in sorted(values)) for values in found]
    return list({repr(row): row for row in rows}.values())  # JSON and arrays have no hash


def _scopes(reading: Reading) -> list[exp.Expression]:
    found: dict[int, exp.Expression] = {}
    for placeholder in reading.tree.find_all(exp.Placeholder):
        scope = placeholder.find_ancestor(*SCOPES)
        if scope is not None:
            found[id(scope)] = scope
    return list(found.values())


def _fill(
    connection: Connection,
    scope: exp.Expression,
    reading: Reading,
    zone: str,
    found: list[dict[int, Any]],
) -> None:
    numbers = {
        number_of(placeholder)
        for placeholder in scope.find_all(exp.Placeholder)
        if placeholder.find_ancestor(*SCOPES) is scope
    }
    slots = [slot for slot in reading.slots if slot.number in numbers]
    sources = _Sources(connection, scope, zone)
    equal = [slot for slot in slots if slot.use == "equal" and slot.key]
    lists, items = _within(scope, exp.Any), _within(scope, exp.Array)
    for values, row in zip(found, sources.combinations(equal), strict=False):
        for slot, value in zip(equal, row, strict=True):
            values[slot.number] = [value] if slot.number in lists else value
    for slot in slots:
        choice = _choice(slot, sources, zone, is_item=slot.number in items)
        for values, value in zip(found, choice, strict=False):
            values[slot.number] = value


def _choice(slot: Slot, sources: _Sources, zone: str, *, is_item: bool) -> Sequence[Any]:
    """As many values as there are sets; none for what is decided elsewhere."""
    if slot.use == "zone":
        return (zone,) * SETS
    if slot.use in ("low", "high") and slot.key:
        return sources.quantiles(slot, LOW if slot.use == "low" else HIGH)
    if slot.use in ("pattern", "contained") and slot.key:
        return [_part(value, slot, is_item) for value in sources.some(slot)]
    return ()


def _within(scope: exp.Expression, kind: type[exp.Expression]) -> set[int]:
    """Parameters of ANY(…), which are lists, or of ARRAY[…], which are their items."""
    parts = scope.find_all(kind)
    return {number_of(each) for part in parts for each in part.find_all(exp.Placeholder)}


def _part(value: Any, slot: Slot, is_item: bool) -> Any:
    if slot.use == "pattern":
        words = WORD.findall(str(value)) or [str(value)]
        return f"%{max(words, key=len)[:FRAGMENT]}%"
    if isinstance(value, dict):
        key, held = next(iter(value.items()), ("", None))
        return Jsonb({key: held})
    if isinstance(value, list):
        return value[0] if is_item and value else value[:1]
    return value


class _Sources:
    """The tables of one scope, joined as it joins them, under its conditions without parameters."""

    def __init__(self, connection: Connection, scope: exp.Expression, zone: str) -> None:
        self._connection = connection
        self._zone = zone
        self._tables = tables_of(scope)
        self._whole = _from(scope)

    def combinations(self, slots: list[Slot]) -> list[Values]:
        """Values that occur together: the commonest, one in the middle, the rarest."""
        if not slots:
            return []
        keys = [self._sql(slot) for slot in slots]
        there = " AND ".join(f"{key} IS NOT NULL" for key in keys)
        columns = ", ".join(f"k{place}" for place in range(len(keys)))
        chosen = ", ".join(f"{key} AS k{place}" for place, key in enumerate(keys))
        for source in self._sources(slots):
            # Of as many, the same each time.
            rows = self._rows(
                f"SELECT {columns} FROM (SELECT {columns}, r, count(*) OVER () AS n FROM ("
                f"SELECT {columns}, row_number() OVER (ORDER BY count(*) DESC, {columns}) AS r "
                f"FROM (SELECT {chosen} FROM {source} AND {there}) AS v GROUP BY {columns}) AS g"
                f") AS h WHERE r IN (1, (n + 1) / 2, n) ORDER BY r"
            )
            if rows:
                return [*rows, *rows[-1:] * (SETS - len(rows))]
        raise psycopg.DataError("no row has values for it")

    def quantiles(self, slot: Slot, shares: Sequence[float]) -> Sequence[Any]:
        """The values that these shares of the rows lie below."""
        key, parts = self._sql(slot), ", ".join(map(str, shares))
        for source in self._sources([slot]):
            rows = self._rows(
                f"SELECT percentile_disc(ARRAY[{parts}]) WITHIN GROUP (ORDER BY {key}) "
                f"FROM {source}"
            )
            if rows and rows[0][0]:
                return list(rows[0][0])
        raise psycopg.DataError("no row has a value for it")

    def some(self, slot: Slot) -> list[Any]:
        """Any three values, the same each time."""
        key = self._sql(slot)
        for source in self._sources([slot]):
            rows = self._rows(
                f"SELECT {key} FROM {source} AND {key} IS NOT NULL "
                f"ORDER BY md5({key}::text) LIMIT {SETS}"
            )
            if rows:
                return [row[0] for row in (*rows, *rows[-1:] * (SETS - len(rows)))]
        raise psycopg.DataError("no row has a value for it")

    def _sources(self, slots: list[Slot]) -> Iterator[str]:
        """The scope as a whole, then its table alone, where one gives all the values."""
        yield self._whole
        if len({slot.name for slot in slots}) == 1 and (name := slots[0].name) in self._tables:
            yield f"{quoted(self._tables[name])} AS {quoted(name)} WHERE TRUE"

    def _sql(self, slot: Slot) -> str:
        assert slot.key is not None
        return qualified(slot.key, slot.name, self._zone)

    def _rows(self, sql: str) -> list[Values]:
        with suppress(psycopg.errors.QueryCanceled, psycopg.ProgrammingError):
            return self._connection.execute(sql.encode()).fetchall()
        return []


def qualified(key: IndexKey, name: str, zone: str) -> str:
    """A key's expression where several tables are joined; a text compared as it stands."""
    column = f"{quoted(name)}.{quoted(key.column)}"
    if key.function in ("", "Upper", "Lower"):
        return column
    placed = IndexKey(
        column=key.column,
        function=key.function,
        zone=zone if key.zone == ZONE_OF_PROJECT else key.zone,
    )
    return expression_sql(placed).replace(quoted(key.column), column, 1)


def _from(scope: exp.Expression) -> str:
    """`tables … WHERE …` of a scope, without what depends on parameters or on other scopes."""
    own = set(tables_of(scope))
    scope = scope.copy()
    for join in scope.args.get("joins") or ():
        if join.args.get("on") is not None:
            join.set("on", _kept(exp.and_(join.args["on"]), own))
    where = scope.args.get("where")
    kept = _kept(where.this, own) if where else exp.true()
    first = scope.args.get("from_") or scope.args.get("from")
    parts = [first.this] if first else [scope.this]
    joins = "".join(f" {join.sql('postgres')}" for join in scope.args.get("joins") or ())
    return f"{parts[0].sql('postgres')}{joins} WHERE {kept.sql('postgres')}"


def _kept(condition: Any, own: set[str]) -> Any:
    kept = [
        term
        for term in conjuncts(condition)
        if not list(term.find_all(exp.Placeholder, exp.Query))
        and {column.table for column in term.find_all(exp.Column)} <= {*own, ""}
    ]
    return exp.and_(*kept) if kept else exp.true()


def _fill_neutral(connection: Connection, reading: Reading, found: list[dict[int, Any]]) -> None:
    missing = [slot.number for slot in reading.slots if slot.number not in found[0]]
    if not missing:
        return
    types = _types(connection, reading)
    places = {number_of(p): p.parent for p in reading.tree.find_all(exp.Placeholder)}
    for number in missing:
        value = _neutral(types[number], places[number])
        for values in found:
            values[number] = value


def _types(connection: Connection, reading: Reading) -> list[str]:
    """The parameters' types, as the server infers them."""
    tree = reading.tree.copy()
    for placeholder in list(tree.find_all(exp.Placeholder)):
        placeholder.replace(exp.Parameter(this=exp.Literal.number(number_of(placeholder) + 1)))
    try:
        connection.execute(f"PREPARE nuages_types AS {tree.sql('postgres')}".encode())
        row = connection.execute(
            b"SELECT parameter_types::text[] FROM pg_prepared_statements "
            b"WHERE name = 'nuages_types'"
        ).fetchone()
    finally:
        with suppress(psycopg.Error):
            connection.execute(b"DEALLOCATE nuages_types")
    assert row is not None
    return list(row[0])


def _neutral(kind: str, place: Any) -> Any:
    if isinstance(place, exp.Limit | exp.Fetch):
        return PAGE
    if isinstance(place, exp.Offset):
        return 0
    if kind.endswith("[]"):
        return []
    if kind in ("smallint", "integer", "bigint", "numeric", "real", "double precision"):
        return 1
    name = kind.replace(" without time zone", "").replace("jsonb", "json")
    return NEUTRAL.get(name.replace("timestamp with time zone", "timestamptz"), "a")
