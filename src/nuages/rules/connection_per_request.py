"""Connections to the database that live no longer than one request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.cases import Case
from nuages.grounds.connections import (
    TESTING,
    Database,
    databases,
    is_development,
    keeps_no_thread,
    place,
    pool_hint,
    settings_files,
)
from nuages.model import CallGroup, Evidence, Finding, Fix, Remedy, Scope
from nuages.wording import percent

ID = "connection-per-request"

ENOUGH_REQUESTS = 5
MOST = 0.5  # of the requests that use the database
OPENING = "connect"
SECONDS = 60
SETS_AGE = re.compile(r"conn_max_age\W{1,4}(?!0\b)\S", re.IGNORECASE)
NO_EDIT = "how requests are served in production decides between the two, and is not known for sure"


@dataclass(frozen=True)
class _Opened:
    """The connections of a database that requests opened."""

    groups: tuple[CallGroup, ...]
    requests: int  # that opened one
    of_requests: int  # that used the database

    @property
    def connects(self) -> int:
        return sum(group.calls for group in self.groups if group.operation == OPENING)

    @property
    def wall_ns(self) -> int:
        return sum(group.wall_ns for group in self.groups)


def find(case: Case) -> Iterator[Finding]:
    """One finding per database: measured where requests were recorded, else from the settings."""
    for database in databases(case.facts):
        if database.is_persistent or database.has_pool:
            continue
        opened = _opened(case, database.alias) if _is_its_own(database, case) else None
        if opened is not None and case.facts.server not in TESTING:
            yield _measured(opened, database, case)
        elif _is_plain(case):
            yield _stated(database, case)


def _is_its_own(database: Database, case: Case) -> bool:
    """Whether what was recorded ran on such a server, and not on a SQLite in its place."""
    statements = [group.statement for group in case.recording.groups]
    vendors = {each.vendor for each in statements if each.alias == database.alias}
    return vendors <= {database.vendor}


def _opened(case: Case, alias: str) -> _Opened | None:
    groups = tuple(
        group
        for group in case.recording.calls
        if (group.scope.kind, group.kind, group.name) == ("request", "connection", alias)
        and group.operation in (OPENING, "close")
    )
    opening = [group for group in groups if group.operation == OPENING]
    requests = of_requests = 0
    for scope in {group.scope for group in opening}:
        executions = case.stats[scope].executions if scope in case.stats else 0
        requests += min(sum(g.executions for g in opening if g.scope == scope), executions)
        of_requests += executions
    for scope in _others(case, alias) - {group.scope for group in opening}:
        of_requests += case.stats[scope].executions if scope in case.stats else 0
    if requests < ENOUGH_REQUESTS or requests < MOST * of_requests:
        return None
    return _Opened(groups, requests, of_requests)


def _others(case: Case, alias: str) -> set[Scope]:
    """The routes that query the database."""
    groups = case.recording.groups
    return {g.scope for g in groups if g.scope.kind == "request" and g.statement.alias == alias}


def _is_plain(case: Case) -> bool:
    """Whether these are production's settings, and whether threads would keep a connection."""
    if is_development(case.facts) or any(s.is_async or s.is_green for s in case.deployment.web):
        return False
    return not any(SETS_AGE.search(module.text) for module in settings_files(case.code))


def _measured(opened: _Opened, database: Database, case: Case) -> Finding:
    ms = opened.wall_ns / 1e6 / opened.requests
    setup_ns = sum(g.wall_ns for g in opened.groups if g.operation == OPENING)
    share = case.share(opened.wall_ns)
    figures: dict[str, float | str] = {
        "connections_opened": opened.connects,
        "setup_ms": round(setup_ns / 1e6 / opened.connects, 2),
        "measured_on": "a scratch server" if database.was_scratch else "the project's own",
    }
    if queries := _setup_queries(opened, case):
        figures["setup_queries"] = round(queries / opened.connects, 2)
    is_sure = _is_plain(case) and bool(case.deployment.web)
    where = " (on this machine, without TLS)" if database.was_scratch else ""
    return Finding(
        rule=ID,
        message=f"Each request opens a connection to {database.alias!r} of its own: {ms:,.1f} ms"
        f"{where}, {percent(share)} of all time",
        hint=_hint(database, case),
        location=place(case, database.alias),
        evidence=Evidence(
            requests=opened.requests,
            calls=opened.connects,
            per_request_max=max(group.per_execution_max for group in opened.groups),
            wall_ms=opened.wall_ns / 1e6,
            share=share,
            route_share=case.route_share((g.scope, g.wall_ns) for g in opened.groups),
            max_ms=max(group.max_ns for group in opened.groups) / 1e6,
            figures=figures,
        ),
        confidence=_confidence(case),
        remedy=Remedy(kind="setting", path="CONN_MAX_AGE", code=database.alias if is_sure else ""),
        routes=tuple(sorted({group.scope.name for group in opened.groups})),
        fix=Fix(status="none", reason="" if is_sure else NO_EDIT),
    )


def _setup_queries(opened: _Opened, case: Case) -> int:
    """Queries that prepared connections; not told where other databases were opened, too."""
    scopes = {group.scope for group in opened.groups}
    aliases = {g.name for g in case.recording.calls if g.kind == "connection" and g.scope in scopes}
    if len(aliases) > 1:
        return 0
    return sum(
        case.stats[scope].counters.get("connection_queries", 0)
        for scope in scopes
        if scope in case.stats
    )


def _confidence(case: Case) -> float:
    """runserver has a thread for each request, and its settings may not be production's."""
    if case.facts.server == "runserver":
        return 0.5
    return 0.6 if is_development(case.facts) else 0.9


def _stated(database: Database, case: Case) -> Finding:
    return Finding(
        rule=ID,
        message=f"CONN_MAX_AGE of {database.alias!r} is 0: each request opens a connection of its "
        "own; how long that takes was not measured",
        hint=_hint(database, case),
        location=place(case, database.alias),
        evidence=Evidence(),
        confidence=0.5,
        remedy=Remedy(kind="setting", path="CONN_MAX_AGE"),
        fix=Fix(status="none", reason=NO_EDIT),
    )


def _hint(database: Database, case: Case) -> str:
    own = f'DATABASES["{database.alias}"]'
    pool = pool_hint(database, case.facts)
    if keeps_no_thread(case.facts, case.deployment):
        return f"{pool}: no thread lives on to keep a connection, so CONN_MAX_AGE stays 0"
    plain = f'set {own}["CONN_MAX_AGE"] = {SECONDS} and ["CONN_HEALTH_CHECKS"] = True'
    development = "; runserver's threads won't show it" if case.facts.server == "runserver" else ""
    return f"{plain}; under ASGI or gevent {pool} instead{development}"
