"""Generic foreign keys: a content type and a key that lead to a row that is there."""

from __future__ import annotations

import random
from typing import Any

from nuages.agent.fill import types
from nuages.agent.fill.pools import Pools, skewed
from nuages.agent.inspect import KEPT, managed_models

MOST = 6  # models that one generic key points at


def generic_keys(model: Any) -> list[Any]:
    """The GenericForeignKey fields of a model."""
    return [f for f in model._meta.private_fields if hasattr(f, "ct_field") and f.many_to_one]


class Targets:
    """What a model's generic keys may point at."""

    def __init__(self, model: Any, pools: Pools) -> None:
        self._model = model
        self._pools = pools
        self._declared = _declared(model)

    def pick(self, key: Any, rng: random.Random) -> dict[str, Any] | None:
        """Values of the content type's and the key's columns; None when nothing can be meant."""
        from django.contrib.contenttypes.models import ContentType

        targets = [t for t in self._targets() if self._fits(key, t) and self._pools.keys(t)]
        if not targets:
            return None
        target = rng.choice(targets)
        type_field = self._model._meta.get_field(key.ct_field)
        content_type = ContentType.objects.get_for_model(
            target, for_concrete_model=key.for_concrete_model
        )
        chosen = skewed(self._pools.keys(target), rng)
        return {type_field.attname: content_type.pk, key.fk_field: chosen}

    def candidates(self, key: Any) -> list[Any]:
        """The models that a generic key may lead to, filled or not yet."""
        limited = self._limited(key)
        fitting = [m for m in self._declared if m in limited] if limited else self._declared
        found = fitting or limited or self._by_address(least=0)
        return [m for m in found if self._fits(key, m)]

    def _limited(self, key: Any) -> list[Any]:
        """The models that `limit_choices_to` of the content type's column names."""
        allowed = self._model._meta.get_field(key.ct_field).get_limit_choices_to()
        if not allowed:
            return []
        from django.contrib.contenttypes.models import ContentType

        named = ContentType.objects.complex_filter(allowed)
        models = [content_type.model_class() for content_type in named]
        managed = {model for model, _ in managed_models()}
        concrete = [m._meta.concrete_model for m in models if m is not None]
        return sorted(set(concrete) & managed, key=_liked)

    def _fits(self, key: Any, target: Any) -> bool:
        """Whether the key's column is of a type that holds the target's primary keys."""
        column, primary = self._model._meta.get_field(key.fk_field), target._meta.pk
        while primary.is_relation:
            primary = primary.target_field
        held, wanted = types.family(column), types.family(primary)
        return held == "text" or held == wanted

    def _targets(self) -> list[Any]:
        filled = [m for m in self._declared if self._pools.keys(m)]
        if not filled:
            self._declared = filled = self._by_address(least=3)
        return filled

    def _by_address(self, least: int) -> list[Any]:
        """Other models, with so many rows at least, those with pages of their own first."""
        others = [
            model
            for model, _ in managed_models()
            if not model._meta.auto_created
            and model._meta.label not in KEPT
            and model is not self._model
            and not generic_keys(model)
        ]
        others = [m for m in others if len(self._pools.keys(m)) >= least]
        return sorted(others, key=_liked)[:MOST]


def _declared(model: Any) -> list[Any]:
    """Models with a GenericRelation to this one, or a tag-like field that goes through it."""
    found = []
    for other, _ in managed_models():
        for field in (*other._meta.private_fields, *other._meta.many_to_many):
            remote = getattr(field, "remote_field", None)
            through = getattr(remote, "through", None)
            related = getattr(field, "related_model", None)
            generic = hasattr(field, "object_id_field_name") and related is model
            if (generic or through is model) and other not in found:
                found.append(other)
    return found


def _liked(model: Any) -> tuple[bool, str]:
    """Models with pages of their own first."""
    return (not hasattr(model, "get_absolute_url"), model._meta.label)
