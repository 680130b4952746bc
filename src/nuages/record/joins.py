"""What select_related fetched along with a row: the loads that its instances carry."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from nuages.record import lineage, uses
from nuages.record.lineage import ATTRIBUTE, Relation


class Join(NamedTuple):
    """One joined relation of a query."""

    cache_name: str  # in the parent's fields_cache, or of an attribute
    is_attribute: bool
    load: int
    joins: tuple[Join, ...]
    model: type
    key: tuple[int, str]  # the load whose instances hold the foreign key, and its attribute


def joins_of(populators: list[Any], parent: int) -> tuple[Join, ...]:
    """The joins behind RelatedPopulator objects, below instances of the load `parent`."""
    found = []
    for populator in populators:
        info = vars(populator).get(ATTRIBUTE)
        if info is not None:
            found.append(_join(info, populator.related_populators, parent))
    return tuple(found)


def _join(info: dict[str, Any], populators: list[Any], parent: int) -> Join:
    above = lineage.loads[parent]
    model = above.model if above else ""
    field, is_attribute = info["field"], False
    if not info["reverse"]:
        relation = Relation(model, field.name, "o2o" if field.one_to_one else "fk")
        cache_name = cache_name_of(field)
    elif isinstance(info["remote_setter"], partial):  # a FilteredRelation, under its own name
        cache_name, is_attribute = info["remote_setter"].args[0], True
        relation = Relation(model, cache_name, "fk")
    else:
        relation = Relation(model, field.related_query_name(), "reverse_o2o")
        cache_name = cache_name_of(field.remote_field)
    label = info["model"]._meta.label
    number = lineage.load_number(label, above.site if above else 0, relation, parent, "joined")
    is_below = info["reverse"] and not (is_attribute and hasattr(field, "attname"))
    key = (number if is_below else parent, getattr(field, "field", field).attname)
    joins = joins_of(populators, number)
    return Join(cache_name, is_attribute, number, joins, info["model"], key)


def cache_name_of(field: Any) -> str:
    """The key in fields_cache; a method before Django 5.1, a property since."""
    name = getattr(field, "cache_name", None)
    return str(name if name is not None else field.get_cache_name())


def watch_joined(watched: dict[int, uses.Use], joins: Sequence[Join]) -> None:
    """Let a fetch's joined instances tell of their use."""
    for join in joins:
        uses.begin(watched, join.load, join.model)
        uses.need(*join.key)
        if join.is_attribute:  # which nobody sees being read
            uses.note_ask(join.load, uses.REACHED)
        watch_joined(watched, join.joins)


def tag_joined(
    instance: Any, joins: Sequence[Join], found: dict[int, list[Any]] | None = None
) -> None:
    """Give the instances that were fetched along with one their loads; `found` takes them."""
    for join in joins:
        where = vars(instance) if join.is_attribute else instance._state.fields_cache
        related = where.get(join.cache_name)
        if related is not None and hasattr(related, "_state"):
            related._state._nuages = join.load
            if found is not None:
                found.setdefault(join.load, []).append(related)
            if join.joins:
                tag_joined(related, join.joins, found)
