"""Where querysets were created and where instances came from, as integers that they can carry."""

from __future__ import annotations

from threading import local
from typing import Any, Literal, NamedTuple

from nuages.record import interning
from nuages.record.interning import Table

LIMIT = 20_000  # creations, and loads, a process
DEPTH = 8  # links of a chain; a deeper one ends in itself, as does a tree walked step by step
ATTRIBUTE = "_nuages"  # on ModelState: a load's number; on Query: a creation's

Relations = Literal[
    "fk", "o2o", "reverse_o2o", "reverse_fk", "m2m", "gfk", "generic_relation", "deferred"
]
How = Literal["query", "joined", "prefetched"]


class Relation(NamedTuple):
    """What was accessed on an instance."""

    model: str
    field: str  # as select_related and prefetch_related spell it
    kind: Relations


class Creation(NamedTuple):
    """Where a root queryset came into being, and from which instance's relation."""

    site: int
    relation: Relation | None
    parent: int  # load of the instance


class Load(NamedTuple):
    """Where instances came from."""

    model: str
    site: int  # that created the queryset
    relation: Relation | None
    parent: int  # load
    how: How


NOWHERE = Creation(0, None, 0)

creations: Table[Creation] = Table("creations", LIMIT)
loads: Table[Load] = Table("loads", LIMIT)
_depths: list[int] = [0]  # of each load, by its number


def creation_number(site: int, relation: Relation | None, parent: int) -> int:
    creation = Creation(site, relation, parent)
    return creations.number(creation, creation)


def load_number(
    model: str, site: int, relation: Relation | None, parent: int, how: How = "query"
) -> int:
    if parent and relation is not None and _ends_in(model, site, relation, parent):
        return parent
    load = Load(model, site, relation, parent, how)
    return loads.numbers.get(load) or loads.number(load, load)


def _ends_in(model: str, site: int, relation: Relation, parent: int) -> bool:
    """Whether a chain goes no further: it is too deep, or repeats one step for the third time."""
    if _depth(parent) >= DEPTH:
        return True
    step = (model, site, relation)
    above = loads[parent]
    beyond = loads[above.parent] if above else None
    return above is not None and beyond is not None and above[:3] == step == beyond[:3]


def _depth(number: int) -> int:
    if number >= len(_depths):
        with interning.lock:
            for load in loads.values[len(_depths) :]:
                _depths.append(1 + (_depths[load.parent] if load and load.parent else 0))
    return _depths[number]


def load_of_query(
    number: int, model: str, prefetch: tuple[Relation | None, int] | None = None
) -> int:
    """The load of what a queryset of this creation fetches, inside a prefetch or on its own."""
    creation = creations[number] or NOWHERE
    if prefetch is not None and prefetch[0] is not None:
        return load_number(model, creation.site, *prefetch, "prefetched")
    return load_number(model, creation.site, creation.relation, creation.parent)


class _Current(local):
    """What this thread is fetching."""

    fetch: Any = None  # querysets.Fetch
    prefetch: tuple[Relation | None, int] | None = None  # the relation, and the parents' load
    is_matching = False  # Django reads keys to bring prefetched instances and parents together


current = _Current()


def prefetching() -> tuple[Relation | None, int] | None:
    return current.prefetch


def load_of_instance(instance: Any) -> int:
    """The load an instance came from, 0 when it was not seen."""
    state = getattr(instance, "_state", None)
    return getattr(state, "__dict__", {}).get(ATTRIBUTE, 0)


def relation_of(instance: Any, field: str, kind: Relations) -> Relation:
    return Relation(type(instance)._meta.label, field, kind)
