"""Which pages say the same to everybody, and what keeping them would have saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nuages.cases import Case
from nuages.code import Module
from nuages.grounds.definitions import Definition, definition
from nuages.grounds.keeping import WRITES, Kept, best_time, is_personal, is_tests
from nuages.model import Location, QueryGroup, Scope, ScopeStats

ENOUGH_RESPONSES = 20  # that were for all
HIT_RATE = 0.5
WORTH_MS = 2.0  # a request; making less is not worth a cache
WORTH_SHARE = 0.02  # of all time
GOOD = frozenset({"200", "304"})
# Routes whose answers are for a few, or are files.
NOT_PAGES = ("/admin/", "/__debug__/", "/static/", "/media/", "/silk/")
NOT_VIEWS = ("django.views.static.", "django.contrib.", "silk.", "debug_toolbar.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A route whose responses could be kept."""

    stats: ScopeStats
    groups: tuple[QueryGroup, ...]
    kept: Kept
    hit_rate: float  # of this recording, 0..1
    varies: bool  # by cookie: what is kept for one visitor helps those without any only

    @property
    def view_ns(self) -> float:
        """What is inside of all middleware, on the average: a cache saves no more than that."""
        return view_ns(self.stats)

    @property
    def saved_ns(self) -> int:
        return int(self.view_ns * self.stats.executions * self.hit_rate)


def pages(case: Case) -> tuple[Page, ...]:
    """Every route that is worth a cache, and safe as far as the recording can tell."""
    groups: dict[Scope, list[QueryGroup]] = {}
    for group in case.recording.groups:
        groups.setdefault(group.scope, []).append(group)
    # What keeps something already, or leaves something behind.
    busy = {call.scope for call in case.recording.calls if call.kind in ("cache", "module-state")}
    found = (
        _page(stats, tuple(groups.get(stats.scope, ())), case)
        for stats in case.recording.scopes
        if stats.scope not in busy
    )
    return tuple(page for page in found if page is not None)


def view_ns(stats: ScopeStats) -> float:
    """Of one request, routing and rendering included; of a sample of them."""
    counters = stats.counters
    measured = counters.get("view_executions", 0)
    return counters.get("view_ns", 0) / measured if measured else 0.0


def _page(stats: ScopeStats, groups: tuple[QueryGroup, ...], case: Case) -> Page | None:
    if not _is_for_all(stats) or is_tests(groups):
        return None
    if any(_forbids(group, case) for group in groups):
        return None
    counters = stats.counters
    kept = best_time(_by_seconds(counters, "hits"), _by_seconds(counters, "stale"))
    if kept is None:
        return None
    responses = counters["responses_for_all"]
    page = Page(
        stats=stats,
        groups=groups,
        kept=kept,
        hit_rate=min(kept.hits / responses, 1.0),
        varies=counters.get("responses_varying", 0) > 0,
    )
    is_worth_it = page.hit_rate >= HIT_RATE and case.share(page.saved_ns) >= WORTH_SHARE
    return page if is_worth_it else None


def _is_for_all(stats: ScopeStats) -> bool:
    """Whether only good answers were given, for nobody in particular, which took a while."""
    name, counters = stats.scope.name, stats.counters
    path = name.partition(" ")[2].replace("^", "")
    return (
        stats.scope.kind == "request"
        and name.startswith("GET /")
        and not path.startswith(NOT_PAGES)
        and not stats.view.startswith(NOT_VIEWS)
        and set(stats.statuses) <= GOOD
        and counters.get("responses_for_all", 0) >= ENOUGH_RESPONSES
        and not counters.get("responses_personal", 0)
        and stats.queries >= stats.executions
        and view_ns(stats) >= WORTH_MS * 1e6
    )


def _forbids(group: QueryGroup, case: Case) -> bool:
    """Whether a query is a visitor's own business, or leaves something behind."""
    verb, sql = group.statement.verb, group.statement.sql
    return verb in WRITES or (verb == "SELECT" and is_personal(sql, case.facts))


def _by_seconds(counters: Mapping[str, int], what: str) -> dict[str, int]:
    prefix = f"response_{what}_"
    return {name.removeprefix(prefix): n for name, n in counters.items() if name.startswith(prefix)}


def view_place(page: Page, case: Case) -> Location | None:
    """Where the view of a route is defined: its method, where all queries come from one."""
    found = definition(case.code, page.stats.view)
    if found is None:
        return None
    module, node = found
    method = _method(page, module, node)
    return module.location(method or node)


def _method(page: Page, module: Module, node: Definition) -> Definition | None:
    names = {
        group.location.function
        for group in page.groups
        if group.location is not None and group.location.file == module.file
    }
    methods = [
        child
        for child in ast_definitions(node)
        if names and all(_is_in(name, f"{node.name}.{child.name}") for name in names)
    ]
    return methods[0] if len(methods) == 1 else None


def ast_definitions(node: Definition) -> tuple[Definition, ...]:
    """The functions and classes directly in the body of another."""
    return tuple(child for child in node.body if isinstance(child, Definition))


def _is_in(name: str, function: str) -> bool:
    return name == function or name.startswith(f"{function}.")
