"""What there is to fill at volume, said in tables and columns: the tool knows no models."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from typing import Any

from nuages.agent import ownership
from nuages.agent.fill import types
from nuages.agent.fill.checks import Checks
from nuages.agent.fill.generic import Targets, generic_keys
from nuages.agent.fill.order import (
    Step,
    belongs_to_users,
    is_bookkeeping,
    is_reference_data,
    is_singleton,
    sorted_steps,
)
from nuages.agent.fill.pools import Pools, is_user
from nuages.agent.inspect import KEPT, managed_models
from nuages.agent.volume import marks, trees


def steps(asked: Collection[str], *, everything: bool = False) -> tuple[list[Step], dict[str, str]]:
    """The models to fill in their order, link tables included, and why the others are left out.

    `asked` names models that are filled whatever speaks against it; `everything` asks for all but
    Django's own bookkeeping.
    """
    chosen: dict[Any, str] = {}
    skipped: dict[str, str] = {}
    for model, alias in managed_models():
        label = model._meta.label
        reason = _left_alone(model, alias, everything=everything)
        if reason and (label not in asked or label in KEPT):
            skipped[label] = reason
        else:
            chosen[model] = alias
    return sorted_steps(chosen, skipped, links=True), skipped


def _left_alone(model: Any, alias: str, *, everything: bool) -> str:
    if model._meta.label in KEPT:
        return "Django's own bookkeeping"
    if everything:
        return ""
    if model._meta.auto_created:
        return _linked_to_kept(model)
    if is_bookkeeping(model):
        return "a library's bookkeeping"
    if is_singleton(model):
        return "a singleton"
    return ""


def _linked_to_kept(model: Any) -> str:
    """Rights are given by people: a link table to permissions would make anybody anything."""
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model._meta.label in KEPT:
            return f"links to {field.related_model._meta.label}"
    return ""


def described(step: Step, seed: int, *, everything: bool) -> dict[str, Any]:
    """One unit of work: a model with every table that a row of it has a part in, roots first.

    Reference data are rows that belong to no user: those that are there were not made up.
    """
    model = step.model
    is_reference = is_reference_data(model, step.alias) and not belongs_to_users(model)
    chain = list(tables_of(model))
    return {
        "label": model._meta.label,
        "alias": step.alias,
        "is_own": ownership.is_own(model),
        "is_link": bool(model._meta.auto_created),
        "is_user": is_user(model),
        "to_users": belongs_to_users(model),
        "is_reference": is_reference and not everything,
        "is_parent": _is_parent(model),
        "tables": [_table(part, model, step, seed) for part in chain],
        "generic": [entry for part in chain for entry in _generic(part, step.alias)],
    }


def tables_of(model: Any) -> Iterator[Any]:
    """The concrete models whose tables hold a row's parts: multi-table parents first."""
    seen = []
    for parent in (*reversed(model._meta.get_parent_list()), model):
        concrete = parent._meta.concrete_model
        if concrete not in seen and not parent._meta.proxy:
            seen.append(concrete)
    return iter(sorted(seen, key=lambda m: len(m._meta.get_parent_list())))


def _is_parent(model: Any) -> bool:
    return any(
        related.related_model is not model and not getattr(related, "parent_link", False)
        for related in model._meta.related_objects
        if not related.field.null
    )


def _table(part: Any, model: Any, step: Step, seed: int) -> dict[str, Any]:
    rng = random.Random(f"{seed}:{part._meta.label}")
    checks = Checks(part, step.alias)
    return {
        "label": part._meta.label,
        "table": part._meta.db_table,
        "columns": [_column(f, checks, step, rng) for f in part._meta.local_concrete_fields],
        "tree": trees.described(part),
    }


def _column(field: Any, checks: Checks, step: Step, rng: random.Random) -> dict[str, Any]:
    from django.db import connections

    said: dict[str, Any] = {
        "column": field.column,
        "name": field.name,
        "is_null": bool(field.null),
        "is_key": bool(field.primary_key),
        "is_auto": "AutoField" in field.get_internal_type(),
        "is_generated": bool(getattr(field, "generated", False)),
        "family": "relation" if field.is_relation else types.family(field),
    }
    if field.is_relation:
        said["relation"] = _relation(field, step)
        return said
    said["stamp"] = _stamp(field)
    said["mark"] = marks.of_field(field, connections[step.alias], rng, checks)
    if said["family"] in ("integer", "decimal", "float"):
        said["low"], said["high"] = types.bounds(field)
    return said


def _relation(field: Any, step: Step) -> dict[str, Any]:
    target = field.target_field
    return {
        "label": field.related_model._meta.concrete_model._meta.label,
        "table": target.model._meta.db_table,
        "column": target.column,
        "is_parent_link": bool(getattr(field.remote_field, "parent_link", False)),
        "is_later": field.name in step.later,
        "is_limited": bool(field.get_limit_choices_to()),
        "is_kept": field.related_model._meta.label in KEPT,
    }


def _stamp(field: Any) -> str:
    """Columns that hold when a row was made or changed: they rise with the key."""
    if types.family(field) not in ("datetime", "date") or field.null:
        return ""
    if getattr(field, "auto_now", False):
        return "updated"
    if getattr(field, "auto_now_add", False):
        return "created"
    named = getattr(field.default, "__name__", "") in ("now", "today", "utcnow", "localdate")
    return "created" if named and not types.lies_ahead(field) else ""


def _generic(part: Any, alias: str) -> Iterator[dict[str, Any]]:
    """Generic keys: their two columns, and the tables they may lead to with their type's key."""
    from django.contrib.contenttypes.models import ContentType

    local = {field.name for field in part._meta.local_concrete_fields}
    for key in generic_keys(part):
        if key.ct_field not in local or key.fk_field not in local:
            continue
        types_field = part._meta.get_field(key.ct_field)
        targets = Targets(part, Pools())
        yield {
            "table": part._meta.db_table,
            "type_column": types_field.column,
            "key_column": part._meta.get_field(key.fk_field).column,
            "targets": [
                {
                    "label": target._meta.label,
                    "table": target._meta.db_table,
                    "column": target._meta.pk.column,
                    "type": ContentType.objects.db_manager(alias)
                    .get_for_model(target, for_concrete_model=key.for_concrete_model)
                    .pk,
                }
                for target in targets.candidates(key)
            ],
        }
