"""Check constraints, tried on a row before the database refuses the whole batch for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nuages.agent.fill.insert import new


class Checks:
    """The check constraints of a model's own table."""

    def __init__(self, model: Any, alias: str) -> None:
        from django.db.models import CheckConstraint

        self._model, self._alias = model, alias
        local = {field.name for field in model._meta.concrete_fields}
        self._checks = [
            (constraint, tuple(name for name in named(condition(constraint)) if name in local))
            for constraint in model._meta.constraints
            if isinstance(constraint, CheckConstraint)
        ]

    def broken(self, instance: Any) -> tuple[str, ...]:
        """The columns of the first constraint that a row breaks; empty when it breaks none."""
        from django.core.exceptions import ValidationError

        for entry in list(self._checks):
            constraint, names = entry
            try:
                constraint.validate(self._model, instance, using=self._alias)
            except ValidationError:
                return names
            except Exception:
                self._checks.remove(entry)  # it speaks of what only the database knows
        return ()

    def listed(self) -> dict[str, list[Any]]:
        """Column → all values that a constraint on it alone lets it have: `state IN ('a', 'b')`."""
        found: dict[str, list[Any]] = {}
        for constraint, names in self._checks:
            values = _equal_to(condition(constraint)) if len(set(names)) == 1 else None
            if values:
                found[names[0]] = values
        return found

    def allow(self, field: Any, value: Any) -> bool:
        """Whether no constraint that is about this column alone forbids the value."""
        from django.core.exceptions import ValidationError

        for constraint, names in self._checks:
            if set(names) != {field.name}:
                continue
            instance = new(self._model)
            setattr(instance, field.attname, value)
            try:
                constraint.validate(self._model, instance, using=self._alias)
            except ValidationError:
                return False
            except Exception:
                continue  # it speaks of what only the database knows
        return True


def condition(constraint: Any) -> Any:
    """The Q of a check constraint, whose name changed in Django 5.1."""
    return getattr(constraint, "condition", None) or getattr(constraint, "check", None)


def _equal_to(expression: Any) -> list[Any] | None:
    """The values of a Q that says nothing but what a column is equal to; None for any other."""
    if getattr(expression, "negated", True):
        return None
    found: list[Any] = []
    for child in expression.children:
        if not isinstance(child, tuple):
            inner = _equal_to(child)
            if inner is None:
                return None
            found += inner
            continue
        _, _, lookup = str(child[0]).partition("__")
        if lookup == "in" and isinstance(child[1], list | tuple | set):
            found += child[1]
        elif lookup in ("", "exact"):
            found.append(child[1])
        elif lookup != "isnull":
            return None
    return found if all(isinstance(value, str | int) for value in found) else None


def named(expression: Any) -> Iterator[str]:
    """The columns that a Q or an expression speaks of."""
    if hasattr(expression, "children"):
        for child in expression.children:
            if isinstance(child, tuple):
                yield str(child[0]).split("__")[0]
                yield from named(child[1])
            else:
                yield from named(child)
    elif hasattr(expression, "get_source_expressions"):
        if hasattr(expression, "name"):
            yield str(expression.name).split("__")[0]
        for source in expression.get_source_expressions():
            yield from named(source)
    elif hasattr(expression, "name") and type(expression).__name__ == "F":
        yield str(expression.name).split("__")[0]
