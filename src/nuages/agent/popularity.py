"""Which rows of a model have most rows hanging on them: a loop shows on the busiest parents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

LIMIT = 50

_ranked: dict[Any, list[Any]] = {}


def forget() -> None:
    """Rank anew: the data changed."""
    _ranked.clear()


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
    for way in ways(rows.model, type(owner)):
        lookup = "__".join(way) or "pk"
        keys = set(rows.filter(**{lookup: owner.pk}).values_list("pk", flat=True)[:2000])
        if keys:
            return [key for key in busiest if key in keys][:1] or sorted(keys, key=str)[:1]
    return []


def ways(start: Any, goal: Any, depth: int = 3) -> Iterator[tuple[str, ...]]:
    """Chains of foreign keys from one model to another, the shortest first; () for itself."""
    frontier: list[tuple[Any, tuple[str, ...]]] = [(start, ())]
    for _ in range(depth + 1):
        following = []
        for model, way in frontier:
            if model is goal or issubclass(model, goal):
                yield way
                continue
            for field in model._meta.concrete_fields:
                if field.is_relation and field.related_model not in (None, model):
                    following.append((field.related_model, (*way, field.name)))
        frontier = following
