"""How many rows each model gets: from the relations around the user model, or as told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from math import isqrt

from nuages.populate.schema import Unit

LINKS = 1.0  # rows of a link table for each row it starts from
FEW_LINKS = 0.1  # where it leads to a small table of a library's, such as groups
BETWEEN = 2.0  # rows a user of what joins two big tables and has no children: likes, comments
LEAF = 0.5  # of what hangs on one big table alone and has no children: pictures, devices
PER_LEVEL = 10  # events of an organizer, orders of an event
CATALOGUE = 10  # rows at least of what belongs to no user


def sizes(
    units: tuple[Unit, ...],
    users: int,
    asked: Mapping[str, int],
    one_each: Callable[[Unit], str | None],
) -> dict[str, int]:
    """Label → rows in all. `one_each` names the model that a unit has one row each of, if any."""
    found: dict[str, int] = {}
    for unit in units:
        if unit.label in asked:
            found[unit.label] = asked[unit.label]
        elif unit.is_user:
            found[unit.label] = users
    libraries = {unit.label for unit in units if not unit.is_own}
    for unit in units:
        if unit.label not in found:
            found[unit.label] = _rows(unit, users, found, one_each(unit), libraries)
    return found


def _rows(
    unit: Unit,
    users: int,
    found: Mapping[str, int],
    single: str | None,
    libraries: Collection[str],
) -> int:
    if single is not None:
        return found.get(single, _catalogue(users))
    if unit.is_link:
        return _links(unit, users, found, libraries)
    if not unit.to_users:
        return _catalogued(unit, users, found)
    big = [
        relation.label
        for column, relation in unit.relations
        if not column.is_null and found.get(relation.label, 0) >= users / 2
    ]
    if unit.is_parent:
        return users
    return int((BETWEEN if len(big) >= 2 else LEAF) * users)


def _catalogued(unit: Unit, users: int, found: Mapping[str, int]) -> int:
    """What leads to no user: a few at the top, ten times as many a level below."""
    above = [found[r.label] for column, r in unit.relations
             if not column.is_null and r.label in found]  # fmt: skip
    if above:
        return min(users, PER_LEVEL * max(above))
    return _catalogue(users) if unit.is_parent else 2 * _catalogue(users)


def _links(unit: Unit, users: int, found: Mapping[str, int], libraries: Collection[str]) -> int:
    ends = [relation for _, relation in unit.relations]
    source = found.get(ends[0].label, _catalogue(users)) if ends else 0
    is_few = any(end.label in libraries and found.get(end.label, 0) < users / 2 for end in ends)
    return int(source * (FEW_LINKS if is_few else LINKS))


def _catalogue(users: int) -> int:
    return max(CATALOGUE, isqrt(users))
