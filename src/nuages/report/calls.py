"""Calls that are no queries, as tables: caches, other servers, middleware, templates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nuages.model import CallGroup, CallKind, Location

# In the order in which they are shown; middleware and templates have tables of their own.
KINDS: Mapping[CallKind, str] = {
    "outside": "other servers and programs",
    "cache": "cache",
    "connection": "connection",
    "transaction": "transaction",
    "signal": "signal",
    "module-state": "module state",
}
# What the recorder adds to say how it measured.
TECHNICAL = frozenset({"sampled"})


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRow:
    """One line of a table of calls."""

    kind: CallKind
    name: str
    operation: str
    location: Location | None
    executions: int  # in which it occurred
    calls: int
    wall_ms: float
    max_ms: float
    outcomes: Mapping[str, int]
    routes: int  # scopes in which it occurred

    @property
    def mean_ms(self) -> float:
        """Of one call."""
        return self.wall_ms / self.calls if self.calls else 0.0

    @property
    def hit_rate(self) -> float | None:
        """Of a cache's keys, 0..1; None where nothing was looked up."""
        hits, misses = self.outcomes.get("hit", 0), self.outcomes.get("miss", 0)
        return hits / (hits + misses) if hits + misses else None

    @property
    def told(self) -> str:
        """What came of the calls: "hit ×12, miss ×3"."""
        shown = sorted(self.outcomes.items(), key=lambda pair: (-pair[1], pair[0]))
        return ", ".join(f"{name} ×{n:,}" for name, n in shown if name not in TECHNICAL)

    @property
    def is_time_of_its_own(self) -> bool:
        """Whether its time adds up with others': how long a transaction was open does not."""
        return (self.kind, self.operation) != ("transaction", "open")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallTables:
    """The calls of a route, or of the whole recording, the costliest first."""

    calls: tuple[CallRow, ...]
    middleware: tuple[CallRow, ...]
    templates: tuple[CallRow, ...]

    def __bool__(self) -> bool:
        return bool(self.calls or self.middleware or self.templates)


def tables(groups: Iterable[CallGroup], *, by_place: bool) -> CallTables:
    """The tables of some groups; with `by_place`, calls from two lines make two rows."""
    found: dict[object, list[CallGroup]] = defaultdict(list)
    for group in groups:
        place = group.location if by_place and group.kind != "template" else None
        found[group.kind, group.name, group.operation, place].append(group)
    rows = sorted((_row(same) for same in found.values()), key=_rank)
    return CallTables(
        calls=tuple(row for row in rows if row.kind in KINDS),
        middleware=tuple(row for row in rows if row.kind == "middleware"),
        templates=tuple(row for row in rows if row.kind == "template"),
    )


def _row(groups: list[CallGroup]) -> CallRow:
    first = groups[0]
    outcomes: Counter[str] = Counter()
    for group in groups:
        outcomes.update(group.outcomes)
    places = {group.location for group in groups}
    return CallRow(
        kind=first.kind,
        name=first.name,
        operation=first.operation,
        location=first.location if len(places) == 1 else None,
        executions=sum(group.executions for group in groups),
        calls=sum(group.calls for group in groups),
        wall_ms=sum(group.wall_ns for group in groups) / 1e6,
        max_ms=max(group.max_ns for group in groups) / 1e6,
        outcomes=dict(outcomes),
        routes=len({group.scope for group in groups}),
    )


def _rank(row: CallRow) -> tuple[bool, float, str, str]:
    return (not row.is_time_of_its_own, -row.wall_ms, row.name, row.operation)
