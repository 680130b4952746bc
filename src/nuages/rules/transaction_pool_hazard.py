"""What a pooler in transaction mode breaks: whatever lives longer than a transaction."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nuages.cases import Case
from nuages.grounds import connections
from nuages.grounds.connections import Database, databases
from nuages.grounds.outgoing import covers
from nuages.grounds.server_cursors import server_cursors
from nuages.grounds.session_sql import kind_of, traces
from nuages.model import Evidence, Finding, Fix, Location, QueryGroup, Remedy
from nuages.origins import in_migrations, in_tests, is_set_up
from nuages.wording import several

ID = "transaction-pool-hazard"

WHAT: dict[str, tuple[str, str]] = {
    "session setting": (
        "A SET stays behind on the server connection, and other requests meet it",
        "write SET LOCAL, or set_config(…, true), inside of transaction.atomic()",
    ),
    "session lock": (
        "A session's advisory lock is taken on one server connection and released on another",
        "take pg_advisory_xact_lock() inside of transaction.atomic(): the commit releases it",
    ),
    "listener": (
        "LISTEN is forgotten: notifications go to a server connection that somebody else has",
        "give the listener a database alias of its own that goes past the pooler",
    ),
    "temporary table": (
        "A temporary table stays behind on the server connection, out of the next query's reach",
        "create it with ON COMMIT DROP inside of the transaction.atomic() that uses it",
    ),
    "cursor with hold": (
        "A cursor WITH HOLD stays behind on the server connection",
        "read within one transaction.atomic(), without WITH HOLD",
    ),
    "prepared statement": (
        "A prepared statement stays behind on the server connection",
        "leave PREPARE to the driver, with PgBouncer 1.21's max_prepared_statements",
    ),
}
OPTIONS: dict[str, tuple[str, str]] = {
    "prepare_threshold": (
        "psycopg prepares statements on server connections that others have next",
        "leave it out, as Django does, or set PgBouncer 1.21's max_prepared_statements",
    ),
    "assume_role": (
        "SET ROLE is sent once, when Django connects: later transactions run without it",
        "connect as that role, or give it to the user: ALTER ROLE … SET role",
    ),
    "options": (
        "Settings that are sent when Django connects reach no server connection: PgBouncer "
        "refuses them, or drops them where ignore_startup_parameters names them",
        "give them to the user: ALTER ROLE … SET …, or to the pooler's connect_query",
    ),
}
NO_EDIT = "what the session is meant to keep is for its author to say"
# A host of DATABASES, as the settings write it, that is a pooler's.
POOLER_HOST = re.compile(
    r"(?:[\"']HOST[\"']|HOST\s*=|//)[^\n]*\b(?:pgbouncer|pgcat|odyssey|supavisor)\b", re.IGNORECASE
)
CURSORS_OFF = re.compile("DISABLE_SERVER_SIDE_CURSORS")
POSTGRESQL = re.compile(r"django\.db\.backends\.postgresql")
POOLED, PLANNED, NOT_POOLED = 0.9, 0.6, 0.3  # confidence


@dataclass(frozen=True)
class _Pooling:
    """Whether a pooler gives connections by transaction, and who says so."""

    confidence: float
    said_by: str

    @property
    def is_there(self) -> bool:
        return self.confidence > NOT_POOLED


def find(case: Case) -> Iterator[Finding]:
    """One finding per place that relies on its session; one for all cursors on the server."""
    known = list(databases(case.facts))
    database = next((each for each in known if each.vendor == "postgresql"), None)
    if database is None:
        if case.settings.get("DATABASES") and not known and _is_meant_for_postgresql(case):
            elsewhere = _Pooling(NOT_POOLED, "elsewhere it runs on PostgreSQL")
            yield from _places(case, elsewhere)
            yield from _cursors(case, "default", case.settings["DATABASES"], elsewhere)
        return
    pooling = _pooling(case, database)
    if pooling is None:
        return
    yield from _places(case, pooling)
    yield from _cursors(case, database.alias, case.settings["DATABASES"], pooling)
    if pooling.is_there:
        yield from _options(case, database, pooling)


def _is_meant_for_postgresql(case: Case) -> bool:
    """Whether the code names PostgreSQL's engine, beside the SQLite that these settings have."""
    return next(case.code.matching(POSTGRESQL), None) is not None


def _pooling(case: Case, database: Database) -> _Pooling | None:
    """None for a pooler that gives connections by session."""
    pooler = case.deployment.pooler
    if pooler is not None and pooler.mode == "session":
        return None
    if pooler is not None and pooler.mode:
        return _Pooling(POOLED, f"PgBouncer pools by {pooler.mode} ({pooler.source})")
    if database.is_behind_pooler:
        return _Pooling(POOLED - 0.1, f"port {database.settings.get('PORT')} is a pooler's")
    if any(POOLER_HOST.search(each.text) for each in connections.settings_files(case.code)):
        return _Pooling(POOLED - 0.1, "HOST names a pooler")
    if database.settings.get("DISABLE_SERVER_SIDE_CURSORS") is True:
        return _Pooling(PLANNED, "DISABLE_SERVER_SIDE_CURSORS is meant for one")
    return _Pooling(NOT_POOLED, "no pooler is known of")


def _places(case: Case, pooling: _Pooling) -> Iterator[Finding]:
    """One for each function and kind: its statements belong together."""
    recorded = _recorded(case)
    first: dict[tuple[str, str, str, str], Location] = {}
    together: dict[tuple[str, str, str, str], list[QueryGroup]] = defaultdict(list)
    for trace in traces(case.code):
        where = trace.location
        key = (trace.kind, where.root, where.file, where.function)
        groups = [
            group
            for (kind, place), several in recorded.items()
            if kind == trace.kind and place is not None and covers(where, place)
            for group in several
        ]
        for group in groups:
            recorded.pop((trace.kind, group.location), None)
        if not trace.is_undone:
            first.setdefault(key, where)
            together[key] += groups
    for key, where in first.items():
        yield _finding(key[0], where, together[key], pooling, case)
    for (kind, place), groups in recorded.items():
        if place is not None or pooling.is_there:
            yield _finding(kind, place, groups, pooling, case)


def _recorded(case: Case) -> dict[tuple[str, Location | None], list[QueryGroup]]:
    """By what is left behind and where."""
    found: dict[tuple[str, Location | None], list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        where = group.location
        is_ours = group.statement.vendor == "postgresql" and not is_set_up(group.scope, where)
        if not is_ours or (where and (in_tests(where) or in_migrations(where))):
            continue
        if kind := kind_of(group.statement.sql):
            found[kind, where].append(group)
    return found


def _finding(
    kind: str,
    location: Location | None,
    groups: Sequence[QueryGroup],
    pooling: _Pooling,
    case: Case,
) -> Finding:
    message, hint = WHAT[kind]
    wall_ns = sum(group.wall_ns for group in groups)
    return Finding(
        rule=ID,
        message=f"{message} ({pooling.said_by})",
        hint=_before(pooling) + hint,
        location=location,
        evidence=Evidence(
            requests=sum(group.executions for group in groups),
            calls=sum(group.calls for group in groups),
            per_request_max=max((group.per_execution_max for group in groups), default=0),
            wall_ms=wall_ns / 1e6,
            share=case.share(wall_ns),
            sql=groups[0].statement.sql if groups else "",
            figures={"left_behind": kind, "pooler": pooling.said_by},
        ),
        confidence=pooling.confidence,
        remedy=Remedy(kind="none"),
        routes=tuple(sorted({g.scope.name for g in groups if g.scope.kind != "test"})),
        fix=Fix(status="none", reason=NO_EDIT),
        concern="hazard",
    )


def _before(pooling: _Pooling) -> str:
    return "" if pooling.is_there else "before you put a pooler in between: "


def _cursors(
    case: Case, alias: str, stated: Mapping[str, Any], pooling: _Pooling
) -> Iterator[Finding]:
    settings = stated.get(alias, {})
    if settings.get("DISABLE_SERVER_SIDE_CURSORS") is not False or _turns_cursors_off(case):
        return
    places = [where for where in server_cursors(case.code) if not _may_be_atomic(where, settings)]
    if not places:
        return
    first = places[0]
    others = f" and in {several(len(places) - 1, 'more place')}" if len(places) > 1 else ""
    yield Finding(
        rule=ID,
        message=f".iterator() reads through a cursor on the server at {first.file}:{first.line}"
        f"{others}: its next rows are asked of another connection ({pooling.said_by})",
        hint=f'{_before(pooling)}set DATABASES["{alias}"]["DISABLE_SERVER_SIDE_CURSORS"] = True, '
        "or read inside of transaction.atomic()",
        location=first,
        evidence=Evidence(
            figures={
                "places": ", ".join(f"{where.file}:{where.line}" for where in places[:20]),
                "pooler": pooling.said_by,
            }
        ),
        confidence=pooling.confidence,
        remedy=Remedy(kind="setting", path="DISABLE_SERVER_SIDE_CURSORS"),
        fix=Fix(status="none", reason="the setting is for each environment that has the pooler"),
        concern="hazard",
    )


def _turns_cursors_off(case: Case) -> bool:
    """Whether any of the project's settings, production's perhaps, do so."""
    return next(case.code.matching(CURSORS_OFF), None) is not None


def _may_be_atomic(location: Location, settings: Mapping[str, Any]) -> bool:
    """Whether a request's own transaction may surround it; commands and tasks have none."""
    if not settings.get("ATOMIC_REQUESTS"):
        return False
    return not ("management/commands/" in location.file or location.file.endswith("tasks.py"))


def _options(case: Case, database: Database, pooling: _Pooling) -> Iterator[Finding]:
    """What Django is told to do with each connection that it opens."""
    for name, (message, hint) in OPTIONS.items():
        is_off = name == "prepare_threshold" and database.options.get(name) is None
        if name in database.options and not is_off:
            yield _option(name, message, hint, database, pooling, case)


def _option(
    name: str, message: str, hint: str, database: Database, pooling: _Pooling, case: Case
) -> Finding:
    return Finding(
        rule=ID,
        message=f'{message} (OPTIONS["{name}"] of {database.alias!r}; {pooling.said_by})',
        hint=hint,
        location=connections.place(case, database.alias),
        evidence=Evidence(figures={"option": name, "pooler": pooling.said_by}),
        confidence=min(pooling.confidence, 0.7),
        remedy=Remedy(kind="setting", path="OPTIONS"),
        fix=Fix(status="none", reason="the version and settings of the pooler are not known"),
        concern="hazard",
    )
