"""What was made of the instances that each queryset fetched, beside the queries that it took."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from nuages.lineage import LOOP
from nuages.model import Load, LoadUse, Location, QueryGroup, Recording, Scope, ScopeStats
from nuages.origins import in_migrations, in_tests, is_set_up

ENOUGH = 3  # instances, of fewer of which nothing is said
# Shapes of queries that give instances.
OF_INSTANCES = frozenset({"all", "filtered", "ordered", "sliced", "get", "other", "raw"})
GOOD = frozenset({"passed", "0", "success", "successful"})  # of what is no request
SAVED, REACHED, ITERATED, COUNTED, TESTED, STREAMED = (
    "(save)", "(reached)", "(iterated)", "(counted)", "(tested)", "(streamed)"
)  # fmt: skip


class Site(NamedTuple):
    """The queryset whose edit changes what is loaded, and the lookups from there."""

    created_at: Location | None
    model: str  # of the queryset
    path: str  # "author__profile"; "" for the queryset's own instances


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """The instances of one queryset, or of a lookup path of it."""

    site: Site
    use: LoadUse
    groups: tuple[QueryGroup, ...]  # the queries that brought them, the costliest first
    loads: tuple[Load, ...] = ()  # that were added up
    per_row: float = 1.0  # instances; fewer than one where a joined key may be null
    part: float = 1.0  # of the bytes that the queries brought

    @property
    def load(self) -> Load:
        return self.use.load

    @property
    def model(self) -> str:
        """Without its app: "Post"."""
        return short(self.load.model)

    @property
    def scopes(self) -> set[Scope]:
        return {group.scope for group in self.groups}

    @property
    def routes(self) -> tuple[str, ...]:
        return tuple(sorted(scope.name for scope in self.scopes if scope.kind != "test"))

    @property
    def tests(self) -> tuple[str, ...]:
        found = {test for group in self.groups for test in group.tests}
        found |= {scope.name for scope in self.scopes if scope.kind == "test"}
        return tuple(sorted(found)[:50])

    @property
    def rows(self) -> float:
        """Rows that one execution of a scope fetches, where it is most."""
        return max(group.rows / group.executions for group in self.groups if group.executions)

    @property
    def instances(self) -> float:
        """That one execution of a scope fetches, where it is most, about."""
        return self.rows * self.per_row

    @property
    def row_bytes(self) -> float:
        """Of one instance with all that was loaded of it, about."""
        return sum(self.use.bytes.values()) / max(self.use.instances, 1)

    @property
    def worst(self) -> QueryGroup:
        return self.groups[0]

    @property
    def is_repeated(self) -> bool:
        """Whether one execution asks again and again: n-plus-one's and repeated-query's matter."""
        return any(group.per_execution_max >= LOOP for group in self.groups)

    @property
    def is_unasked(self) -> bool:
        """Whether nobody has asked for the rows, how many they are, or whether there are any."""
        return not self.use.used and not any(
            map(self.asked, (SAVED, REACHED, ITERATED, COUNTED, TESTED))
        )

    def asked(self, what: str) -> int:
        return self.use.fields.get(what, 0)


def all_fetched(recording: Recording) -> tuple[Fetched, ...]:
    """One for each queryset and lookup path whose code can be edited, in product code.

    None in a light recording, which does not watch instances.
    """
    groups: dict[Load, list[QueryGroup]] = defaultdict(list)
    good = {stats.scope for stats in recording.scopes if came_to_a_good_end(stats)}
    for group in recording.groups:
        if group.load is not None and _fetches(group) and group.scope in good:
            groups[group.load].append(group)
    rows: Counter[Load] = Counter()
    sizes: Counter[Load] = Counter()
    uses: dict[Hashable, list[LoadUse]] = defaultdict(list)
    for use in recording.uses:
        rows[use.load] += use.instances
        sizes[_queried(use.load)] += sum(use.bytes.values())
        uses[use.load.how, use.load.model, site_of(use.load)].append(use)
    found = (_together(some, groups) for some in uses.values())
    return tuple(
        replace(
            each,
            per_row=_part(each.use.instances, each, rows),
            part=_part(sum(each.use.bytes.values()), each, sizes),
        )
        for each in found
        if each is not None
    )


def _part(own: int, fetched: Fetched, totals: Mapping[Load, int]) -> float:
    """Of what the queries brought in all, 0..1."""
    total = sum(totals[load] for load in {_queried(load) for load in fetched.loads})
    return min(own / total, 1.0) if total else 1.0


def site_of(load: Load) -> Site:
    """Whose edit changes what is loaded: of what came along, the queryset's that it came with."""
    hops: list[str] = []
    while load.relation is not None and load.parent is not None and _came_along(load):
        hops.append(load.relation.field)
        load = load.parent
    return Site(load.created_at, load.model, "__".join(reversed(hops)))


def way_of(load: Load) -> Site:
    """The queryset that a load was fetched along with, and the whole path from there, though a
    Prefetch may have a queryset of its own on the way.
    """
    hops: list[str] = []
    while load.relation is not None and load.parent is not None and load.how != "query":
        hops.append(load.relation.field)
        load = load.parent
    return Site(load.created_at, load.model, "__".join(reversed(hops)))


def came_to_a_good_end(stats: ScopeStats) -> bool:
    """Whether an execution went on to use what it had loaded."""
    if stats.scope.kind == "request":
        return any(status.startswith("2") for status in stats.statuses)
    return not stats.statuses or any(s.lower() in GOOD for s in stats.statuses)


def short(model: str) -> str:
    return model.rpartition(".")[2]


def place(location: Location) -> str:
    """As a hint names it: "shop/views.py:12", and the class where one stands for its queryset."""
    spot = f"{location.file}:{location.line}"
    is_class = location.kind == "class" and location.function
    return f"{location.function} ({spot})" if is_class else spot


def queryset(site: Site) -> str:
    """As a hint names it."""
    if site.created_at is None:
        return f"the queryset of {short(site.model)}"
    of = " of" if site.created_at.kind == "class" else " at"
    return f"the queryset{of} {place(site.created_at)}"


def _came_along(load: Load) -> bool:
    if load.how == "joined":
        return True
    above = load.parent
    while above is not None and above.created_at is None:
        above = above.parent
    same = above is not None and load.created_at == above.created_at
    return load.how == "prefetched" and (load.created_at is None or same)


def _fetches(group: QueryGroup) -> bool:
    if group.statement.verb != "SELECT" or group.shape not in OF_INSTANCES:
        return False
    return bool(group.executions) and not is_set_up(group.scope, group.location)


def _together(uses: Sequence[LoadUse], groups: Mapping[Load, list[QueryGroup]]) -> Fetched | None:
    """The uses of one site, added up: an edit there changes them all."""
    site = site_of(uses[0].load)
    loads = dict.fromkeys(_queried(use.load) for use in uses)
    found = [group for load in loads for group in groups.get(load, [])]
    if not found or not is_editable(site.created_at):
        return None
    found.sort(key=lambda group: group.wall_ns, reverse=True)
    own = tuple(use.load for use in uses)
    return Fetched(site=site, use=_sum(uses), groups=tuple(found), loads=own)


def is_editable(location: Location | None) -> bool:
    """Whether a place is in the project's own code, and not in its tests or migrations."""
    if location is None or not location.root:
        return False
    return not in_tests(location) and not in_migrations(location)


def _queried(load: Load) -> Load:
    """The load whose queries bring a load's instances."""
    while load.how == "joined" and load.parent is not None:
        load = load.parent
    return load


def _sum(uses: Sequence[LoadUse]) -> LoadUse:
    read: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for use in uses:
        read.update(use.fields)
        sizes.update(use.bytes)
    return LoadUse(
        load=uses[0].load,
        fetches=sum(use.fetches for use in uses),
        instances=sum(use.instances for use in uses),
        used=sum(use.used for use in uses),
        fields=read,
        bytes=sizes,
    )
