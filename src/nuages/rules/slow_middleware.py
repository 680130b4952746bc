"""Middleware that takes more of each request than it may."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.contention import own_share
from nuages.grounds.definitions import definition
from nuages.grounds.middleware_costs import MiddlewareCost, middleware_costs
from nuages.grounds.middleware_needs import GZIP, SESSIONS, UPDATE_CACHE, relying
from nuages.grounds.reach import dotted
from nuages.model import Evidence, Finding, Fix, Location, Remedy
from nuages.wording import percent

ID = "slow-middleware"

ENOUGH_CALLS = 20  # with fewer, the 95th percentile is the slowest: which may be an accident
NOTABLE_SHARE = 0.1  # of the time of all requests, tasks and commands
NOTABLE_MS = 1.0  # a request, on the average; less is not worth the words
OFTEN = 0.25  # of the budget on the average: what few requests need, such as those to nowhere
IN_QUERIES = 0.5  # of its time, from which on they are what to look at

# Calls that take milliseconds by what they are for: hashes of passwords, waiting, compressing.
DEAR = re.compile(
    r"(^|\.)(pbkdf2_hmac|scrypt|bcrypt|argon2|make_password|check_password|sleep|compress|deepcopy|"
    r"urlopen|check_output|getaddrinfo|gethostby\w+)$|^(requests|httpx|subprocess)\.\w+$"
)

HINTS = {
    GZIP: "let the balancer compress, and remove GZipMiddleware from MIDDLEWARE",
    SESSIONS: 'set SESSION_ENGINE = "django.contrib.sessions.backends.cached_db" with a shared '
    "cache, and SESSION_SAVE_EVERY_REQUEST = False",
    UPDATE_CACHE: "cache only the views that repeat, with cache_page(), instead of the whole site",
}


def find(case: Case) -> Iterator[Finding]:
    """One finding per middleware, over all routes that it is in the way of."""
    own = own_share(case.recording)
    for cost in middleware_costs(case.recording):
        if cost.calls >= ENOUGH_CALLS and cost.mean_ms >= NOTABLE_MS:
            is_over = (
                cost.p95_ms * own >= case.budgets.middleware_ms
                and cost.mean_ms * own >= OFTEN * case.budgets.middleware_ms
            )
            if is_over or case.share(cost.wall_ns) >= NOTABLE_SHARE:
                yield _finding(cost, is_over, case)


def _finding(cost: MiddlewareCost, is_over: bool, case: Case) -> Finding:
    share = case.share(cost.wall_ns)
    location, queries_ms = _place(cost, case), _queries_ms(cost, case)
    return Finding(
        rule=ID,
        message=_message(cost, is_over, share, case),
        hint=_hint(cost, location, queries_ms, case),
        location=location,
        evidence=Evidence(
            requests=sum(
                case.stats[scope].executions for scope in cost.spent if scope in case.stats
            ),
            calls=cost.calls,
            per_request_max=1,
            wall_ms=cost.wall_ns / 1e6,
            share=share,
            route_share=case.route_share(cost.spent.items()),
            p95_ms=cost.p95_ms,
            max_ms=cost.max_ms,
            figures={
                "mean_ms": round(cost.mean_ms, 3),
                "queries_ms": round(queries_ms, 3),
                "measured": cost.calls,
            },
        ),
        confidence=0.9 if is_over else 0.75,
        remedy=Remedy(kind="none"),
        routes=cost.routes,
        fix=Fix(status="none", reason="what it does has to be made faster, or done elsewhere"),
    )


def _message(cost: MiddlewareCost, is_over: bool, share: float, case: Case) -> str:
    name = cost.name.rpartition(".")[2]
    if is_over:
        return (
            f"{name} takes {cost.p95_ms:,.0f} ms of a request (p95), of the "
            f"{case.budgets.middleware_ms:,.0f} ms that a middleware may"
        )
    return f"{name} takes {percent(share)} of all time, {cost.mean_ms:,.1f} ms a request"


def _hint(cost: MiddlewareCost, location: Location | None, queries_ms: float, case: Case) -> str:
    if cost.name in HINTS:
        return HINTS[cost.name]
    short = cost.name.rpartition(".")[2]
    where = f"{short} ({location.file}:{location.line})" if location else cost.name
    others = relying(cost.name, case.settings.get("MIDDLEWARE") or (), tuple(case.facts.apps) or ())
    needed = f"; it must stay: {', '.join(others)} rely on it" if others else ""
    if queries_ms >= IN_QUERIES * cost.mean_ms:
        return (
            f"in {where} keep what its queries give ({queries_ms:,.1f} ms a request) in the cache, "
            f"or ask only in the views that need it{needed}"
        )
    return f"in {where} do the work only for the requests that need it, or in a task{needed}"


def _place(cost: MiddlewareCost, case: Case) -> Location | None:
    """The one call of it that is known to be dear; else the middleware itself."""
    found = definition(case.code, cost.name)
    if found is None:
        return None
    module, node = found
    calls = [inner for inner in ast.walk(node) if isinstance(inner, ast.Call)]
    dear = [call for call in calls if DEAR.search(dotted(call.func))]
    return module.location(dear[0] if len(dear) == 1 else node)


def _queries_ms(cost: MiddlewareCost, case: Case) -> float:
    """What the queries of its own lines took, in milliseconds a request, but for those that load
    the user or the session: whoever asks next would make them.
    """
    found = definition(case.code, cost.name)
    if found is None:
        return 0.0
    module, name = found[0], found[1].name
    spent_ns = sum(
        group.wall_ns
        for group in case.recording.groups
        if group.location is not None
        and group.scope in cost.spent
        and (group.location.root, group.location.file) == (module.root, module.file)
        and group.location.function.partition(".")[0] == name
    )
    requests = sum(case.stats[scope].executions for scope in cost.spent if scope in case.stats)
    return max(spent_ns / max(requests, 1) / 1e6 - cost.loading_ms, 0.0)
