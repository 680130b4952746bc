"""Caches of one process or one host, in a project that counts on them."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.cache_uses import Kind, Purpose, Use, local_caches, session_cache, uses
from nuages.grounds.production import Stated, is_debugging
from nuages.model import Evidence, Finding, Fix, Remedy

ID = "local-cache"

WHERE: dict[Kind, str] = {
    "process": "lives in one process",
    "host": "lives on one host's disk",
    "nowhere": "keeps nothing",
}
WRONG: dict[Purpose, str] = {
    "counts": "each {holder} counts by itself",
    "forgets": "what one {holder} deletes the others go on giving",
    "keeps": "each {holder} fills and keeps a copy of its own",
}
CONFIDENCE: dict[Purpose, float] = {"counts": 0.9, "forgets": 0.8, "keeps": 0.6}
SHARED = "django.core.cache.backends.redis.RedisCache"
KEPT_PLACES = 3


def find(case: Case) -> Iterator[Finding]:
    """One finding per alias that is used."""
    caches = local_caches(case)
    given = case.settings.get("CACHES")
    has_shared = isinstance(given, dict) and len(given) > len(caches)
    for alias, (kind, stated) in caches.items():
        found = uses(case, alias)
        # Beside a shared one, a local cache is a choice: as long as it only keeps copies.
        if found and not (has_shared and found[0].purpose == "keeps"):
            yield _finding(alias, kind, stated, found, case)


def _finding(alias: str, kind: Kind, stated: Stated, found: tuple[Use, ...], case: Case) -> Finding:
    worst = found[0]
    holder = "host" if kind == "host" else "process"
    wrong = "so every look is in vain" if kind == "nowhere" else WRONG[worst.purpose]
    seen = [use for use in found if use.calls]
    hits, misses = _looked_up(alias, case)
    figures: dict[str, float | str] = {"purpose": worst.purpose, "uses": len(found)}
    if hits + misses:
        figures["hit_rate"] = round(hits / (hits + misses), 3)
    return Finding(
        rule=ID,
        message=f"The cache {alias!r} {WHERE[kind]}, and is used by {_places(found)}: "
        f"{wrong.format(holder=holder)}",
        hint=f'set CACHES["{alias}"]["BACKEND"] = "{SHARED}" (Redis or Valkey), or Memcached, with '
        f"its server as LOCATION{_sessions(alias, case)}",
        location=stated.location or worst.location,
        evidence=Evidence(
            requests=sum(use.requests for use in seen),
            calls=sum(use.calls for use in seen),
            figures=figures,
        ),
        confidence=_confidence(worst.purpose, kind, case),
        remedy=Remedy(kind="setting", path=f"CACHES.{alias}.BACKEND"),
        routes=tuple(sorted({route for use in found for route in use.routes})),
        trigger=worst.location if stated.location else None,
        fix=Fix(status="none", reason="which server it is to be is not known"),
        concern="hazard",
    )


def _confidence(purpose: Purpose, kind: Kind, case: Case) -> float:
    """Less for a folder, which hosts may share, and where DEBUG is on: another file may have
    production's settings.
    """
    doubts = 0.1 * (kind == "host") + 0.2 * is_debugging(case)
    return round(CONFIDENCE[purpose] - doubts, 2)


def _places(found: tuple[Use, ...]) -> str:
    told = [
        f"{use.what} ({use.location.file}:{use.location.line})" if use.location else use.what
        for use in found
    ]
    unique = list(dict.fromkeys(told))
    more = len(unique) - KEPT_PLACES
    return ", ".join(unique[:KEPT_PLACES]) + (f" and {more} more" if more > 0 else "")


def _looked_up(alias: str, case: Case) -> tuple[int, int]:
    calls = [c for c in case.recording.calls if c.kind == "cache" and c.name == alias]
    hits = sum(call.outcomes.get("hit", 0) for call in calls)
    return hits, sum(call.outcomes.get("miss", 0) for call in calls)


def _sessions(alias: str, case: Case) -> str:
    return "; the sessions are in it, too" if session_cache(case) == alias else ""
