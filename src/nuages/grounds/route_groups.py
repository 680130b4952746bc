"""Routes that belong together, what they cost, and which tables they share with the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from nuages.histogram import percentile_ms
from nuages.model import QueryGroup, Recording, Scope, ScopeStats
from nuages.statements import tables

# What every part of a project asks: who it is, and Django's own bookkeeping.
COMMON_TABLES = (
    "django_", "auth_", "authtoken_", "account_emailaddress", "socialaccount_", "oauth2_",
)  # fmt: skip
NOT_ROUTES = ("(unmatched)", "/admin/", "/static/", "/media/", "/__debug__/", "/silk/")
NOT_VIEWS = ("django.", "debug_toolbar.", "silk.")


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteGroup:
    """Routes of one app."""

    name: str  # the package of their views
    stats: tuple[ScopeStats, ...]
    tables: frozenset[str]
    outside_ns: int = 0  # waiting for other servers and programs

    @property
    def requests(self) -> int:
        return sum(each.executions for each in self.stats)

    @property
    def wall_ns(self) -> int:
        return sum(each.wall_ns for each in self.stats)

    @property
    def cpu_ms(self) -> float:
        """Of one request, on the average."""
        return sum(each.cpu_ns for each in self.stats) / max(self.requests, 1) / 1e6

    @property
    def outside_ms(self) -> float:
        """Of one request, on the average."""
        return self.outside_ns / max(self.requests, 1) / 1e6

    @property
    def p95_ms(self) -> float:
        histograms = (each.histogram for each in self.stats)
        return percentile_ms([sum(n) for n in zip_longest(*histograms, fillvalue=0)], 0.95)

    @property
    def routes(self) -> tuple[str, ...]:
        return tuple(sorted(each.scope.name for each in self.stats))


def route_groups(recording: Recording, user_tables: Iterable[str] = ()) -> list[RouteGroup]:
    """The routes of each app; those of Django's and tools' own left out."""
    by_app: dict[str, list[ScopeStats]] = defaultdict(list)
    for stats in recording.scopes:
        if is_route(stats):
            by_app[package(stats.view)].append(stats)
    asked, waited = _asked(recording.groups, set(user_tables)), _waited(recording)
    return [
        RouteGroup(
            name=name,
            stats=tuple(stats),
            tables=frozenset().union(*(asked.get(each.scope, ()) for each in stats)),
            outside_ns=sum(waited.get(each.scope, 0) for each in stats),
        )
        for name, stats in sorted(by_app.items())
    ]


def is_route(stats: ScopeStats) -> bool:
    """Whether it is a route of the project's own."""
    name = stats.scope.name.replace("^", "")
    return (
        stats.scope.kind == "request"
        and bool(stats.view)
        and not stats.view.startswith(NOT_VIEWS)
        and not any(part in name for part in NOT_ROUTES)
    )


def merged(groups: Iterable[RouteGroup]) -> RouteGroup:
    """Several as one."""
    every = list(groups)
    return RouteGroup(
        name="the rest",
        stats=tuple(stats for group in every for stats in group.stats),
        tables=frozenset().union(*(group.tables for group in every)),
        outside_ns=sum(group.outside_ns for group in every),
    )


def package(view: str) -> str:
    """The app of a view: "shop.reports" of "shop.reports.views.monthly", of its viewset's too."""
    parts = view.split(".")[:-1]
    if len(parts) > 1 and parts[-1].islower():
        parts = parts[:-1]
    if parts and parts[-1] in ("views", "api", "viewsets", "endpoints") and len(parts) > 1:
        parts = parts[:-1]
    return ".".join(parts)


def _asked(groups: Iterable[QueryGroup], users: set[str]) -> dict[Scope, set[str]]:
    found: dict[Scope, set[str]] = defaultdict(set)
    for group in groups:
        found[group.scope] |= set(_own(tables(group.statement.sql), users))
    return found


def _own(names: Iterable[str], users: set[str]) -> Iterator[str]:
    return (n for n in names if n not in users and not n.startswith(COMMON_TABLES))


def _waited(recording: Recording) -> dict[Scope, int]:
    found: dict[Scope, int] = defaultdict(int)
    for call in recording.calls:
        if call.kind == "outside":
            found[call.scope] += call.wall_ns
    return found
