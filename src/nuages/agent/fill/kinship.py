"""Foreign keys of one row that agree: a ticket's order and its ticket type are of one event."""

from __future__ import annotations

import itertools
import random
from typing import Any

from nuages.agent.fill.order import relations
from nuages.agent.fill.pools import LIMIT, Pools, is_user
from nuages.agent.fill.uniques import Taken


class Kinship:
    """Picks the foreign keys of a row one after the other, each among the kin of those before."""

    def __init__(self, model: Any, fields: list[Any], pools: Pools, taken: Taken) -> None:
        self._pools = pools
        self._taken = taken
        self._model = model
        shared = {f.related_model for f in fields if self._counts(f.related_model)}
        above = [g.related_model for f in fields for g in self._upward(f.related_model)]
        self._kin = shared | {a for a in above if above.count(a) > 1 and self._counts(a)}
        common = self._kin.intersection(above)
        self.bound = [
            f for f in fields if self._shared(f.related_model) or f.related_model in common
        ]
        self._maps: dict[tuple[Any, Any], dict[Any, Any]] = {}
        # One-to-one keys are scarce: they come first, and the others agree with them.
        self.fields = sorted(
            fields, key=lambda f: (not f.unique, -len(self._shared(f.related_model)))
        )

    def pick(self, field: Any, chosen: dict[Any, Any], rng: random.Random, *, strict: bool) -> Any:
        """A key that agrees with `chosen` (ancestor model → key), which it extends.

        None when nothing agrees; unless `strict`, a required key then disagrees instead.
        """
        target = field.related_model
        if target in chosen and field.target_field.primary_key:
            return chosen[target]
        key = self._agreeing(field, chosen, rng, strict)
        if key is not None and field.target_field.primary_key:
            self._remember(target, key, chosen)
        return key

    def _agreeing(
        self, field: Any, chosen: dict[Any, Any], rng: random.Random, strict: bool
    ) -> Any:
        target = field.related_model
        bound = [link for link in self._shared(target) if link.related_model in chosen]
        if field.unique and not bound:
            return self._unused(field)
        if not bound or not field.target_field.primary_key:
            return self._pools.pick(field, rng)
        keys = self._pools.of_field(field)
        for link in bound:
            parents = self._parents(target, link)
            wanted = chosen[link.related_model]
            agreeing = [key for key in keys if parents.get(key) == wanted]
            if not agreeing and (strict or field.null):
                return None
            keys = agreeing or keys
        return self._pools.skewed(field, keys, rng) if keys else None

    def _unused(self, field: Any) -> Any:
        """The first key that no row has yet: owners' first, then the busiest parents'."""
        used = self._taken.values(field.name)
        owners = self._pools.owners if is_user(field.related_model) else ()
        keys = itertools.chain(owners, self._pools.of_field(field))
        return next((key for key in keys if key not in used), None)

    def _remember(self, target: Any, key: Any, chosen: dict[Any, Any]) -> None:
        if target in self._kin:
            chosen.setdefault(target, key)
        for link in self._shared(target):
            parent = self._parents(target, link).get(key)
            if parent is not None:
                chosen.setdefault(link.related_model, parent)

    def _shared(self, target: Any) -> list[Any]:
        return [link for link in self._upward(target) if link.related_model in self._kin]

    def _upward(self, target: Any) -> list[Any]:
        """Foreign keys of a parent to what may be a common ancestor."""
        links = [link for link in relations(target) if link.related_model is not target]
        return [link for link in links if link.target_field.primary_key]

    def _counts(self, model: Any) -> bool:
        """Users write into each other's things, and content types hang on everything."""
        return (
            model is not self._model
            and not is_user(model)
            and (model._meta.label not in ("contenttypes.ContentType", "sites.Site"))
        )

    def _parents(self, target: Any, link: Any) -> dict[Any, Any]:
        if (target, link) not in self._maps:
            rows = target._base_manager.order_by("pk").values_list("pk", link.attname)
            self._maps[target, link] = dict(rows[:LIMIT])
        return self._maps[target, link]
