"""Queries that a recording saw repeated in a loop, one loop per cause.

What is repeated is of one of three kinds, and each place of one only: rows are written one at a
time; rows are read one at a time; the same is asked again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from nuages.lineage import LOOP, SINGLE_VALUED, Lineage, Loads, fetches_all
from nuages.model import Location, QueryGroup, Recording
from nuages.origins import CACHED_TABLES, in_tests, is_set_up
from nuages.statements import is_batch, is_batch_of_writes, is_volatile, table, tables

WRITES = frozenset({"INSERT", "UPDATE", "DELETE"})
# Written by Django or a queue, whatever the project's own line asked for.
KEPT_BY_OTHERS = CACHED_TABLES | {
    "auth_permission", "django_admin_log", "django_celery_results_taskresult", "django_migrations",
}  # fmt: skip

KEPT_TESTS = 50

# Location, trigger and table, as far as they tell causes apart.
Place = tuple[Location | None, Location | None, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Loop:
    """All queries of one cause, in every scope that it was seen in."""

    groups: tuple[QueryGroup, ...]  # the costliest first
    lineage: Lineage | None  # None: no relation was accessed
    is_prefetched: bool = False  # a prefetch is there, but the accesses go around it
    is_raw: bool = False  # the rows at the root come by .raw()
    follows: tuple[QueryGroup, ...] = ()  # loops that end with it: see _following()

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
    def is_of_library(self) -> bool:
        """Whether no line of the project takes part in it; a library's template has no root."""
        places = (self.location, self.created_at, self.worst.trigger)
        return not any(place.root for place in places if place is not None)

    @property
    def routes(self) -> tuple[str, ...]:
        """Names of the scopes that it was seen in, tests left out."""
        return tuple(sorted({g.scope.name for g in self.groups if g.scope.kind != "test"}))

    @property
    def tests(self) -> tuple[str, ...]:
        """Tests that reach it, at most 50."""
        reaching = {test for group in self.groups for test in group.tests}
        reaching |= {group.scope.name for group in self.groups if group.scope.kind == "test"}
        return tuple(sorted(reaching)[:KEPT_TESTS])

    @property
    def is_key_deferred(self) -> bool:
        """Whether .only() or .defer() left out the very key that is followed."""
        relations = (group.load.relation for group in self.follows if group.load)
        return any(relation and relation.kind == "deferred" for relation in relations)

    @property
    def can_be_fetched_together(self) -> bool:
        """Whether the accesses take what select_related or prefetch_related would bring."""
        return self.lineage is not None and is_plain_access(self.lineage, self.worst)


def find_loops(recording: Recording) -> tuple[Loop, ...]:
    """Every loop of SELECTs; repetitions that are somebody else's business are left out."""
    loads = Loads(recording.groups)
    writes = {_place(group) for group in _write_groups(recording) if group.scope.kind != "test"}
    causes: dict[Hashable, list[QueryGroup]] = defaultdict(list)
    lineages: dict[Hashable, Lineage | None] = {}
    for group in recording.groups:
        if not is_repeated(group) or is_set_up(group.scope, group.location):
            continue
        lineage = _lineage(group, loads)
        if _place(group) in writes and (lineage is None or _is_one_call(group)):
            continue
        if _is_loop(group, lineage, loads):
            key = _cause(group, lineage)
            causes[key].append(group)
            lineages[key] = lineage
    return tuple(_loops(causes, lineages, loads))


def find_write_loops(recording: Recording) -> tuple[Loop, ...]:
    """Every loop of INSERTs, UPDATEs and DELETEs of single rows; one per expression."""
    return tuple(_by_place(_write_groups(recording)))


def find_repeats(recording: Recording) -> tuple[Loop, ...]:
    """Every SELECT that was asked again and again with the same parameters.

    What find_loops and find_write_loops tell of the same place, and what follows from an object
    that is loaded again and again, is left to them, and to that object's own query.
    """
    again = [group for group in recording.groups if _is_asked_again(group, recording)]
    if not again:
        return ()
    loads = Loads(recording.groups)
    told = {_place(group) for loop in find_loops(recording) for group in loop.groups}
    told |= {_place(group) for group in _write_groups(recording)}
    return tuple(
        _by_place(
            group
            for group in again
            if not is_set_up(group.scope, group.location)
            and _place(group) not in told
            and not _follows(group, loads)
        )
    )


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


def _write_groups(recording: Recording) -> Iterator[QueryGroup]:
    for group in recording.groups:
        sql = group.statement.sql
        if (
            group.statement.verb in WRITES
            and group.loops >= 1
            and group.per_execution_max >= LOOP
            and group.location is not None
            and not is_set_up(group.scope, group.location)
            and not is_batch_of_writes(sql)
            and not KEPT_BY_OTHERS & tables(sql)
            # One row again and again, as by a heartbeat or by signals, is no loop over rows.
            and (group.statement.verb == "INSERT" or group.distinct_max != 1)
        ):
            yield group


def _is_asked_again(group: QueryGroup, recording: Recording) -> bool:
    """Whether each of its few questions was asked three times in one execution."""
    if not is_repeated(group) or not 0 < group.distinct_max < LOOP:
        return False
    # Only a sample of a light recording tells parameters apart, and others may have looped.
    is_sure = recording.mode == "deep" or group.loops * 2 > group.executions
    is_often = group.per_execution_max >= LOOP * group.distinct_max
    return is_sure and is_often and not is_volatile(group.statement.sql)


def _follows(group: QueryGroup, loads: Loads) -> bool:
    """Whether its instance was itself loaded again and again."""
    lineage = loads.trace(group)
    root = lineage.root if lineage else None
    return root is not None and loads.repeats_itself(group.scope, root)


def _lineage(group: QueryGroup, loads: Loads) -> Lineage | None:
    lineage = loads.trace(group)
    if lineage is not None and loads.is_single_row(group.scope, lineage):
        return None
    return lineage


def asks_itself(group: QueryGroup) -> bool:
    """Whether the expression to blame makes the queryset: a method that a template called does,
    while `render()` only lets the template ask.
    """
    location, created = group.location, group.created_at
    if location is None or created is None or created.file != location.file:
        return False
    starts = (location.line, location.column or 0)
    begins, ends = (created.line, created.column or 0), (created.end_line or created.line,)
    return begins <= starts and starts <= (*ends, created.end_column or 0)


def _place(group: QueryGroup) -> Place:
    """Where a query is blamed; of a class, or beneath a template, many things may be done."""
    location, trigger = group.location, group.trigger
    if trigger is not None and asks_itself(group):
        trigger = None
    is_broad = trigger is not None or (location is not None and location.kind == "class")
    return location, trigger, table(group.statement.sql) if is_broad else ""


def _is_one_call(group: QueryGroup) -> bool:
    """Whether an expression that reads and writes can only be one call, as `tags.set(…)` is."""
    location = group.location
    return group.trigger is None and location is not None and location.kind in ("call", "await")


def _by_place(groups: Iterable[QueryGroup]) -> Iterator[Loop]:
    places: dict[Place, list[QueryGroup]] = defaultdict(list)
    for group in groups:
        places[_place(group)].append(group)
    for found in places.values():
        yield Loop(groups=tuple(_costliest_first(found)), lineage=None)


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
        location = group.location
        if location is not None and location.kind == "attribute":
            return location  # a generic foreign key leads to several tables
        return (location, group.shape, table(group.statement.sql))
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
    follows = _following(causes, lineages, loads)
    for key, groups in causes.items():
        lineage = lineages[key]
        root = lineage.root if lineage else None
        yield Loop(
            groups=tuple(_costliest_first(groups)),
            lineage=lineage,
            is_raw=root is not None and any(loads.is_raw(g.scope, root) for g in groups),
            is_prefetched=any(map(loads.is_prefetched, groups)),
            follows=tuple(_costliest_first(follows[key])),
        )


def _following(
    causes: dict[Hashable, list[QueryGroup]],
    lineages: Mapping[Hashable, Lineage | None],
    loads: Loads,
) -> dict[Hashable, list[QueryGroup]]:
    """Take out the loops that end with another one, by that: those over what a prefetch would
    have brought along, had nothing gone around it, and those over the deferred key of a relation.
    """
    around = {
        (group.scope, group.load): key
        for key, groups in causes.items()
        for group in groups
        if loads.is_prefetched(group)
    }
    keys = {
        (lineage.root, lineage.path): key
        for key, lineage in lineages.items()
        if lineage is not None and lineage.last.kind in SINGLE_VALUED
    }
    found: dict[Hashable, list[QueryGroup]] = defaultdict(list)
    for key, groups in list(causes.items()):
        lineage = lineages[key]
        above = {around.get((g.scope, g.load.parent)) if g.load else None for g in groups}
        if len(above) != 1 or not all(map(loads.would_come_along, groups)):
            above = {None}
        if lineage is not None and lineage.last.kind == "deferred":
            above = {keys.get((lineage.root, lineage.path))}
        if None not in above:
            found[above.pop()] += causes.pop(key)
    return found


def _costliest_first(groups: Iterable[QueryGroup]) -> list[QueryGroup]:
    by_location: dict[Location | None, int] = defaultdict(int)
    groups = list(groups)
    for group in groups:
        by_location[group.location] += group.wall_ns
    return sorted(groups, key=lambda g: (by_location[g.location], g.wall_ns), reverse=True)
