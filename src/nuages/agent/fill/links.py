"""What is left when all tables are filled: many-to-many rows and keys that close a cycle."""

from __future__ import annotations

import random
from typing import Any

from nuages.agent.fill.insert import insert
from nuages.agent.fill.order import Step
from nuages.agent.fill.pools import Pools, skewed
from nuages.agent.inspect import KEPT, tables

_BUSY = 3  # sources that get many targets
_MANY = 25


def fill_links(step: Step, rows: int, rng: random.Random, pools: Pools) -> None:
    for field in step.model._meta.local_many_to_many:
        through = field.remote_field.through
        if through._meta.auto_created and through._meta.db_table in tables(step.alias):
            _fill_many(field, through, step, rows, rng, pools)
    for name in sorted(step.later):
        _set_later(step, step.model._meta.get_field(name), rng, pools)


def _fill_many(
    field: Any, through: Any, step: Step, rows: int, rng: random.Random, pools: Pools
) -> None:
    target = field.related_model
    links = through._base_manager.using(step.alias)
    if target._meta.label in KEPT or (links.exists() and not step.is_further):
        return
    source_column = through._meta.get_field(field.m2m_field_name()).attname
    target_column = through._meta.get_field(field.m2m_reverse_field_name()).attname
    linked = set(links.values_list(source_column, flat=True))
    sources = [key for key in pools.keys(step.model) if key not in linked]
    targets = pools.keys(target)
    if not sources or not targets:
        return
    pairs = _pairs(sources[: rows * 2], targets, rng, itself=target is step.model)
    if getattr(field.remote_field, "symmetrical", False):
        pairs |= {(b, a): None for a, b in pairs}
    insert([through(**{source_column: a, target_column: b}) for a, b in pairs], step.alias)


def _pairs(
    sources: list[Any], targets: list[Any], rng: random.Random, *, itself: bool
) -> dict[tuple[Any, Any], None]:
    """A few targets for every source, many for the first; a dictionary keeps the order."""
    pairs: dict[tuple[Any, Any], None] = {}
    for index, source in enumerate(sources):
        for _ in range(_MANY if index < _BUSY else rng.randint(0, 5)):
            target = skewed(targets, rng)
            if not (itself and target == source):
                pairs[source, target] = None
    return pairs


def _set_later(step: Step, field: Any, rng: random.Random, pools: Pools) -> None:
    """Most rows get the key that was left empty, in a few statements, one a target."""
    targets = list(dict.fromkeys(pools.pick(field, rng) for _ in range(20)))
    rows = step.model._base_manager.using(step.alias)
    keys = list(rows.filter(**{f"{field.name}__isnull": True}).values_list("pk", flat=True)[:2000])
    if field.unique:
        targets = pools.of_field(field)[: len(keys)]
        for key, target in zip(keys, targets, strict=False):
            rows.filter(pk=key).update(**{field.attname: target})
        return
    for index, target in enumerate(t for t in targets if t is not None):
        chunk = keys[index :: len(targets)]
        if chunk and index % 5:
            rows.filter(pk__in=chunk).update(**{field.attname: target})
