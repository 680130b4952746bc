"""Queries that a recording saw repeated in a loop, one loop per cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from nuages.lineage import LOOP, SINGLE_VALUED, Lineage, Loads, fetches_all
from nuages.model import Location, QueryGroup, Recording
from nuages.origins import CACHED_TABLES, in_tests, is_set_up
from nuages.statements import is_batch, table

WRITES = frozenset({"INSERT", "UPDATE", "DELETE"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Loop:
    """All queries of one cause, in every scope that it was seen in."""

    groups: tuple[QueryGroup, ...]  # the costliest first
    lineage: Lineage | None  # None: no relation was accessed
    is_prefetched: bool = False  # a prefetch is there, but the accesses go around it

    @property
    def worst(self) -> QueryGroup:
        return self.groups[0]

    @property
    def busiest(self) -> QueryGroup:
        return max(self.groups, key=lambda group: group.per_execution_max)

    @property
    def location(self) -> Location | None:
        return next((group.location for group in self.groups if group.location), None)

    @property
    def created_at(self) -> Location | None:
        if self.lineage is None:
            return self.worst.created_at
        return self.lineage.root.created_at if self.lineage.root else None

    @property
    def can_be_fetched_together(self) -> bool:
        """Whether the accesses take what select_related or prefetch_related would bring."""
        return self.lineage is not None and is_plain_access(self.lineage, self.worst)


def find_loops(recording: Recording) -> tuple[Loop, ...]:
    """Every loop of SELECTs; repetitions that are somebody else's business are left out."""
    loads = Loads(recording.groups)
    writes = {
        (group.scope, group.location)
        for group in recording.groups
        if group.statement.verb in WRITES and group.per_execution_max >= LOOP
    }
    causes: dict[Hashable, list[QueryGroup]] = defaultdict(list)
    lineages: dict[Hashable, Lineage | None] = {}
    for group in recording.groups:
        if not is_repeated(group) or is_set_up(group.scope, group.location):
            continue
        lineage = loads.trace(group)
        if lineage is not None and loads.is_single_row(group.scope, lineage):
            lineage = None
        if lineage is None and (group.scope, group.location) in writes:
            continue
        if _is_loop(group, lineage, loads):
            key = _cause(group, lineage)
            causes[key].append(group)
            lineages[key] = lineage
    return tuple(_loops(causes, lineages, loads))


def is_repeated(group: QueryGroup) -> bool:
    """Whether one execution of a scope ran this SELECT at least three times."""
    return (
        group.statement.verb == "SELECT"
        and group.loops >= 1
        and group.per_execution_max >= LOOP
        and (group.load is None or group.load.how == "query")
    )


def is_plain_access(lineage: Lineage, group: QueryGroup) -> bool:
    """`post.author`, `post.tags.all()`: neither filtered nor ordered nor counted."""
    return fetches_all(lineage.last, group.shape)


def _is_loop(group: QueryGroup, lineage: Lineage | None, loads: Loads) -> bool:
    if group.scope.kind == "test" and not _goes_through_rows(group, lineage, loads):
        return False
    if lineage is None:
        # The same few questions again and again are repeated-query's business.
        is_new = group.distinct_max >= LOOP
        sql = group.statement.sql
        return is_new and not is_batch(sql, group.rows_max) and table(sql) not in CACHED_TABLES
    root = lineage.root
    if root is not None and loads.repeats_itself(group.scope, root):
        return False
    if group.distinct_max > 1 or lineage.last.kind in SINGLE_VALUED | {"gfk", "deferred"}:
        return True
    # Many rows may share one object, and yet have each an instance of it.
    is_shared = len(lineage.hops) > 1 and lineage.hops[0].kind in SINGLE_VALUED
    return is_shared and root is not None and loads.has_rows(group.scope, root)


def _goes_through_rows(group: QueryGroup, lineage: Lineage | None, loads: Loads) -> bool:
    """Whether the product loops, over rows that it has queried: a test that calls it again and
    again, to make its data for one, is a loop as well.
    """
    root = lineage.root if lineage else None
    if root is None or root.created_at is None or in_tests(root.created_at):
        return False
    return loads.has_rows(group.scope, root)


def _cause(group: QueryGroup, lineage: Lineage | None) -> Hashable:
    """One queryset and path is one cause, wherever it shows; else each access is its own."""
    if lineage is None:
        return (group.location, group.shape, table(group.statement.sql))
    root = lineage.root
    if root is None or root.created_at is None:
        return (group.location, lineage.path, lineage.last, group.shape)
    if is_plain_access(lineage, group):
        return (root.created_at, root.model, lineage.path)
    return (root.created_at, root.model, lineage.path, group.shape, group.location)


def _loops(
    causes: dict[Hashable, list[QueryGroup]],
    lineages: dict[Hashable, Lineage | None],
    loads: Loads,
) -> Iterator[Loop]:
    for key, groups in causes.items():
        lineage = lineages[key]
        yield Loop(
            groups=tuple(_costliest_first(groups)),
            lineage=lineage,
            is_prefetched=lineage is not None
            and any(loads.is_prefetched(group) for group in groups),
        )


def _costliest_first(groups: Iterable[QueryGroup]) -> list[QueryGroup]:
    by_location: dict[Location | None, int] = defaultdict(int)
    groups = list(groups)
    for group in groups:
        by_location[group.location] += group.wall_ns
    return sorted(groups, key=lambda g: (by_location[g.location], g.wall_ns), reverse=True)
