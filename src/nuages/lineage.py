"""From the instance whose access caused a query up to the queryset that it all hangs on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from nuages.model import Facts, Load, QueryGroup, QueryShape, Relation, Scope

LOOP = 3  # from three executions on, repetition is a loop
SINGLE_VALUED = frozenset({"fk", "o2o", "reverse_o2o"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """A lookup path, and the load whose queryset would have to fetch it."""

    root: Load | None  # None: the instances came from somewhere unseen
    hops: tuple[Relation, ...]
    stray: Relation | None = None  # a hop that only some of the rows can take

    @property
    def path(self) -> str:
        return "__".join(hop.field for hop in self.hops)

    def query_path(self, facts: Facts) -> str:
        """The path as annotations and filters spell it: "comment" for `comment_set`."""
        return "__".join(_query_name(hop, facts) for hop in self.hops)

    @property
    def last(self) -> Relation:
        return self.hops[-1]

    @property
    def can_join(self) -> bool:
        return all(hop.kind in SINGLE_VALUED for hop in self.hops)


def _query_name(hop: Relation, facts: Facts) -> str:
    model = facts.model(hop.model)
    if model is not None:
        return model.query_names.get(hop.field, hop.field)
    return hop.field.removesuffix("_set") if hop.kind in ("reverse_fk", "m2m") else hop.field


def fetches_all(relation: Relation, shape: QueryShape) -> bool:
    """Whether an access took all that the relation has: neither filtered nor ordered nor counted.

    A `.get()` on many rows is a condition; on a foreign key it is how the one row is fetched.
    """
    if relation.kind == "deferred":
        return False
    return shape == "all" or (shape == "get" and relation.kind in SINGLE_VALUED | {"gfk"})


def is_tree(load: Load) -> bool:
    """Whether it follows a relation from rows of a model to rows of the same, more than once."""
    above, relation = load.parent, load.relation
    return (
        relation is not None
        and above is not None
        and relation == above.relation
        and load.model == above.model
    )


class Loads:
    """The loads of a recording, by the scope that they happened in."""

    def __init__(self, groups: Iterable[QueryGroup]) -> None:
        self._groups: dict[tuple[Scope, Load], list[QueryGroup]] = defaultdict(list)
        self._prefetched: set[tuple[Scope, Relation, Load | None]] = set()
        # What was prefetched for what was prefetched: the relation, that above, and for whom.
        self._along: set[tuple[Scope, Relation, Relation | None, Load | None]] = set()
        for group in groups:
            if group.load is None:
                continue
            self._groups[group.scope, group.load].append(group)
            relation, parent = group.load.relation, group.load.parent
            if group.load.how == "prefetched" and relation:
                self._prefetched.add((group.scope, relation, parent))
                if parent is not None and parent.how == "prefetched":
                    self._along.add((group.scope, relation, parent.relation, parent.parent))

    def trace(self, group: QueryGroup) -> Lineage | None:
        """The lineage of a query that an access to a relation caused; None for others."""
        load = group.load
        if load is None or load.relation is None:
            return None
        hops, parent = [load.relation], load.parent
        stray = _stray(load)
        while parent is not None and parent.relation and _may_hang(parent):
            if not self._hangs_on_its_parent(group.scope, parent):
                break
            hops.append(parent.relation)
            stray = _stray(parent) or stray
            parent = parent.parent
        return Lineage(root=parent, hops=tuple(reversed(hops)), stray=stray)

    def is_prefetched(self, group: QueryGroup) -> bool:
        """Whether the relation accessed was prefetched for the instances it was accessed on."""
        load = group.load
        if load is None or load.relation is None:
            return False
        return (group.scope, load.relation, load.parent) in self._prefetched

    def would_come_along(self, group: QueryGroup) -> bool:
        """Whether a prefetch brings the relation with rows that this access has not taken."""
        load = group.load
        above = load.parent if load else None
        if load is None or load.relation is None or above is None:
            return False
        return (group.scope, load.relation, above.relation, above.parent) in self._along

    def is_single_row(self, scope: Scope, lineage: Lineage) -> bool:
        """Whether the accesses were all made on one instance, and not on one per row."""
        if lineage.root is None or any(hop.kind not in SINGLE_VALUED for hop in lineage.hops[:-1]):
            return False
        groups = self._groups.get((scope, lineage.root), [])
        return bool(groups) and all(
            group.rows_max <= 1 and group.per_execution_max < LOOP for group in groups
        )

    def repeats_itself(self, scope: Scope, load: Load) -> bool:
        """Whether a load is one row, asked for again and again with the same parameters."""
        groups = self._groups.get((scope, load), [])
        return bool(groups) and all(
            group.per_execution_max >= LOOP and group.distinct_max == 1 and group.rows_max <= 1
            for group in groups
        )

    def has_rows(self, scope: Scope, load: Load) -> bool:
        """Whether one query of a load brought enough rows for a loop."""
        groups = self._groups.get((scope, load), [])
        return any(group.rows_max >= LOOP for group in groups)

    def is_raw(self, scope: Scope, load: Load) -> bool:
        """Whether its rows came by written SQL, to which nothing can be joined."""
        return any(group.shape == "raw" for group in self._groups.get((scope, load), ()))

    def _hangs_on_its_parent(self, scope: Scope, load: Load) -> bool:
        """Whether a load came row by row, or with its parent's, so that its root is further up."""
        if load.how == "joined":
            return True
        if load.how == "prefetched":
            return load.created_at is None or load.created_at == _created_at_above(load)
        groups = self._groups.get((scope, load), [])
        if not groups:  # beyond the recording's bounds
            return load.relation is not None and load.relation.kind in SINGLE_VALUED
        if not all(load.relation and fetches_all(load.relation, g.shape) for g in groups):
            return False
        # What a template or a serializer asks for has no expression of its own to edit.
        return all(group.trigger for group in groups) or any(
            group.per_execution_max >= LOOP for group in groups
        )


def _may_hang(load: Load) -> bool:
    """Whether its root can be further up: one row through a relation is no queryset to edit."""
    assert load.relation is not None
    return load.parent is not None or load.relation.kind in SINGLE_VALUED


def _stray(load: Load) -> Relation | None:
    """The relation, when it is one of a subclass, or beyond a generic foreign key: a lookup of
    the queryset can't name it, or fails on the rows of other models.
    """
    parent, relation = load.parent, load.relation
    if parent is None or relation is None:
        return None
    is_generic = parent.relation is not None and parent.relation.kind == "gfk"
    return relation if is_generic or parent.model != relation.model else None


def _created_at_above(load: Load) -> object:
    parent = load.parent
    while parent is not None and parent.created_at is None:
        parent = parent.parent
    return parent.created_at if parent else None
