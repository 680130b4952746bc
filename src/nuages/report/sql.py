"""Django's one-line SQL, broken before its clauses so that a person can read it."""

from __future__ import annotations

import re

CHARACTERS = 1_600  # of a statement that a report shows
BRIEF = 120  # of a statement in a table
COLUMNS = 36  # of a list of columns in a table; longer ones are left out

_TOKEN = re.compile(
    r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`)"
    r"|(?P<open>\()|(?P<close>\))"
    r"|\s+(?P<clause>FROM|WHERE|(?:(?:LEFT|RIGHT|FULL)(?:\s+OUTER)?\s+|INNER\s+|CROSS\s+)?JOIN"
    r"|GROUP\s+BY|HAVING|WINDOW|ORDER\s+BY|LIMIT|OFFSET|FOR\s+UPDATE|UNION|INTERSECT|EXCEPT"
    r"|VALUES|SET|RETURNING|ON\s+CONFLICT)\b",
    re.IGNORECASE,
)
_SELECTED = re.compile(r"^SELECT (DISTINCT )?(?!COUNT|1 AS)", re.IGNORECASE)
_QUOTED = re.compile(r'"(\w+)"|`(\w+)`|\[(\w+)\]')
_QUALIFIED = re.compile(r"\b([A-Za-z_]\w*)\.(?=[A-Za-z_*])")


def readable(sql: str) -> str:
    """The statement with a line per clause of its outermost level, cut after 1,600 characters."""
    left_out = len(sql) - CHARACTERS
    text = "\n".join(_clauses(sql[:CHARACTERS])).strip()
    return f"{text} … {left_out:,} more characters" if left_out > 0 else text


def brief(sql: str) -> str:
    """The statement in a line of a table: no list of columns, no quotes, no table's name twice."""
    first, *rest = _clauses(sql[:CHARACTERS].strip()) or [""]
    selected = _SELECTED.match(first)
    if selected and len(first) > COLUMNS:
        first = f"SELECT {selected.group(1) or ''}…"
    text = " ".join([first, *rest])
    text = " ".join(_QUOTED.sub(lambda m: m.group(1) or m.group(2) or m.group(3), text).split())
    if len(set(_QUALIFIED.findall(text))) == 1:
        text = _QUALIFIED.sub("", text)
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 1].rstrip()}…"


def _clauses(sql: str) -> list[str]:
    depth = end = 0
    lines = []
    for match in _TOKEN.finditer(sql):
        depth += (match["open"] is not None) - (match["close"] is not None)
        if match["clause"] is not None and depth == 0:
            lines.append(sql[end : match.start()])
            end = match.start("clause")
    return [*lines, sql[end:]]
