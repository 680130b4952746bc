"""Statements: SQL text brought to one form, whatever the number of its parameters."""

from __future__ import annotations

import re
from typing import Any, Generic, NamedTuple, TypeVar

from nuages.record.interning import Table

V = TypeVar("V")

LIMIT = 5_000  # statements a process
SPELLINGS = 20_000  # texts remembered as they came, before normalising
CHARACTERS = 16_000_000  # of all of them together
LONGEST = 10_000  # characters kept of one text
CONSIDERED = 100_000  # characters normalised of one text: 10 MB would take seconds, these 60 ms

TRANSACTION_VERBS = frozenset({
    "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE",
})  # fmt: skip

_VALUE = r"(?:%s|%\(\w+\)s|NULL|DEFAULT)(?:::\w+(?:\[\])?)?"
_ROW = rf"\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\)"
_IN_LIST = re.compile(rf"\bIN \(\s*({_VALUE}|{_ROW})(?:\s*,\s*(?:{_VALUE}|{_ROW}))+\s*\)", re.I)
# A row may hold calls and casts around its values, such as ST_GeomFromEWKB(%s::bytea).
_ANY_ROW = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_ROWS = re.compile(rf"\bVALUES\s*({_ANY_ROW})(?:\s*,\s*{_ANY_ROW})+", re.I)
_UNIONS = re.compile(r"(SELECT [%\w\s,.:()]*?)(?: UNION ALL SELECT [%\w\s,.:()]*)+$", re.I)
_WHEN = r"WHEN (?:\([^()]*(?:\([^()]*\)[^()]*)*\)|[^()]+?) THEN (?:CAST\([^()]*\)|[^\s()]+)"
_WHENS = re.compile(rf"(CASE )({_WHEN})(?: {_WHEN})+", re.I)
_SAVEPOINT = re.compile(r"""((?:SAVEPOINT|ROLLBACK TO(?: SAVEPOINT)?)\s+)["`\[]?\w+["`\]]?""", re.I)
_COMMENT = re.compile(r"^(?:\s*(?:/\*.*?\*/|--[^\n]*\n|\())+", re.S)
_WRITE = re.compile(r"\s*(INSERT|REPLACE|UPDATE|DELETE)\b", re.I)
_WORD = re.compile(r"\s*(\w+)")
_MAIN_VERB = re.compile(r"\)\s*(SELECT|INSERT|UPDATE|DELETE|MERGE)\b", re.I)
_TEXT_OR_NUMBER = re.compile(
    r"""("(?:[^"]|"")*")|'(?:[^']|'')*'|(?<![\w.$%])\d+(?:\.\d+)?(?![\w.])"""
)


class Statement(NamedTuple):
    """One form of SQL on one database."""

    sql: str
    verb: str
    alias: str
    vendor: str
    is_transaction: bool  # transaction control, which no loop is made of


table: Table[Statement] = Table("statements", LIMIT)


class Spellings(Generic[V]):
    """What is known of texts as they came, until they are too many or too long together."""

    def __init__(self) -> None:
        self.known: dict[tuple[Any, ...], V] = {}
        self._characters = 0

    def keep(self, key: tuple[Any, ...], text: str, value: V) -> None:
        if len(self.known) >= SPELLINGS or self._characters + len(text) > CHARACTERS:
            self.known.clear()
            self._characters = 0
        self._characters += len(text)
        self.known[key] = value


_spellings: Spellings[int] = Spellings()


def number(sql: Any, alias: str, vendor: str, *, is_raw: bool) -> int:
    """The statement's number; `is_raw` for SQL that a person wrote, which may hold literals."""
    is_long = len(sql) > LONGEST
    key = (hash(sql) if is_long else sql, alias, is_raw)
    found = _spellings.known.get(key)
    if found is None:
        statement = make(str(sql), alias, vendor, is_raw=is_raw)
        found = table.number(statement, statement)
        _spellings.keep(key, "" if is_long else sql, found)
    return found


def make(sql: str, alias: str, vendor: str, *, is_raw: bool) -> Statement:
    sql = sql[:CONSIDERED]
    verb = verb_of(sql)
    text = normalise(sql, is_raw=is_raw)
    if len(text) > LONGEST:
        text = text[:LONGEST] + " …"
    return Statement(text, verb, alias, vendor, verb in TRANSACTION_VERBS)


def normalise(sql: str, *, is_raw: bool) -> str:
    """One form for any number of values in a list, of rows, of cases; literals out of raw SQL.

    Of writes there are two, since they are batches or of one row: `VALUES (%s), …`, `IN (%s, …)`.
    """
    sql = sql.strip().rstrip(";")
    if is_raw:
        sql = _TEXT_OR_NUMBER.sub(lambda match: match[1] or "%s", sql)
    is_write = _WRITE.match(sql)
    sql = _IN_LIST.sub(r"IN (\1, …)" if is_write else r"IN (\1)", sql)
    if is_write and is_write[1].upper() not in ("UPDATE", "DELETE"):
        sql = _UNIONS.sub(r"\1 UNION ALL …", _ROWS.sub(r"VALUES \1, …", sql))
    if "CASE " in sql:
        sql = _WHENS.sub(r"\1\2", sql)
    return _SAVEPOINT.sub(r"\1s", sql)


def verb_of(sql: str) -> str:
    """The first keyword, upper case; for a WITH the one of the statement it introduces."""
    comment = _COMMENT.match(sql)
    word = _WORD.match(sql, comment.end() if comment else 0)
    verb = word[1].upper() if word else ""
    if verb == "WITH":
        main = _MAIN_VERB.search(sql)
        return main[1].upper() if main else "SELECT"
    return verb
