"""Middleware that every request pays for and that did nothing in this recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.definitions import Definition, definition
from nuages.grounds.effects import may_answer, only_computes
from nuages.grounds.middleware_costs import MiddlewareCost, middleware_costs
from nuages.grounds.middleware_needs import protects, relying, watches
from nuages.grounds.settings_code import locate
from nuages.model import Evidence, Finding, Fix, Remedy
from nuages.wording import several

ID = "idle-middleware"

ENOUGH_CALLS = 50  # measured requests in which it did nothing
ENOUGH_ROUTES = 3
COSTS_MS = 0.05  # a request, on the average: ten times what an empty middleware takes

TOGETHER = "requests that this recording has none of may be what it is for"


def find(case: Case) -> Iterator[Finding]:
    """One finding per middleware of the project's own whose text leaves nothing it could do."""
    idle = {cost.name: cost for cost in middleware_costs(case.recording) if _is_idle_and_dear(cost)}
    for cost in idle.values():
        found = definition(case.code, cost.name)
        if found is not None and only_computes(*found) and not may_answer(found[1]):
            others = _relying(cost, case)
            if all(other in idle for other in others):
                yield _finding(cost, found, others, case)


def _is_idle_and_dear(cost: MiddlewareCost) -> bool:
    return (
        cost.did_nothing
        and cost.calls >= ENOUGH_CALLS
        and len(cost.routes) >= ENOUGH_ROUTES
        and cost.mean_ms >= COSTS_MS
        and not protects(cost.name)
        and not watches(cost.name)
    )


def _relying(cost: MiddlewareCost, case: Case) -> tuple[str, ...]:
    """What would break without it: of the knowledge about others', and its own subclasses."""
    settings: Mapping[str, object] = case.settings
    middleware = case.settings.get("MIDDLEWARE") or ()
    sessions_csrf = bool(settings.get("CSRF_USE_SESSIONS"))
    return relying(cost.name, middleware, tuple(case.facts.apps), sessions_csrf=sessions_csrf)


def _finding(
    cost: MiddlewareCost, found: tuple[Module, Definition], others: tuple[str, ...], case: Case
) -> Finding:
    module, node = found
    name, entry = cost.name.rpartition(".")[2], locate(case, "MIDDLEWARE", cost.name)
    is_alone = entry is not None and not others
    together = f" together with {', '.join(others)}, which relies on it" if others else ""
    return Finding(
        rule=ID,
        message=f"{name} did nothing in {several(cost.calls, 'request')} to "
        f"{several(len(cost.routes), 'route')}, and "
        f"takes {cost.mean_ms:,.2f} ms of each",
        hint=f'take "{cost.name}" out of MIDDLEWARE{together}, or let it return sooner where it '
        f"has nothing to do ({module.file}:{node.lineno})",
        location=entry or module.location(node),
        trigger=module.location(node) if entry else None,
        evidence=Evidence(
            requests=sum(
                case.stats[scope].executions for scope in cost.spent if scope in case.stats
            ),
            calls=cost.calls,
            per_request_max=1,
            wall_ms=cost.wall_ns / 1e6,
            share=case.share(cost.wall_ns),
            route_share=case.route_share(cost.spent.items()),
            p95_ms=cost.p95_ms,
            max_ms=cost.max_ms,
            figures={"mean_ms": round(cost.mean_ms, 3), "measured": cost.calls},
        ),
        confidence=0.6,
        remedy=Remedy(kind="remove", path=cost.name, code=cost.name if is_alone else ""),
        routes=cost.routes,
        fix=Fix(status="none", reason="" if is_alone else TOGETHER),
    )
