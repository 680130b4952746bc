"""Sets of columns that must not repeat, checked before the database has to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MOST = 50_000  # existing combinations read from the table


Names = tuple[str, ...]
Terms = tuple[tuple[str, Any], ...]  # column, value: where a conditional set applies


def unique_sets(model: Any) -> list[tuple[Names, Terms]]:
    """Field names of every unique set of a model's table, with the condition it is under."""
    meta = model._meta
    local = {field.name for field in meta.concrete_fields}
    sets = [(names, ()) for names in _unconditional(meta)] + list(_conditional(meta))
    return [(names, terms) for names, terms in dict.fromkeys(sets) if set(names) <= local]


def _conditional(meta: Any) -> Iterator[tuple[Names, Terms]]:
    from django.db.models import UniqueConstraint

    for constraint in meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.fields:
            terms = _terms(constraint.condition)
            if terms is not None:
                yield tuple(constraint.fields), terms


def _terms(condition: Any) -> Terms | None:
    """A plain conjunction as column-value pairs; None for a condition that is more."""
    if condition is None:
        return ()
    children = condition.children
    plain = all(isinstance(c, tuple) and "__" not in c[0] for c in children)
    if not plain or condition.negated or (len(children) > 1 and condition.connector != "AND"):
        return None
    return tuple((str(name), value) for name, value in children)


def _unconditional(meta: Any) -> Iterator[Names]:
    sets = [tuple(names) for names in meta.unique_together]
    for field in meta.concrete_fields:
        if field.unique and not field.primary_key and not _unmade(field):
            sets.append((field.name,))
    parts = getattr(meta, "pk_fields", ())
    if len(parts) > 1:
        sets.append(tuple(field.name for field in parts))
    elif meta.pk.is_relation and not getattr(meta.pk.remote_field, "parent_link", False):
        sets.append((meta.pk.name,))
    yield from sets


def _unmade(field: Any) -> bool:
    return bool(getattr(field.remote_field, "parent_link", False)) if field.is_relation else False


class Taken:
    """The combinations a table already holds, and those given out since."""

    def __init__(
        self, model: Any, alias: str, without: frozenset[str] = frozenset(), *, watched: bool = True
    ) -> None:
        """Sets that hold a column of `without` are not looked at; unless `watched`, none is."""
        sets = unique_sets(model) if watched else []
        self._sets = [(n, terms) for n, terms in sets if not without & set(n)]
        self._columns = {f.name: f.attname for f in model._meta.concrete_fields}
        self._taken: dict[tuple[Names, Terms], set[Any]] = {}
        rows = model._base_manager.using(alias)
        for names, terms in self._sets:
            columns = [self._columns[name] for name in names]
            held = rows.filter(**dict(terms)).values_list(*columns)
            self._taken[names, terms] = set(held[:_MOST])

    def values(self, name: str) -> set[Any]:
        """What a unique column holds already."""
        return {value for (value,) in self._taken.get(((name,), ()), ())}

    def clash(self, instance: Any) -> Names:
        """The columns of the first unique set that a row would repeat; empty when it is new."""
        for names, terms in self._sets:
            combination = self._of(instance, names)
            repeats = None not in combination and combination in self._taken[names, terms]
            if repeats and self._applies(instance, terms):
                return names + tuple(name for name, _ in terms)
        return ()

    def take(self, instance: Any) -> None:
        for names, terms in self._sets:
            if self._applies(instance, terms):
                self._taken[names, terms].add(self._of(instance, names))

    def _applies(self, instance: Any, terms: Terms) -> bool:
        return all(getattr(instance, self._columns.get(n, n), None) == value for n, value in terms)

    def _of(self, instance: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
        found = []
        for name in names:
            value = getattr(instance, self._columns[name], None)
            try:
                hash(value)
            except TypeError:
                value = repr(value)
            found.append(value)
        return tuple(found)
