"""Indexes as they are: their keys, told from each other, and what they serve already."""

from __future__ import annotations

import re

from nuages.indexes.spelling import condition_sql, key_sql
from nuages.model import Index, IndexIdea, Table

# Of PostgreSQL; of SQLite, which has one method only.
_USING = re.compile(r"""\bUSING \w+ \(|\bON (?:"[^"]*"|[^\s"(]+) ?\(""")
_AFTER = re.compile(r"\s*INCLUDE \(([^)]*)\)")
# What the database writes in another way, or in addition, without meaning another thing.
_NOISE = re.compile(r"::(?:character varying|\"?\w+\"?)(?:\(\d+\))?(?:\[\])?|[\s()\"`\[\]]")


def keys_of(index: Index) -> tuple[str, ...]:
    """Its keys with direction, collation and operator class, as the database prints them."""
    text = _between(index.definition)
    if text is None:
        return index.columns
    return tuple(part.strip() for part in split(text))


def included(index: Index) -> tuple[str, ...]:
    """Columns that are stored in it, and not sorted by."""
    start = _USING.search(index.definition)
    text = _between(index.definition)
    if start is None or text is None:
        return ()
    found = _AFTER.match(index.definition, start.end() + len(text) + 1)
    return tuple(part.strip() for part in split(found[1])) if found else ()


def _between(definition: str) -> str | None:
    """What stands in the parentheses after the table or the method."""
    start = _USING.search(definition)
    if start is None:
        return None
    depth, is_text = 1, False
    for place in range(start.end(), len(definition)):
        character = definition[place]
        is_text = is_text != (character == "'")
        if not is_text:
            depth += (character == "(") - (character == ")")
        if not depth:
            return definition[start.end() : place]
    return None


def split(text: str) -> list[str]:
    """At the commas that stand in no parentheses and no text."""
    parts, depth, is_text = [""], 0, False
    for character in text:
        is_text = is_text != (character == "'")
        if not is_text:
            depth += (character == "(") - (character == ")")
        if character == "," and not depth and not is_text:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def plain(text: str) -> str:
    """A key or a condition, so that it can be compared whoever wrote it."""
    return _NOISE.sub("", text).lower()


def starts(short: Index, long: Index) -> bool:
    """Whether all keys of the one are the first of the other, in the same directions."""
    a = [plain(key) for key in keys_of(short)]
    b = [plain(key) for key in keys_of(long)]
    if len(a) == 1 and b:
        a, b = [_forward(a[0])], [_forward(b[0]), *b[1:]]  # read backwards, it serves as well
    return len(a) <= len(b) and b[: len(a)] == a


def _forward(key: str) -> str:
    return key.removesuffix("desc")


def serves(index: Index, idea: IndexIdea) -> bool:
    """Whether an index that is there does what another would be made for."""
    wanted = {plain(condition_sql(condition)) for condition in idea.conditions}
    if index.predicate and not set(map(plain, index.predicate.split(" AND "))) <= wanted:
        return False
    if index.method != idea.method:
        return False
    have = [plain(key) for key in keys_of(index)]
    keys = [plain(key_sql(key)) for key in idea.keys]
    if idea.method == "gin":
        return bool(set(keys) <= set(have))
    if len(keys) == 1:
        keys, have = [_forward(keys[0])], [_forward(have[0]), *have[1:]] if have else []
    return have[: len(keys)] == keys


def is_served(table: Table, idea: IndexIdea) -> bool:
    """Whether any index of the table does."""
    return any(serves(index, idea) for index in table.indexes)


def finds_one(table: Table, columns: set[str]) -> bool:
    """Whether these columns, compared for equality, find a row by a unique index."""
    return any(
        index.is_unique and not index.predicate and set(index.columns) <= columns
        for index in table.indexes
    )
