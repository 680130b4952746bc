"""What foreign keys with `limit_choices_to` want of the rows that they lead to."""

from __future__ import annotations

from typing import Any

SHARE = 20  # one row in so many is as a key wants it


def wanted(model: Any) -> list[dict[str, Any]]:
    """Column → value, for each key whose limit is equalities of this model's own columns."""
    found: list[dict[str, Any]] = []
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.concrete or not (relation.one_to_many or relation.one_to_one):
            continue
        limit = getattr(getattr(relation, "field", None), "get_limit_choices_to", None)
        told = _equalities(limit()) if limit is not None else None
        if told and told not in found and all(_is_plain(model, name) for name in told):
            found.append(told)
    return found


def shape(row: Any, number: int, wishes: list[dict[str, Any]]) -> None:
    """Let a row of a pool be as a key wants it, when it is that key's turn."""
    turn = number % SHARE
    if turn < len(wishes):
        for name, value in wishes[turn].items():
            setattr(row, row._meta.get_field(name).attname, value)


def _equalities(limit: Any) -> dict[str, Any] | None:
    """A mapping, or a Q of equalities that all must hold, as a mapping; None for others."""
    pairs = limit.items() if isinstance(limit, dict) else getattr(limit, "children", ())
    if not isinstance(limit, dict) and (
        getattr(limit, "negated", True) or limit.connector != "AND"
    ):
        return None
    found = {}
    for pair in pairs:
        if not isinstance(pair, tuple):
            return None
        name, _, lookup = str(pair[0]).partition("__")
        if lookup not in ("", "exact") or not isinstance(pair[1], str | int | None):
            return None
        found[name] = pair[1]
    return found


def _is_plain(model: Any, name: str) -> bool:
    """Whether the name is a column that rows may repeat and that is no key."""
    return any(
        field.name == name and not (field.is_relation or field.unique)
        for field in model._meta.concrete_fields
    )
