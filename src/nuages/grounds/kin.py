"""Models of one family, whose rows a library may fetch twice: as a parent's, then as a child's."""

from __future__ import annotations

from collections.abc import Iterable

from nuages.cases import Case
from nuages.grounds.fetched import Fetched
from nuages.model import Load, Scope

Key = tuple[str, str, str, Scope]  # the family, a relation's path, the model it leads to, where


class Kin:
    """Relations that were followed from rows of another model of the same family.

    django-polymorphic joins what the parent's queryset joins to the child's as well, and gives
    the one's row to the other: one of both joins looks unused, and neither is without a use.
    """

    def __init__(self, case: Case, fetched: Iterable[Fetched]) -> None:
        self._parents = {model.label: model.parents for model in case.facts.models if model.parents}
        self._followed: dict[Key, set[str]] = {}
        for each in fetched if self._parents else ():
            if not each.is_unasked:
                for key, model in self._keys(each):
                    self._followed.setdefault(key, set()).add(model)

    def follow(self, fetched: Fetched) -> bool:
        """Whether kin of its rows, in the same route, have a use for the relation."""
        return any(self._followed.get(key, set()) - {model} for key, model in self._keys(fetched))

    def _keys(self, fetched: Fetched) -> list[tuple[Key, str]]:
        """The relation's path from the rows that were asked for, in each scope; their model."""
        fields, model = [], ""
        load: Load | None = fetched.load
        while load is not None and load.relation is not None and load.how != "query":
            fields.append(load.relation.field)
            model, load = load.relation.model, load.parent
        path = "__".join(reversed(fields))
        led_to, family = fetched.load.model, self._family(model)
        return [((family, path, led_to, scope), model) for scope in fetched.scopes if path]

    def _family(self, model: str) -> str:
        """The label of the first ancestor."""
        for _ in range(len(self._parents)):
            if model not in self._parents:
                break
            model = self._parents[model][0]
        return model
