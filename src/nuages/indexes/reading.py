"""What a statement asks of each of its tables, and what its parameters are compared with."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from nuages.indexes.terms import column_of, conjuncts, key_of, unwrapped
from nuages.model import IndexCondition, IndexKey

DIALECTS = {"postgresql": "postgres", "sqlite": "sqlite", "mysql": "mysql"}
# Syntax that it does not know is no news to whoever reads the report.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
# A parameter as the recorder keeps it, outside of texts and names.
PARAMETER = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|%s|%\(\w+\)s""")
SEARCHES = (exp.Like, exp.ILike)
# Of names that sqlglot has changed before: what a release lacks, it cannot read.
CONTAINS = tuple(
    getattr(exp, name)
    for name in (
        "ArrayContainsAll", "ArrayContainedBy", "ArrayOverlaps", "JSONBContains",
        "JSONBContainsTopKey", "MatchAgainst",
    )
    if hasattr(exp, name)
)  # fmt: skip
LOW, HIGH = (exp.GT, exp.GTE), (exp.LT, exp.LTE)
COMPARISONS = (exp.EQ, exp.In, exp.Between, *LOW, *HIGH, *SEARCHES, *CONTAINS)

Use = Literal["equal", "low", "high", "pattern", "contained", "overlapping", "zone", "other"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What one mention of a table is looked up by."""

    table: str
    equal: tuple[IndexKey, ...] = ()  # to a value
    joined: tuple[IndexKey, ...] = ()  # to another table's column, or a subquery's
    ranged: tuple[IndexKey, ...] = ()
    searched: tuple[IndexKey, ...] = ()  # LIKE '%word%'
    contained: tuple[IndexKey, ...] = ()  # what a GIN index knows: @>, &&, ?, @@
    conditions: tuple[IndexCondition, ...] = ()
    ordered: tuple[IndexKey, ...] = ()  # its rows' whole order, if they alone make it
    grouped: tuple[IndexKey, ...] = ()
    is_limited: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """A parameter, and what it is compared with."""

    number: int  # from 0, in the order of the text
    use: Use = "other"
    name: str = ""  # that its scope calls the table by
    key: IndexKey | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A statement, parsed."""

    tree: Any  # sqlglot's
    asked: tuple[Asked, ...]
    slots: tuple[Slot, ...]  # every parameter, in order


@lru_cache(maxsize=2048)
def read(sql: str, vendor: str) -> Reading | None:
    """Parse a statement; None for one that cannot be."""
    try:
        tree = sqlglot.parse_one(_marked(sql), dialect=DIALECTS.get(vendor))
    except (SqlglotError, RecursionError, ValueError):
        return None
    if vendor == "postgresql":
        _fold(tree)
    scopes: list[exp.Expression] = [*tree.find_all(exp.Update, exp.Delete, exp.Select)]
    asked = [one for scope in scopes for one in _asked(scope)]
    slots = {slot.number: slot for scope in scopes for slot in _slots(scope)}
    count = sum(1 for _ in tree.find_all(exp.Placeholder))
    return Reading(
        tree=tree,
        asked=tuple(asked),
        slots=tuple(slots.get(number, Slot(number=number)) for number in range(count)),
    )


def _fold(tree: Any) -> None:
    """Name everything as PostgreSQL does: names without quotes are in lower case."""
    for name in tree.find_all(exp.Identifier):
        if not name.args.get("quoted"):
            name.set("this", name.name.lower())
            name.set("quoted", True)


def _marked(sql: str) -> str:
    """With parameters that have names, `:p0`, as only these come through every dialect."""
    count = -1

    def mark(found: re.Match[str]) -> str:
        nonlocal count
        if not found[0].startswith("%"):
            return found[0]
        count += 1
        return f":p{count}"

    return PARAMETER.sub(mark, sql)


def number_of(placeholder: exp.Expression) -> int:
    """The number of a parameter."""
    return int(str(placeholder.this)[1:])


def tables_of(scope: exp.Expression) -> Mapping[str, str]:
    """Names that columns may be qualified by → tables, of one SELECT, UPDATE or DELETE."""
    sources = [scope.this] if isinstance(scope, exp.Update | exp.Delete) else []
    first = scope.args.get("from_") or scope.args.get("from")
    sources += [first.this] if first else []
    sources += [join.this for join in scope.args.get("joins") or ()]
    outer = scope.root()
    shared = {cte.alias for cte in outer.find_all(exp.CTE)}
    return {
        source.alias_or_name: source.name
        for source in sources
        if isinstance(source, exp.Table) and source.name not in shared
    }


def conditions_of(scope: exp.Expression) -> Iterator[exp.Expression]:
    """The terms that all have to hold, of WHERE and of the joins."""
    where = scope.args.get("where")
    if where is not None:
        yield from conjuncts(where.this)
    for join in scope.args.get("joins") or ():
        if join.args.get("on") is not None:
            yield from conjuncts(join.args["on"])


def _asked(scope: exp.Expression) -> Iterator[Asked]:
    tables = tables_of(scope)
    found: dict[str, dict[str, list[Any]]] = {name: {} for name in tables}
    for term in conditions_of(scope):
        for name, part, what in _told(term, tables):
            if what not in found[name].setdefault(part, []):
                found[name][part].append(what)
    ordered, grouped = _ordered(scope, tables), _grouped(scope, tables)
    for name, parts in found.items():
        yield Asked(
            table=tables[name],
            **{part: tuple(values) for part, values in parts.items()},
            ordered=ordered.get(name, ()),
            grouped=grouped.get(name, ()),
            is_limited=scope.args.get("limit") is not None,
        )


def _told(term: exp.Expression, tables: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """(name of a table, field of Asked, key or condition) that a term says."""
    for tested, test in _tests(term, tables):
        yield tested, "conditions", test
    for key, value, part in _comparisons(term):
        found = key_of(key)
        column = column_of(key)
        if found is None or column is None or (name := _name(column, tables)) is None:
            continue
        if value is not None and _names_in(value, tables) & {name}:
            continue  # compared with itself
        yield name, "joined" if part == "equal" and not _is_value(value) else part, found


def _tests(term: exp.Expression, tables: Mapping[str, str]) -> Iterator[tuple[str, IndexCondition]]:
    is_not = isinstance(term, exp.Not)
    inner = unwrapped(term.this) if is_not else term
    test = None
    if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
        is_not = is_not != bool(inner.args.get("negate"))
        inner, test = unwrapped(inner.this), "IS NOT NULL" if is_not else "IS NULL"
    elif isinstance(inner, exp.EQ) and isinstance(inner.expression, exp.Boolean):
        is_true = bool(inner.expression.this) != is_not
        inner, test = unwrapped(inner.this), "IS TRUE" if is_true else "IS FALSE"
    elif isinstance(inner, exp.Column):
        test = "IS FALSE" if is_not else "IS TRUE"
    if test and isinstance(inner, exp.Column) and (name := _name(inner, tables)):
        yield name, IndexCondition(column=inner.name, test=test)  # type: ignore[arg-type]


def _comparisons(
    term: exp.Expression,
) -> Iterator[tuple[exp.Expression, exp.Expression | None, str]]:
    """(what may be indexed, what it is compared with, field of Asked)."""
    if isinstance(term, exp.EQ) and not isinstance(term.expression, exp.Boolean):
        yield term.this, term.expression, "equal"
        yield term.expression, term.this, "equal"
    elif isinstance(term, exp.In):
        yield term.this, term.args.get("query") or next(iter(term.expressions), None), "equal"
    elif isinstance(term, exp.Between):
        yield term.this, term.args["low"], "ranged"
    elif isinstance(term, (*LOW, *HIGH)):
        yield term.this, term.expression, "ranged"
        yield term.expression, term.this, "ranged"
    elif isinstance(term, SEARCHES):
        yield term.this, term.expression, "searched"
    elif isinstance(term, exp.MatchAgainst):
        yield next(iter(term.expressions), term.this), term.this, "contained"
    elif isinstance(term, CONTAINS):
        yield term.this, term.expression, "contained"


def _is_value(value: exp.Expression | None) -> bool:
    return value is not None and not list(value.find_all(exp.Column, exp.Query))


def _name(column: exp.Column, tables: Mapping[str, str]) -> str | None:
    if column.table:
        return column.table if column.table in tables else None
    return next(iter(tables)) if len(tables) == 1 else None


def _names_in(value: exp.Expression, tables: Mapping[str, str]) -> set[str | None]:
    return {_name(column, tables) for column in value.find_all(exp.Column)}


def _ordered(
    scope: exp.Expression, tables: Mapping[str, str]
) -> dict[str | None, tuple[IndexKey, ...]]:
    """The order by the table that makes it; none where an expression or two tables do."""
    order = scope.args.get("order")
    parts = [(unwrapped(part.this), part) for part in order.expressions] if order else []
    keys = tuple(
        _direction(IndexKey(column=column.name), part)
        for column, part in parts
        if isinstance(column, exp.Column)
    )
    names = {_name(column, tables) for column, _ in parts if isinstance(column, exp.Column)}
    return {names.pop(): keys} if len(names) == 1 and len(keys) == len(parts) else {}


def _direction(key: IndexKey, part: exp.Expression) -> IndexKey:
    """Nulls come last in an ascending index, first in a descending one, if nothing is said."""
    is_descending, first = bool(part.args.get("desc")), bool(part.args.get("nulls_first"))
    nulls: Literal["", "FIRST", "LAST"] = ""
    if first != is_descending:
        nulls = "FIRST" if first else "LAST"
    return replace(key, is_descending=is_descending, nulls=nulls)


def _grouped(
    scope: exp.Expression, tables: Mapping[str, str]
) -> dict[str | None, tuple[IndexKey, ...]]:
    group = scope.args.get("group")
    parts = [unwrapped(part) for part in group.expressions] if group else []
    columns = [part for part in parts if isinstance(part, exp.Column)]
    names = {_name(column, tables) for column in columns}
    keys = tuple(IndexKey(column=column.name) for column in columns)
    return {names.pop(): keys} if len(names) == 1 and len(columns) == len(parts) else {}


def _slots(scope: exp.Expression) -> Iterator[Slot]:
    """Parameters of a scope, and of those inside of it, which say more of their own."""
    tables = tables_of(scope)
    for zone in scope.find_all(exp.AtTimeZone):
        if isinstance(zone.args["zone"], exp.Placeholder):
            yield Slot(number=number_of(zone.args["zone"]), use="zone")
    for term in scope.find_all(*COMPARISONS):
        for side, value, use in _uses(term):
            key, column = key_of(side), column_of(side)
            name = _name(column, tables) if column is not None else None
            if key is None or name is None or value is None:
                continue
            for placeholder in value.find_all(exp.Placeholder):
                yield Slot(number=number_of(placeholder), use=use, name=name, key=key)


def _uses(term: Any) -> Iterator[tuple[exp.Expression, exp.Expression | None, Use]]:
    for key, value, part in _comparisons(term):
        if isinstance(term, exp.Between):
            yield key, value, "low"
            yield key, term.args["high"], "high"
        elif part == "ranged":
            is_low = isinstance(term, LOW) == (key is term.this)
            yield key, value, "low" if is_low else "high"
        elif part == "searched":
            yield key, value, "pattern"
        elif part == "contained":
            is_overlap = isinstance(term, exp.ArrayOverlaps | exp.ArrayContainsAll)
            yield key, value, "contained" if is_overlap else "other"
        elif part == "equal":
            yield key, value, "equal"
