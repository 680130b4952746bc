"""What the text of a statement says, as Django emits it: its table, a lookup by key, a batch."""

from __future__ import annotations

import re

NAME = r'[`"\[]?(\w+)[`"\]]?'
TABLE = re.compile(rf"\bFROM\s+{NAME}", re.IGNORECASE)
TABLES = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+{NAME}", re.IGNORECASE)
GET_LIMIT = 21  # Django's own, of .get(): django.db.models.query.MAX_GET_RESULTS
BY_KEY = re.compile(rf"\bWHERE {NAME}\.{NAME} = \S+(?: LIMIT {GET_LIMIT})?\s*$", re.IGNORECASE)
LIMIT = re.compile(r"\bLIMIT (\d+)", re.IGNORECASE)
# A list of primary keys, or a list as the only condition: in_bulk and prefetches by hand.
KEYS = re.compile(
    r"\bid\W? IN \((?!\s*SELECT)|\bWHERE \(?\S+ IN \((?!\s*SELECT)[^)]*\)+(?: ORDER BY |$)",
    re.IGNORECASE,
)
OFFSET = re.compile(r"\bOFFSET\b", re.IGNORECASE)
# `WHERE id > %s ORDER BY id LIMIT 100`: a page that goes on from a key.
KEYSET = re.compile(
    r"\b(\w+)\W{1,2} (?:> .* ORDER BY [^,]*\b\1\b\W? ASC|< .* ORDER BY [^,]*\b\1\b\W? DESC)\b"
    r".* LIMIT ",
    re.IGNORECASE,
)


def table(sql: str) -> str:
    """The table that is read first, "" where none is named."""
    found = TABLE.search(sql)
    return found.group(1) if found else ""


def tables(sql: str) -> frozenset[str]:
    """Every table that is read or written."""
    return frozenset(TABLES.findall(sql))


def is_lookup_by_key(sql: str) -> bool:
    """Whether rows are asked for by one column, as `.get(pk=…)` does."""
    return BY_KEY.search(sql) is not None


def is_batch(sql: str, rows_max: int) -> bool:
    """Whether a loop around the statement takes many rows at a time."""
    limit = LIMIT.search(sql)
    if limit is not None and int(limit.group(1)) > GET_LIMIT and rows_max > GET_LIMIT:
        return True
    if rows_max > 1 and KEYSET.search(sql):
        return True
    return KEYS.search(sql) is not None or OFFSET.search(sql) is not None
