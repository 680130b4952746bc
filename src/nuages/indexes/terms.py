"""Terms of a condition: taken apart, and read as what an index can hold."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from nuages.model import IndexFunction, IndexKey

ZONE_OF_PROJECT = "?"  # of a date's part: a parameter, which Django gives its current time zone
EXTRACTED: dict[str, IndexFunction] = {
    "YEAR": "ExtractYear", "MONTH": "ExtractMonth", "DAY": "ExtractDay", "HOUR": "ExtractHour",
    "MINUTE": "ExtractMinute", "SECOND": "ExtractSecond", "QUARTER": "ExtractQuarter",
    "WEEK": "ExtractWeek", "DOW": "ExtractWeekDay", "ISOYEAR": "ExtractIsoYear",
    "ISODOW": "ExtractIsoWeekDay",
}  # fmt: skip
CUT: dict[str, IndexFunction] = {"DATE": "TruncDate", "TIME": "TruncTime"}
TEXTS = frozenset({"TEXT", "VARCHAR", "CHAR"})


def conjuncts(term: exp.Expression) -> Iterator[exp.Expression]:
    """The terms that all have to hold."""
    term = unwrapped(term)
    if isinstance(term, exp.And):
        yield from conjuncts(term.this)
        yield from conjuncts(term.expression)
    else:
        yield term


def unwrapped(term: exp.Expression) -> exp.Expression:
    """Without parentheses."""
    while isinstance(term, exp.Paren):
        term = term.this
    return term


def column_of(term: exp.Expression) -> exp.Column | None:
    """The only column in a term."""
    columns = list(term.find_all(exp.Column))
    return columns[0] if len(columns) == 1 else None


def key_of(term: exp.Expression) -> IndexKey | None:
    """A term as an index would hold it; None for what is no key."""
    term = unwrapped(term)
    if isinstance(term, exp.Cast):
        return _of_cast(term)
    if isinstance(term, exp.Upper | exp.Lower):
        inner = _column(term.this)
        function: IndexFunction = "Upper" if isinstance(term, exp.Upper) else "Lower"
        return IndexKey(column=inner.name, function=function) if inner else None
    if isinstance(term, exp.Extract):
        part = EXTRACTED.get(str(term.this.name).upper())
        return _dated(term.expression, part) if part else None
    return IndexKey(column=term.name) if isinstance(term, exp.Column) else None


def _of_cast(term: exp.Cast) -> IndexKey | None:
    kind = term.to.this.name if hasattr(term.to.this, "name") else ""
    if kind in CUT:
        return _dated(term.this, CUT[kind])
    inner = _column(term)
    return IndexKey(column=inner.name) if inner else None


def _column(term: exp.Expression) -> exp.Column | None:
    """A column, or one that is cast to text: the same to an index of a text."""
    term = unwrapped(term)
    if isinstance(term, exp.Cast) and getattr(term.to.this, "name", "") in TEXTS:
        term = unwrapped(term.this)
    return term if isinstance(term, exp.Column) else None


def _dated(term: exp.Expression, function: IndexFunction) -> IndexKey | None:
    term, zone = unwrapped(term), ""
    if isinstance(term, exp.AtTimeZone):
        given = term.args["zone"]
        zone = given.name if isinstance(given, exp.Literal) else ZONE_OF_PROJECT
        term = unwrapped(term.this)
    if not isinstance(term, exp.Column):
        return None
    return IndexKey(column=term.name, function=function, zone=zone)
