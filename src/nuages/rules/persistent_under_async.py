"""Connections that are kept although no thread lives on to use them again."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.deployment import Service
from nuages.grounds.connections import ASYNC_SERVERS, Database, ages, databases, place, pool_hint
from nuages.model import Evidence, Finding, Fix, Location, Remedy

ID = "persistent-under-async"

# https://docs.djangoproject.com/en/stable/ref/databases/#persistent-connections
NO_EDIT = "the pool that takes their place has to be chosen first"


def find(case: Case) -> Iterator[Finding]:
    """One finding per database that keeps connections under ASGI or greenlets."""
    served = _served(case)
    if served is None:
        return
    by, confidence = served
    stated = [d for d in databases(case.facts) if d.is_persistent and not d.has_pool]
    for database in stated:
        yield _finding(database, by, confidence, case)
    if not stated:
        yield from (_written(age, where, by, case) for age, where in ages(case.code))


def _served(case: Case) -> tuple[str, float] | None:
    """By what, and how sure; None where threads are all that is known of."""
    if case.facts.server in ASYNC_SERVERS:
        return f"ASGI ({case.facts.server})", 0.9
    web = case.deployment.web
    threadless = [service for service in web if service.is_async or service.is_green]
    if not threadless:
        return None
    return _described(threadless[0]), 0.9 if len(threadless) == len(web) else 0.6


def _described(service: Service) -> str:
    kind = "ASGI" if service.is_async else service.worker_class
    return f"{kind} ({service.server} in {service.source})"


def _finding(database: Database, by: str, confidence: float, case: Case) -> Finding:
    own = f'DATABASES["{database.alias}"]'
    age = "for ever" if database.max_age is None else f"for {database.max_age:g} s"
    opened, requests = _opened(database.alias, case)
    figures: dict[str, float | str] = {"conn_max_age": str(database.max_age), "served_by": by}
    if opened:
        figures |= {"connections_opened": opened, "requests": requests}
    return Finding(
        rule=ID,
        message=f"Connections to {database.alias!r} are kept {age} (CONN_MAX_AGE) under {by}: the "
        "next request runs elsewhere and opens one more",
        hint=f'set {own}["CONN_MAX_AGE"] = 0, and {pool_hint(database, case.facts)}',
        location=place(case, database.alias),
        evidence=Evidence(requests=requests if opened else 0, calls=opened, figures=figures),
        confidence=confidence,
        remedy=Remedy(kind="setting", path="CONN_MAX_AGE"),
        fix=Fix(status="none", reason=NO_EDIT),
        concern="hazard",
    )


def _written(age: str, where: Location, by: str, case: Case) -> Finding:
    """What other settings say than those that were loaded."""
    return Finding(
        rule=ID,
        message=f"{where.file} keeps connections (CONN_MAX_AGE = {age}) under {by}: the next "
        "request runs elsewhere and opens one more",
        hint="set CONN_MAX_AGE = 0 where requests are served so, and share connections by "
        'OPTIONS["pool"] or PgBouncer',
        location=where,
        evidence=Evidence(figures={"conn_max_age": age, "served_by": by}),
        confidence=0.6,
        remedy=Remedy(kind="setting", path="CONN_MAX_AGE"),
        fix=Fix(status="none", reason=NO_EDIT),
        concern="hazard",
    )


def _opened(alias: str, case: Case) -> tuple[int, int]:
    """Connections that requests opened under such a server, and the requests."""
    if case.facts.server not in ASYNC_SERVERS:
        return 0, 0
    groups = [
        group
        for group in case.recording.calls
        if (group.scope.kind, group.kind, group.operation) == ("request", "connection", "connect")
        and group.name == alias
    ]
    scopes = {group.scope for group in groups}
    requests = sum(case.stats[scope].executions for scope in scopes if scope in case.stats)
    return sum(group.calls for group in groups), requests
