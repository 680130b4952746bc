"""What requests do besides answering: rows that they write, and rows that they lock."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

from nuages.model import Recording
from nuages.statements import table

WRITES = ("INSERT", "UPDATE", "DELETE")
LOCKS = re.compile(r"\bFOR (?:NO KEY )?(?:UPDATE|SHARE)\b", re.IGNORECASE)


def lost_effect(routes: Collection[str], before: Recording, after: Recording) -> str:
    """Which table is no longer locked or written by one of these routes, or ""."""
    was, now = _effects(routes, before), _effects(routes, after)
    for effect in sorted({*was, *now}):
        route, doing, name = effect
        if effect not in now:
            return f"{route} no longer {doing}s {name}"
        if effect not in was:
            return f"{route} {doing}s {name}, and did not before"
        if was[effect] != now[effect] and doing == "insert":
            return f"{route} {doing}s {now[effect]:,} rows into {name}, before {was[effect]:,}"
    return ""


def _effects(routes: Collection[str], recording: Recording) -> Counter[tuple[str, str, str]]:
    found: Counter[tuple[str, str, str]] = Counter()
    for group in recording.groups:
        sql, verb, route = group.statement.sql, group.statement.verb, group.scope.name
        if route not in routes:
            continue
        if verb in WRITES:
            found[route, verb.lower(), table(sql)] += group.rows
        if LOCKS.search(sql):
            found[route, "lock", table(sql)] += 1
    return found
