"""What was reached, and why not the rest: one state per route, the best that any actor got."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nuages.answers import Answer
from nuages.model import Coverage, RouteCoverage, RouteState

UNMATCHED = "(unmatched)"
TOO_LONG = 504  # the status of a request that the agent gave up on
_ORDER: tuple[RouteState, ...] = (
    "reached", "empty", "redirected", "failed", "denied", "not driven",
)  # fmt: skip
_LOGIN_PAGE = re.compile(r"log-?_?in\b|sign-?_?in\b|\bsso\b|oauth", re.I)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # methods whose redirect ends nothing but a visit
_SENT_TO_LOGIN = re.compile(_LOGIN_PAGE.pattern + r"|/(auth|accounts)/?(\?|$)|[?&]next=", re.I)


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What driving a site gave."""

    answers: Sequence[Answer]
    reasons: Mapping[str, str] = field(default_factory=dict)  # "/posts/": why it was not driven
    rows_counted: bool = True  # False without a recorder: then any 2xx counts as reached


def coverage(
    routes: Sequence[Mapping[str, Any]], reached: Reached, notes: Sequence[str] = ()
) -> Coverage:
    """Every route of the project with its state and, where it was not reached, the reason."""
    by_route: dict[str, list[Answer]] = {}
    for answer in reached.answers:
        by_route.setdefault(answer.route.partition(" ")[2], []).append(answer)
    named = dict.fromkeys(str(entry["route"]) for entry in routes)
    extra = [route for route in by_route if route not in named and route != UNMATCHED]
    told = [_of_route(route, by_route.get(route, []), reached) for route in (*named, *extra)]
    return Coverage(routes=tuple(told), notes=tuple(notes))


def _of_route(route: str, answers: Sequence[Answer], reached: Reached) -> RouteCoverage:
    if not answers:
        reason = reached.reasons.get(route, "no link led to it and no path was found")
        return RouteCoverage(route=_named(route, reason), state="not driven", reason=reason)
    judged = [state_of(answer, rows_counted=reached.rows_counted) for answer in answers]
    state, reason = min(judged, key=lambda entry: _ORDER.index(entry[0]))
    if state == "denied" and route in reached.reasons:
        reason = f"{reason}; {reached.reasons[route]}"  # before others could ask
    return RouteCoverage(
        route=_named(route, reason),
        state=state,
        reason=reason,
        statuses=dict(Counter(str(answer.status) for answer in answers)),
        requests=len(answers),
        rows=sum(answer.rows for answer in answers),
    )


def _named(route: str, reason: str) -> str:
    """A route that answers no GET goes under the method it has."""
    only = re.match(r"answers only (\w+)", reason)
    return f"{only[1] if only else 'GET'} {route}"


def state_of(answer: Answer, *, rows_counted: bool = True) -> tuple[RouteState, str]:
    """What one answer says of its route; the reason is empty when it was reached."""
    status = answer.status
    if 200 <= status < 300:
        read = answer.rows > 0 or not rows_counted
        return ("reached", "") if read else ("empty", "answered, but read no rows")
    if 300 <= status < 400:
        return _redirected(answer)
    if status in (401, 403):
        return "denied", f"{status} for {answer.request.actor}"
    if status == 405:
        return "not driven", f"answers only {_header(answer, 'allow') or 'other methods'}"
    if status in (404, 410):
        return "failed", f"{status}: not found with the arguments tried"
    if answer.exception:
        return "failed", f"{status}: {answer.exception.splitlines()[-1]}"
    return "failed", f"answered {status}"


def is_login_page(path: str) -> bool:
    return _LOGIN_PAGE.search(path.partition("?")[0]) is not None


def _redirected(answer: Answer) -> tuple[RouteState, str]:
    location = _header(answer, "location")
    if _SENT_TO_LOGIN.search(location) and not is_login_page(answer.request.path):
        return "denied", f"{answer.request.actor} is sent to log in"
    if answer.request.method not in SAFE:
        return "reached", ""  # a form that was taken answers so
    return "redirected", f"{answer.status} to {location}" if location else str(answer.status)


def _header(answer: Answer, name: str) -> str:
    return next((value for key, value in answer.headers.items() if key.lower() == name), "")
