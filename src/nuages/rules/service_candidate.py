"""Routes that share little with the others and load the processes quite differently."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.keeping import is_tests
from nuages.grounds.route_groups import RouteGroup, merged, route_groups
from nuages.model import Evidence, Finding, Fix, Remedy

ID = "service-candidate"

ENOUGH_REQUESTS = 20  # to the routes
ENOUGH_OTHERS = 50  # to the rest, of
OTHER_ROUTES = 3
SHARED = 0.25  # of its tables, with the rest
TIMES = 10  # the CPU time, or the 95th percentile, of the rest
SLOW_MS = 200
WAITING = 0.5  # of its time, for other servers; of WAITING_MS at least
WAITING_MS = 100
CPU_MS = 20
WORTH_SHARE = 0.1  # of all time


def find(case: Case) -> Iterator[Finding]:
    """One finding per app whose routes would better be scaled by themselves."""
    if is_tests(case.recording.groups):
        return
    user = case.facts.model(str(case.settings.get("AUTH_USER_MODEL", "auth.User")))
    groups = route_groups(case.recording, [user.table] if user else [])
    for group in groups:
        rest = merged(other for other in groups if other is not group)
        if _is_apart(group, rest) and case.share(group.wall_ns) >= WORTH_SHARE:
            differs = _difference(group, rest)
            if differs:
                yield _finding(group, rest, differs, case)


def _is_apart(group: RouteGroup, rest: RouteGroup) -> bool:
    """Whether there is enough of both to compare, and little in common."""
    is_enough = (
        group.requests >= ENOUGH_REQUESTS
        and rest.requests >= ENOUGH_OTHERS
        and rest.requests >= group.requests
        and len(rest.stats) >= OTHER_ROUTES
    )
    return is_enough and len(group.tables & rest.tables) <= SHARED * len(group.tables)


def _difference(group: RouteGroup, rest: RouteGroup) -> str:
    """How it loads the processes, as the message says it; "" where it does as the rest."""
    if group.cpu_ms >= max(TIMES * rest.cpu_ms, CPU_MS):
        return f"{group.cpu_ms:,.0f} ms of CPU a request, beside {rest.cpu_ms:,.0f} ms"
    waits = group.outside_ns >= WAITING * group.wall_ns and group.outside_ms >= WAITING_MS
    if waits and rest.outside_ms <= group.outside_ms / TIMES:
        return f"{group.outside_ms:,.0f} ms of waiting for others a request"
    if group.p95_ms >= max(TIMES * rest.p95_ms, SLOW_MS):
        return f"{group.p95_ms:,.0f} ms a request (p95), beside {rest.p95_ms:,.0f} ms"
    return ""


def _finding(group: RouteGroup, rest: RouteGroup, differs: str, case: Case) -> Finding:
    shared = group.tables & rest.tables
    share = case.share(group.wall_ns)
    return Finding(
        rule=ID,
        message=f"The {len(group.routes)} routes of {group.name} load a process unlike the others: "
        f"{differs}; they share {len(shared)} of their {len(group.tables)} tables",
        hint=f"let the balancer send them to replicas of their own, of the same code and image, "
        f"with workers and a pool to suit them: {', '.join(group.routes[:3])}",
        location=None,
        evidence=Evidence(
            requests=group.requests,
            calls=group.requests,
            per_request_max=1,
            share=share,
            p95_ms=group.p95_ms,
            figures={
                "cpu_ms": round(group.cpu_ms, 2),
                "others_cpu_ms": round(rest.cpu_ms, 2),
                "others_p95_ms": round(rest.p95_ms, 1),
                "outside_ms": round(group.outside_ms, 1),
                "tables": len(group.tables),
                "shared_tables": len(shared),
            },
        ),
        confidence=0.45,
        remedy=Remedy(kind="move"),
        routes=group.routes,
        fix=Fix(status="none", reason="it is done in the deployment, and not in the code"),
    )
