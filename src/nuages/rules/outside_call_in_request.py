"""Other servers and programs that a request waits for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from nuages.cases import Case
from nuages.grounds import outgoing
from nuages.grounds.outgoing import Outgoing
from nuages.grounds.written import WrittenCall
from nuages.model import Evidence, Finding, Fix, LedgerEntry, Location, Remedy, RemedyKind, Scope

ID = "outside-call-in-request"

LOOP = 3  # calls of one expression in one request
NOTICED_MS = 5  # a request; less is a sidecar's or a stand-in's, and no one waits for it
PROGRAM_MS = 20  # a request, of another program: to start one costs some milliseconds
READS = frozenset({"GET", "HEAD"})
SET_FOR_ALL = re.compile(r"setdefaulttimeout\(")
NO_EDIT = "whether the request can do without the answer is for its author to say"


def find(case: Case) -> Iterator[Finding]:
    """One finding per expression that asked, then those that may wait for ever unrecorded."""
    written = [call for call in outgoing.written(case.code) if call.name in outgoing.HTTP]
    told: set[int] = set()
    for place in outgoing.outgoing(case, "request"):
        if all(outgoing.is_mail(group) for group in place.groups):
            continue
        call = outgoing.at(place.location, written)
        if call is not None:
            told.add(id(call))
        if _is_worth_a_word(place, call, case):
            yield _recorded(place, call, case)
    for call in written:
        if id(call) not in told and call.answers_request and _is_endless(call, case):
            yield _unrecorded(call)
    yield from _denied(case)


def _denied(case: Case) -> Iterator[Finding]:
    """What the enclosure kept from leaving unseen by the recorder: clients in C, such as gRPC's."""
    seen: list[tuple[Scope, Location | None]] = [
        *((group.scope, group.location) for group in case.recording.groups),
        *((call.scope, call.location) for call in case.recording.calls),
    ]
    requests = {
        (where.root, where.file, where.function)
        for scope, where in seen
        if scope.kind == "request" and where is not None
    }
    known = {
        (call.location.file, call.location.line)
        for call in case.recording.calls
        if call.kind == "outside" and call.location is not None
    }
    for origin, entries in outgoing.denied(case.ledger).items():
        is_of_request = (origin.root, origin.file, origin.function) in requests
        if is_of_request and (origin.file, origin.line) not in known:
            yield _refused(origin, entries)


def _refused(origin: Location, entries: Sequence[LedgerEntry]) -> Finding:
    hosts = tuple(dict.fromkeys(entry.target for entry in entries))
    return Finding(
        rule=ID,
        message=f"{origin.function} asks {outgoing.hosts_text(hosts)}, which a request waits for; "
        "it was refused here, so its time was not measured",
        hint="ask from a task of a queue, or keep the answer in the cache; and give it a timeout",
        location=origin,
        evidence=Evidence(
            calls=sum(entry.count for entry in entries), figures={"hosts": ", ".join(hosts[:5])}
        ),
        confidence=0.6,
        remedy=Remedy(kind="task"),
        fix=Fix(status="none", reason=NO_EDIT),
    )


def _is_worth_a_word(place: Outgoing, call: WrittenCall | None, case: Case) -> bool:
    if place.busiest.per_execution_max >= LOOP:
        return True
    if _is_awaited(place.location, case):  # the others go on meanwhile
        return False
    if all(outgoing.OWN_SERVERS.match(name) for name in place.hosts):
        return False
    if place.hosts == ("subprocess",):
        return _ms_per_request(place) >= PROGRAM_MS
    is_endless = call is not None and _is_endless(call, case)
    return is_endless or not place.answered or _ms_per_request(place) >= NOTICED_MS


def _is_awaited(location: Location, case: Case) -> bool:
    """Whether a coroutine asks, so that no thread or process is held by the answer."""
    module = case.code.module(location)
    if module is None:
        return False
    return any(
        isinstance(node, ast.Await) and node.lineno <= location.line <= (node.end_lineno or 0)
        for node in ast.walk(module.tree)
    )


def _is_endless(call: WrittenCall, case: Case) -> bool:
    """Whether it waits as long as the other side likes."""
    if not outgoing.waits_for_ever(call):
        return False
    is_plain = call.name.startswith("requests.")  # which ignores the sockets' default
    return is_plain or next(case.code.matching(SET_FOR_ALL), None) is None


def _ms_per_request(place: Outgoing) -> float:
    return place.wall_ns / 1e6 / max(place.executions, 1)


def _recorded(place: Outgoing, call: WrittenCall | None, case: Case) -> Finding:
    is_endless = call is not None and _is_endless(call, case)
    figures: dict[str, float | str] = {
        "hosts": ", ".join(place.hosts[:5]),
        "ms_per_request": round(_ms_per_request(place), 2),
        "calls_failed": place.calls - place.answered,
    }
    if call is not None and not call.passes_unknown:
        figures["timeout"] = "none" if is_endless else "given or the client's own"
    return Finding(
        rule=ID,
        message=_message(place, is_endless),
        hint=_hint(place, is_endless),
        location=place.location,
        evidence=Evidence(
            requests=place.executions,
            calls=place.calls,
            per_request_max=place.busiest.per_execution_max,
            wall_ms=place.wall_ns / 1e6,
            share=case.share(place.wall_ns),
            route_share=case.route_share((g.scope, g.wall_ns) for g in place.groups),
            max_ms=max(group.max_ns for group in place.groups) / 1e6,
            figures=figures,
        ),
        confidence=0.9 if place.answered else 0.7,
        remedy=Remedy(kind=_remedy(place)),
        routes=place.routes,
        fix=Fix(status="none", reason=NO_EDIT),
    )


def _message(place: Outgoing, is_endless: bool) -> str:
    who = outgoing.hosts_text(place.hosts)
    if place.hosts == ("subprocess",):
        who = f"the program {place.busiest.operation}"
    waits = "without a timeout" if is_endless else ""
    if not place.answered:
        cost = "refused or failed here, so its time was not measured"
    else:
        cost = f"{_ms_per_request(place):,.0f} ms a request"
    many = place.busiest.per_execution_max
    often = f"{many} times in one {place.busiest.scope.name}" if many >= LOOP else ""
    details = ", ".join(part for part in (often, cost, waits) if part)
    return f"A request waits for {who}: {details}"


def _hint(place: Outgoing, is_endless: bool) -> str:
    timeout = "give it timeout=(3, 10), and " if is_endless else ""
    if place.busiest.per_execution_max >= LOOP:
        return f"{timeout}ask once for all before the loop, or cache the answers by what is asked"
    if place.hosts == ("subprocess",):
        return "run it in a task of a queue, and let the page ask for what it made"
    if _remedy(place) == "cache":
        return f"{timeout}keep the answer with cache.get_or_set(…, 60), or fetch it in a task"
    return f"{timeout}send it from a task that transaction.on_commit() enqueues"


def _remedy(place: Outgoing) -> RemedyKind:
    if place.busiest.per_execution_max >= LOOP:
        return "hoist"
    return "cache" if {g.operation for g in place.groups} <= READS else "task"


def _unrecorded(call: WrittenCall) -> Finding:
    return Finding(
        rule=ID,
        message=f"{call.name}() has no timeout: a host that hangs holds this request's worker "
        "until somebody kills it",
        hint="give it timeout=(3, 10): seconds to connect, and between two pieces of the answer"
        if call.name.startswith("requests.")
        else "give it timeout=10",
        location=call.location,
        evidence=Evidence(figures={"timeout": "none"}),
        confidence=0.8,
        remedy=Remedy(kind="none"),
        concern="hazard",
        fix=Fix(status="none", reason="how long the answer may take is for its author to say"),
    )
