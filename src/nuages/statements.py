"""What the text of a statement says, as Django emits it: its table, a lookup by key, a batch."""

from __future__ import annotations

import re

NAME = r'[`"\[]?(\w+)[`"\]]?'
TABLE = re.compile(rf"\b(?:FROM|INTO|UPDATE)\s+{NAME}", re.IGNORECASE)
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

# What a recording makes of a list, of rows, of cases that a write has several of; a whole table,
# or a part of it that no equality names.
MANY_ROWS = re.compile(
    r", …|UNION ALL …|\bUNNEST\(|\bCASE WHEN\b|\bIN \(\s*SELECT\b|[<>]=? %s|"
    r"\bBETWEEN\b|\bLIKE\b|\bINTO\b.*\bSELECT\b.*\bFROM\b",
    re.IGNORECASE,
)
CONDITION = re.compile(r"\bWHERE\b", re.IGNORECASE)
# Asked again to lock, to get another answer, or by what looks at the database itself; the last
# are the columns of Django's cache in a database.
VOLATILE = re.compile(
    r"\bFOR (?:NO KEY )?UPDATE\b|\bRAND(?:OM)?\(|\bpg_|\binformation_schema\b|\bsqlite_master\b|"
    r"\bnextval\b|\bcache_key\b.*\bexpires\b",
    re.IGNORECASE,
)


def table(sql: str) -> str:
    """The table that is read first, or written; "" where none is named."""
    found = TABLE.search(sql)
    return found.group(1) if found else ""


def tables(sql: str) -> frozenset[str]:
    """Every table that is read or written."""
    return frozenset(TABLES.findall(sql))


def is_lookup_by_key(sql: str) -> bool:
    """Whether rows are asked for by one column, as `.get(pk=…)` does."""
    return BY_KEY.search(sql) is not None


def key_of_lookup(sql: str) -> str:
    """The column that a lookup by key asks by; "" for other statements."""
    found = BY_KEY.search(sql)
    return found.group(2) if found else ""


def is_batch(sql: str, rows_max: int) -> bool:
    """Whether a loop around the statement takes many rows at a time."""
    limit = LIMIT.search(sql)
    if limit is not None and int(limit.group(1)) > GET_LIMIT and rows_max > GET_LIMIT:
        return True
    if rows_max > 1 and KEYSET.search(sql):
        return True
    return KEYS.search(sql) is not None or OFFSET.search(sql) is not None


def is_batch_of_writes(sql: str) -> bool:
    """Whether one INSERT, UPDATE or DELETE is of many rows, or kept by a cache in the database."""
    is_insert = sql.lstrip()[:6].upper() == "INSERT"
    is_whole_table = not is_insert and CONDITION.search(sql) is None
    return is_whole_table or MANY_ROWS.search(sql) is not None or VOLATILE.search(sql) is not None


def is_volatile(sql: str) -> bool:
    """Whether the same question may have another answer, or is no question to a table at all."""
    return not table(sql) or VOLATILE.search(sql) is not None
