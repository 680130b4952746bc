"""The keys that foreign keys may take, some parents far more often than others."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

LIMIT = 5000
_SKEW = 2.5  # of a uniform number's power: the first of 100 parents gets a sixth of the rows
_CHILDREN = 30  # of one parent, beyond which others come first: nested loops multiply
_OWNED_FIRST = 5  # rows that each owner is sure to be given
_OWNER_SHARES = (0.14, 0.08)  # of rows that belong to a user: the ordinary actor, the staff one


class Pools:
    """Keys by model and column, read from the database once and kept until forgotten."""

    def __init__(self, owners: tuple[Any, ...] = ()) -> None:
        self.owners = owners
        self._keys: dict[tuple[Any, str], list[Any]] = {}
        self._limited: dict[Any, list[Any]] = {}
        self._used: Counter[tuple[Any, Any]] = Counter()  # by field and key

    def forget(self, model: Any) -> None:
        parents = {model, *model._meta.get_parent_list()}
        self._keys = {k: v for k, v in self._keys.items() if k[0] not in parents}
        self._limited.clear()

    def of_field(self, field: Any) -> list[Any]:
        """The keys a foreign key may hold, `limit_choices_to` respected where anything is left."""
        if field not in self._limited:
            column = field.target_field.attname
            allowed = field.get_limit_choices_to()
            keys = self._allowed(field, allowed, column) if allowed else []
            self._limited[field] = keys or self.keys(field.related_model, column)
        return self._limited[field]

    def keys(self, model: Any, column: str | None = None) -> list[Any]:
        column = column or model._meta.pk.attname
        if (model, column) not in self._keys:
            rows = model._base_manager.order_by("pk").values_list(column, flat=True)
            self._keys[model, column] = list(rows[:LIMIT])
        return self._keys[model, column]

    def _allowed(self, field: Any, allowed: Any, column: str) -> list[Any]:
        try:
            rows = field.related_model._base_manager.complex_filter(allowed).order_by("pk")
            return list(rows.values_list(column, flat=True).distinct()[:LIMIT])
        except Exception:
            return []

    def pick(self, field: Any, rng: random.Random) -> Any:
        """A key for a foreign key; None when there is none to have."""
        keys = self.of_field(field)
        if not keys:
            return None
        if self.owners and is_user(field.related_model) and field.target_field.primary_key:
            given = sum(self._used[field, owner] for owner in self.owners)
            if given < _OWNED_FIRST * len(self.owners):
                owner = self.owners[given % len(self.owners)]
                self._used[field, owner] += 1
                return owner
            share = rng.random()
            for owner, part in zip(self.owners, _OWNER_SHARES, strict=False):
                if share < part:
                    return owner
                share -= part
        return self.skewed(field, keys, rng)

    def skewed(self, field: Any, keys: list[Any], rng: random.Random) -> Any:
        """One of the keys, the first ones far more often, up to a number of rows for each."""
        key = skewed(keys, rng)
        for _ in range(10):
            if self._used[field, key] < _CHILDREN:
                break
            key = rng.choice(keys)
        self._used[field, key] += 1
        return key


def skewed(keys: list[Any], rng: random.Random) -> Any:
    return keys[int(len(keys) * rng.random() ** _SKEW)]


def is_user(model: Any) -> bool:
    from django.contrib.auth import get_user_model

    try:
        return bool(model is get_user_model())
    except Exception:
        return False
