"""Django's one-line SQL, broken before its clauses so that a person can read it."""

from __future__ import annotations

import re

CHARACTERS = 1_600  # of a statement that a report shows

_TOKEN = re.compile(
    r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`)"
    r"|(?P<open>\()|(?P<close>\))"
    r"|\s+(?P<clause>FROM|WHERE|(?:(?:LEFT|RIGHT|FULL)(?:\s+OUTER)?\s+|INNER\s+|CROSS\s+)?JOIN"
    r"|GROUP\s+BY|HAVING|WINDOW|ORDER\s+BY|LIMIT|OFFSET|FOR\s+UPDATE|UNION|INTERSECT|EXCEPT"
    r"|VALUES|SET|RETURNING|ON\s+CONFLICT)\b",
    re.IGNORECASE,
)


def readable(sql: str) -> str:
    """The statement with a line per clause of its outermost level, cut after 1,600 characters."""
    left_out = len(sql) - CHARACTERS
    sql = sql[:CHARACTERS]
    depth = end = 0
    lines = []
    for match in _TOKEN.finditer(sql):
        depth += (match["open"] is not None) - (match["close"] is not None)
        if match["clause"] is not None and depth == 0:
            lines.append(sql[end : match.start()])
            end = match.start("clause")
    text = "\n".join([*lines, sql[end:]]).strip()
    return f"{text} … {left_out:,} more characters" if left_out > 0 else text
