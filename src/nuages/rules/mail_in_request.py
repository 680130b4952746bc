"""Mail that a request sends while its user waits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from nuages.cases import Case
from nuages.grounds import outgoing
from nuages.grounds.outgoing import Outgoing
from nuages.grounds.written import WrittenCall
from nuages.model import Evidence, Finding, Fix, Remedy

ID = "mail-in-request"

LOOP = 3
# Backends that hand the mail to a queue, by what they are called.
QUEUED = re.compile(r"celery|queue|post_office|mailer\b|async|dramatiq|huey|\brq\b|task|background")
SETS_QUEUED = re.compile(rf"EMAIL_BACKEND\b[^\n]*[\"'][^\"'\n]*(?i:{QUEUED.pattern})")
# Backends that talk to a server while the caller waits; Django's own default among them.
WAITING = re.compile(
    r"backends\.smtp\.|anymail|django_ses|sendgrid|mailgun|postmark|sparkpost|mandrill|sgbackend"
)
NO_EDIT = "the project's queue, if there is one, is not known"


def find(case: Case) -> Iterator[Finding]:
    """One finding per expression that sent, then those in views that no recording reached."""
    if _is_queued(case):
        return
    written = [call for call in outgoing.written(case.code) if outgoing.is_sending(call)]
    told: set[int] = set()
    for place in outgoing.outgoing(case, "request"):
        if not all(outgoing.is_mail(group) for group in place.groups):
            continue
        call = outgoing.at(place.location, written)
        if call is not None:
            told.add(id(call))
        yield _recorded(place, case)
    if WAITING.search(_backend(case)):
        for call in written:
            if id(call) not in told and call.answers_request and not call.is_in_handler:
                yield _unrecorded(call)


def _is_queued(case: Case) -> bool:
    """Whether the project's backend, here or in its other settings, only enqueues."""
    if QUEUED.search(_backend(case)):
        return True
    return next(case.code.matching(SETS_QUEUED), None) is not None


def _backend(case: Case) -> str:
    """The class that sends the project's mail; "" where it is not known."""
    mailers = case.settings.get("MAILERS")  # Django 6.1
    default = mailers.get("default") if isinstance(mailers, Mapping) else None
    if isinstance(default, Mapping):
        return str(default.get("BACKEND", ""))
    return str(case.settings.get("EMAIL_BACKEND", ""))


def _recorded(place: Outgoing, case: Case) -> Finding:
    is_kept = all(outgoing.is_kept(group) for group in place.groups)
    wall_ns = 0 if is_kept else place.wall_ns
    many = place.busiest.per_execution_max
    return Finding(
        rule=ID,
        message=_message(place, is_kept),
        hint=_hint(many, is_inside=bool(place.in_transaction)),
        location=place.location,
        evidence=Evidence(
            requests=place.executions,
            calls=place.calls,
            per_request_max=many,
            wall_ms=wall_ns / 1e6,
            share=case.share(wall_ns),
            route_share=0
            if is_kept
            else case.route_share((g.scope, g.wall_ns) for g in place.groups),
            figures={"mails_in_transaction": place.in_transaction},
        ),
        confidence=0.8 if is_kept else 0.9,
        remedy=Remedy(kind="task"),
        routes=place.routes,
        fix=Fix(status="none", reason=NO_EDIT),
    )


def _message(place: Outgoing, is_kept: bool) -> str:
    route = place.busiest.scope.name
    many = place.busiest.per_execution_max
    what = f"{many} mails are sent" if many >= LOOP else "Mail is sent"
    if is_kept:
        cost = "kept here, so its time was not measured"
    else:
        cost = f"{place.wall_ns / 1e6 / max(place.executions, 1):,.0f} ms a request"
    return f"{what} while the user of {route} waits: {cost}"


def _hint(many: int, *, is_inside: bool) -> str:
    task = "send it from a task of a queue"
    if is_inside:
        task += ", enqueued by transaction.on_commit(…)"
    if many >= LOOP:
        task += ", all over one connection: get_connection().send_messages([…])"
    return task


def _unrecorded(call: WrittenCall) -> Finding:
    name = call.name.rpartition(".")[2] or "send"
    return Finding(
        rule=ID,
        message=f"{name}() is called in a view: its user waits for the mail server",
        hint=_hint(1, is_inside=call.is_atomic),
        location=call.location,
        evidence=Evidence(),
        confidence=0.6,
        remedy=Remedy(kind="task"),
        fix=Fix(status="none", reason=NO_EDIT),
    )
