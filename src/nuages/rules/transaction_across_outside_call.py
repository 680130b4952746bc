"""Transactions that stay open while somebody else's server is asked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds import outgoing
from nuages.grounds.outgoing import IN_TRANSACTION, Outgoing
from nuages.grounds.written import WrittenCall, calls_in
from nuages.model import CallGroup, Evidence, Finding, Fix, Location, Remedy

ID = "transaction-across-outside-call"

OUTSIDE = "outside call inside"  # an outcome of a transaction, see docs/explanation/recorder.md
OF_TEST = "of a test case"
READS = frozenset({"GET", "HEAD"})
NO_EDIT = "whether the call may come before or after the rows are written is for its author to say"


def find(case: Case) -> Iterator[Finding]:
    """One finding per expression that asked within a transaction, recorded ones first."""
    written = list(outgoing.written(case.code))
    told: set[int] = set()
    for place in outgoing.outgoing(case, "request", "task", "command", "test"):
        call = outgoing.at(place.location, written)
        if call is not None:
            told.add(id(call))
        if place.in_transaction and place.hosts != ("subprocess",):
            yield _recorded(place, case)
    for call in written:
        if id(call) not in told and call.is_atomic:
            yield _unrecorded(call)


def _recorded(place: Outgoing, case: Case) -> Finding:
    inside = [group for group in place.groups if group.outcomes.get(IN_TRANSACTION)]
    opened = _opened(place, inside, case)
    held_ns = sum(group.wall_ns for group in opened)
    called_ns = sum(g.wall_ns * g.outcomes[IN_TRANSACTION] // max(g.calls, 1) for g in inside)
    is_kept = all(outgoing.is_kept(group) for group in inside)
    statement = _statement(place.location, case)
    return Finding(
        rule=ID,
        message=_message(place, is_kept, called_ns),
        hint=_hint(place, inside, _begins(opened), case),
        location=statement or place.location,
        created_at=_begins(opened),
        evidence=Evidence(
            requests=place.executions,
            calls=place.in_transaction,
            per_request_max=max(group.per_execution_max for group in inside),
            wall_ms=held_ns / 1e6,
            share=case.share(held_ns),
            route_share=case.route_share((g.scope, g.wall_ns) for g in opened),
            max_ms=max((group.max_ns for group in opened), default=0) / 1e6,
            figures={
                "transaction_ms": round(held_ns / 1e6, 2),
                "outside_ms": round(called_ns / 1e6, 2),
                "asked_at": f"{place.location.file}:{place.location.line}",
            },
        ),
        confidence=0.8 if is_kept or not place.answered else 0.95,
        remedy=Remedy(kind="move"),
        routes=place.routes,
        tests=place.tests,
        fix=Fix(status="none", reason=NO_EDIT),
        concern="hazard",
    )


def _opened(place: Outgoing, inside: list[CallGroup], case: Case) -> list[CallGroup]:
    """The transactions, of the same scopes, that such calls were made in; of the same function
    where there are any.
    """
    scopes = {group.scope for group in inside}
    opened = [
        group
        for group in case.recording.calls
        if group.kind == "transaction"
        and group.operation == "open"
        and group.scope in scopes
        and group.outcomes.get(OUTSIDE)
        and not group.outcomes.get(OF_TEST)
    ]
    function = (place.location.file, place.location.function)
    near = [g for g in opened if g.location and (g.location.file, g.location.function) == function]
    return near or opened


def _statement(location: Location, case: Case) -> Location | None:
    """The statement inside of a block that calls the function which asks: what is to be moved.

    None where that function has the block itself, or where there are none or several.
    """
    name = location.function.rpartition(".")[2]
    if not name or name == "<module>":
        return None
    found = [
        call.location
        for module in case.code.matching(re.compile(rf"{re.escape(name)}\("))
        for call in calls_in(module)
        if _last_name(call) == name
        and call.is_atomic
        and not outgoing.not_the_products(call.location)
    ]
    return found[0] if len(found) == 1 else None


def _last_name(call: WrittenCall) -> str:
    function = call.node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _begins(opened: list[CallGroup]) -> Location | None:
    places = {group.location for group in opened}
    return places.pop() if len(places) == 1 else None


def _message(place: Outgoing, is_kept: bool, called_ns: int) -> str:
    who = "a mail" if is_kept else outgoing.hosts_text(place.hosts)
    if is_kept:
        return (
            "A transaction is open while a mail is sent; it was kept here, so its time is unknown"
        )
    if not place.answered:
        return f"A transaction is open while {who} is asked; it was refused or failed here"
    calls_ms = called_ns / 1e6 / max(place.in_transaction, 1)
    return (
        f"A transaction, its locks and its connection wait {calls_ms:,.0f} ms for each call of "
        f"{who}"
    )


def _hint(place: Outgoing, inside: list[CallGroup], begins: Location | None, case: Case) -> str:
    around = f" at {begins.file}:{begins.line}" if begins else ""
    if inside[0].scope.kind == "request" and _is_atomic_by_setting(case):
        around = " that ATOMIC_REQUESTS opens for the whole request"
    if {group.operation for group in place.groups} <= READS:
        return f"ask before the transaction{around} begins, and use the answer inside"
    return f"make the call in transaction.on_commit(…), after the transaction{around}"


def _is_atomic_by_setting(case: Case) -> bool:
    databases = case.settings.get("DATABASES")
    if not isinstance(databases, dict):
        return False
    return any(isinstance(one, dict) and one.get("ATOMIC_REQUESTS") for one in databases.values())


def _unrecorded(call: WrittenCall) -> Finding:
    is_mail = outgoing.is_sending(call)
    name = call.name.rpartition(".")[2] if is_mail else call.name
    return Finding(
        rule=ID,
        message=f"{name or 'send'}() is called inside of transaction.atomic(): locks and "
        "connection wait for somebody else's server",
        hint="make the call in transaction.on_commit(…)"
        if is_mail
        else "make the call before the block, or in transaction.on_commit(…)",
        location=call.location,
        evidence=Evidence(),
        confidence=0.7,
        remedy=Remedy(kind="move"),
        fix=Fix(status="none", reason=NO_EDIT),
        concern="hazard",
    )
