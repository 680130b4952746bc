"""Statements as pages: what each cost, from which lines, for which routes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from nuages.histogram import percentile_ms
from nuages.model import Load, Location, QueryGroup, ResultReuse, Scope, Statement
from nuages.report.links import statement_id


@dataclass(frozen=True, kw_only=True)
class Queries:
    """Some query groups of one statement, added up."""

    groups: Sequence[QueryGroup]

    @property
    def statement(self) -> Statement:
        return self.groups[0].statement

    @cached_property
    def id(self) -> str:
        """Of the statement's page."""
        return statement_id(self.statement)

    @cached_property
    def calls(self) -> int:
        return sum(group.calls for group in self.groups)

    @cached_property
    def wall_ms(self) -> float:
        return sum(group.wall_ns for group in self.groups) / 1e6

    @cached_property
    def max_ms(self) -> float:
        return max(group.max_ns for group in self.groups) / 1e6

    @cached_property
    def rows(self) -> int:
        return sum(group.rows for group in self.groups)

    @property
    def rows_max(self) -> int:
        """Of one query."""
        return max(group.rows_max for group in self.groups)

    @property
    def mean_ms(self) -> float:
        return self.wall_ms / self.calls if self.calls else 0.0

    @property
    def most(self) -> int:
        """Calls in one execution, at most."""
        return max(group.per_execution_max for group in self.groups)

    @cached_property
    def histogram(self) -> list[int]:
        histograms = (group.histogram for group in self.groups)
        return [sum(bucket) for bucket in zip_longest(*histograms, fillvalue=0)]

    @cached_property
    def p95_ms(self) -> float:
        return min(percentile_ms(self.histogram, 0.95), self.max_ms)

    @cached_property
    def errors(self) -> Mapping[str, int]:
        """Exception's class → queries."""
        found: Counter[str] = Counter()
        for group in self.groups:
            found.update(group.errors)
        return found

    @property
    def locations(self) -> list[Location]:
        """The lines it came from, each once, the costliest first."""
        ordered = sorted(self.groups, key=lambda group: -group.wall_ns)
        return list(dict.fromkeys(group.location for group in ordered if group.location))

    def sites(self) -> list[Queries]:
        """Apart by line, creation, trigger and lineage; the costliest first."""
        return _apart(
            self.groups, lambda group: (group.location, group.created_at, group.trigger, group.load)
        )

    def by_scope(self) -> list[Queries]:
        """Apart by route, task, command or test; the costliest first."""
        return _apart(self.groups, lambda group: group.scope)

    @property
    def scope(self) -> Scope:
        """Of queries that are of one scope."""
        return self.groups[0].scope

    @property
    def lineage(self) -> str:
        """How its rows came to be loaded: "blog.Post → author → auth.User"."""
        return lineage(self.groups[0].load)


def statements(groups: Iterable[QueryGroup]) -> list[Queries]:
    """All statements of some groups, the costliest first."""
    return _apart(groups, lambda group: group.statement)


def lineage(load: Load | None) -> str:
    """A load's way from its queryset: "blog.Post → author → auth.User"."""
    words: list[str] = []
    while load is not None:
        if load.model:
            words.append(load.model)
        if load.relation is not None:
            words.append(load.relation.field)
        load = load.parent
    return " → ".join(reversed(words))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reuse:
    """What keeping the results of a statement would have saved in this recording."""

    lookups: int  # queries with parameters that were seen before
    same: int  # of them, with the result as it was
    calls: int
    kept: tuple[tuple[int, int, int], ...]  # seconds kept, lookups found, of them outdated


def reuse_of(found: Iterable[ResultReuse]) -> Reuse | None:
    """One statement's reuse, all its lines together; None where nothing was asked twice."""
    all_of_it = list(found)
    hits: Counter[str] = Counter()
    stale: Counter[str] = Counter()
    for one in all_of_it:
        hits.update(one.hits)
        stale.update(one.stale)
    lookups = sum(one.lookups for one in all_of_it)
    if not lookups:
        return None
    seconds = sorted(int(name) for name in hits if name.isdigit())
    return Reuse(
        lookups=lookups,
        same=sum(one.same for one in all_of_it),
        calls=sum(one.calls for one in all_of_it),
        kept=tuple((kept, hits[str(kept)], stale[str(kept)]) for kept in seconds),
    )


def _apart(groups: Iterable[QueryGroup], key: Callable[[QueryGroup], object]) -> list[Queries]:
    found: dict[object, list[QueryGroup]] = defaultdict(list)
    for group in groups:
        found[key(group)].append(group)
    together = [Queries(groups=same) for same in found.values()]
    return sorted(together, key=lambda queries: (-queries.wall_ms, queries.statement.sql))
