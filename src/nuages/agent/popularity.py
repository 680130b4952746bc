"""Which rows of a model have most rows hanging on them: a loop shows on the busiest parents."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

LIMIT = 50

_ranked: dict[Any, list[Any]] = {}
_sampled: dict[Any, list[Any]] = {}


def forget() -> None:
    """Rank anew: the data changed."""
    _ranked.clear()
    _sampled.clear()


def ranked(model: Any, limit: int = LIMIT) -> list[Any]:
    """Primary keys by their share of related rows, each relation weighing the same."""
    if model not in _ranked:
        scores: dict[Any, float] = defaultdict(float)
        for counts in _per_relation(model, limit):
            most = max(counts.values())
            for key, rows in counts.items():
                scores[key] += rows / most
        _ranked[model] = sorted(scores, key=lambda key: (-scores[key], str(key)))
    return _ranked[model][:limit]


def _per_relation(model: Any, limit: int) -> Iterator[dict[Any, int]]:
    """Rows by parent for each relation that points here, through tables included."""
    from django.db import Error
    from django.db.models import Count

    for relation in model._meta.get_fields(include_hidden=True):
        if not (relation.auto_created and not relation.concrete and relation.one_to_many):
            continue
        field, child = relation.field, relation.related_model
        if child._meta.proxy or child._meta.swapped:
            continue
        with suppress(Error, AttributeError, TypeError, ValueError):
            rows = (
                child._base_manager.filter(**{f"{field.name}__isnull": False})
                .order_by()
                .values(field.attname)
                .annotate(nuages_rows=Count("*"))
                .order_by("-nuages_rows", field.attname)[:limit]
            )
            counts = {row[field.attname]: row["nuages_rows"] for row in rows}
            if counts:
                yield _by_primary_key(model, field, counts)


def _by_primary_key(model: Any, field: Any, counts: dict[Any, int]) -> dict[Any, int]:
    target = field.target_field
    if target.primary_key:
        return counts
    keys = model._base_manager.filter(**{f"{target.attname}__in": list(counts)})
    found = {value: pk for pk, value in keys.values_list("pk", target.attname)}
    return {found[value]: rows for value, rows in counts.items() if value in found} or {None: 1}


def samples(model: Any, limit: int, owners: tuple[Any, ...] = ()) -> list[Any]:
    """Instances to show: the busiest, one of each owner's, then some spread over the table."""
    wanted = (model, limit, tuple(owner.pk for owner in owners))
    if wanted not in _sampled:
        _sampled[wanted] = _samples(model, limit, owners)
    return _sampled[wanted]


def _samples(model: Any, limit: int, owners: tuple[Any, ...]) -> list[Any]:
    visible = _visible(model)
    busiest = _known(visible, ranked(model))
    keys = busiest[:1]
    for owner in owners:
        keys += _owned(visible, owner, busiest)
    keys += busiest[1:limit]
    keys += list(visible.order_by("pk").values_list("pk", flat=True)[: limit * 4])
    keys += list(visible.order_by("-pk").values_list("pk", flat=True)[:limit])
    unique = list(dict.fromkeys(keys))
    found = visible.in_bulk(unique)
    return [found[key] for key in unique if key in found]


def _visible(model: Any) -> Any:
    """The default manager's rows, as views would see them; all rows where it refuses."""
    from django.db import Error

    with suppress(Exception, Error):
        rows = model._default_manager.all()
        if rows.exists():
            return rows
    return model._base_manager.all()


def _known(rows: Any, keys: list[Any]) -> list[Any]:
    keys = [key for key in keys if key is not None]
    present = set(rows.filter(pk__in=keys).values_list("pk", flat=True))
    return [key for key in keys if key in present]


def _owned(rows: Any, owner: Any, busiest: list[Any]) -> list[Any]:
    """One row that belongs to this user, over a parent if need be; a busy one if there is."""
    for way in _ways_to_user(rows.model, owner):
        lookup = "__".join(way) or "pk"
        keys = set(rows.filter(**{lookup: owner.pk}).values_list("pk", flat=True)[:2000])
        if keys:
            return [key for key in busiest if key in keys][:1] or sorted(keys, key=str)[:1]
    return []


def _ways_to_user(model: Any, owner: Any) -> tuple[tuple[str, ...], ...]:
    user: Any = type(owner)
    return ways(model, user)


@functools.lru_cache(maxsize=4096)
def ways(start: Any, goal: Any, depth: int = 3, most: int = 3) -> tuple[tuple[str, ...], ...]:
    """Chains of foreign keys from one model to another, the shortest first; () for itself."""
    found: list[tuple[str, ...]] = []
    frontier: list[tuple[Any, tuple[str, ...]]] = [(start, ())]
    seen = {start}
    for _ in range(depth + 1):
        following = []
        for model, way in frontier:
            if model is goal or issubclass(model, goal):
                found.append(way)
                continue
            following += [(to, (*way, name)) for to, name in _links(model) if to not in seen]
        seen |= {model for model, _ in following if model is not goal}
        frontier = following
        if len(found) >= most:
            break
    return tuple(found[:most])


def _links(model: Any) -> list[tuple[Any, str]]:
    fields = model._meta.concrete_fields
    return [(f.related_model, f.name) for f in fields if f.is_relation and f.related_model]
