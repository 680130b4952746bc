"""What a cache would have kept of a recording, and which results it must not keep."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nuages.model import Facts, QueryGroup, Recording
from nuages.statements import tables

LOOKUP_MS = 0.2  # of a cache on the same network: what a hit costs instead of the query
STALE = 0.05  # of the hits may be outdated; more is no cache but another answer
NEARLY = 0.8  # of the most hits: a shorter time with so many is the better one
PATIENT = 60  # seconds
WRITES = frozenset({"INSERT", "UPDATE", "DELETE"})
# Whose rows are a visitor's own, or which Django or a library keeps by itself.
OWN_TABLES = re.compile(
    r"^(django_(session|content_type|site|admin_log|migrations)|auth_|authtoken_|account_|"
    r"socialaccount_|oauth2_|otp_|axes_|silk_|users?_user|sessions?_)"
)
OF_VISITOR = re.compile(
    r'\b["`]?(?:user|owner|account|member|customer|recipient|viewer)_id["`]? = %s|'
    r'\b["`]?(?:session_key|token|api_key)["`]? = %s'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What keeping results for some seconds would have given."""

    seconds: int
    hits: int
    stale: int  # of the hits, with an outdated result


def best_time(hits: Mapping[str, int], stale: Mapping[str, int]) -> Kept | None:
    """The shortest time with nearly the most hits, of those that are seldom outdated.

    A lab asks faster than visitors do: less than a minute only where more would be outdated.
    """
    kept = [
        Kept(seconds=int(seconds), hits=count, stale=stale.get(seconds, 0))
        for seconds, count in hits.items()
        if count and stale.get(seconds, 0) <= STALE * count
    ]
    most = max((one.hits for one in kept), default=0)
    best = [one for one in kept if one.hits >= NEARLY * most]
    patient = [one for one in best if one.seconds >= PATIENT]
    if patient:
        return min(patient, key=lambda one: one.seconds)
    return max(best, key=lambda one: one.seconds, default=None)


def is_personal(sql: str, facts: Facts) -> bool:
    """Whether a statement asks for what is a visitor's own, as far as its text and models tell."""
    if OF_VISITOR.search(sql) or any(OWN_TABLES.match(table) for table in tables(sql)):
        return True
    user = facts.model(str(facts.settings.get("AUTH_USER_MODEL", "auth.User")))
    if user is None:
        return False
    columns = {f.column for m in facts.models for f in m.fields if f.to == user.label}
    of_user = any(re.search(rf"\b{re.escape(c)}\W? = %s", sql) for c in columns)
    return user.table in tables(sql) or of_user


def writes_to(recording: Recording, read: Iterable[str]) -> int:
    """How many writes requests, tasks and commands made to any of these tables."""
    wanted = set(read)
    return sum(
        group.calls
        for group in recording.groups
        if group.statement.verb in WRITES and tables(group.statement.sql) & wanted
    )


def is_tests(groups: Iterable[QueryGroup]) -> bool:
    """Whether tests asked: what they ask again and again says nothing about traffic."""
    return any(group.tests or group.scope.kind == "test" for group in groups)


def duration(seconds: int) -> str:
    """As a sentence has it: "60 s", "5 min", "1 h"."""
    if seconds >= 3600:
        return f"{seconds // 3600} h"
    return f"{seconds // 60} min" if seconds >= 300 else f"{seconds} s"
