"""Which models are filled, and in which order: every required foreign key finds its rows."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from nuages.agent import ownership
from nuages.agent.inspect import KEPT, managed_models

# Tables in which a library keeps serialised state of its own, or whom it keeps out: rows made up
# here would break it, or close the site.
_BOOKKEEPING = re.compile(
    r"(Revision|Version|Log|LogEntry|History|Session|State|Cache|Migration|Index|IndexEntry|Job|"
    r"Task|TaskResult|Schedule|Queue|Lock|Nonce|Association|Reference|"
    r"Restriction|Permission|Ban|Block|Lockout|AccessAttempt|AccessFailure)$"
)


@dataclass(frozen=True)
class Step:
    """One model to fill; foreign keys named in `later` close a cycle and are set at the end."""

    model: Any
    alias: str
    later: frozenset[str] = frozenset()
    is_further: bool = False  # an earlier fill made rows already


def in_order(further: Collection[str] = ()) -> tuple[list[Step], dict[str, str]]:
    """The steps, and the models left alone with the reason; `further`: labels filled before."""
    skipped: dict[str, str] = {}
    chosen: dict[Any, str] = {}
    for model, alias in managed_models():
        if model._meta.auto_created:
            continue
        reason = "" if model._meta.label in further else _left_alone(model, alias)
        if reason:
            skipped[model._meta.label] = reason
        else:
            chosen[model] = alias
    steps = sorted_steps(chosen, skipped)
    return [replace(s, is_further=s.model._meta.label in further) for s in steps], skipped


def _left_alone(model: Any, alias: str) -> str:
    if model._meta.label in KEPT:
        return "Django's own bookkeeping"
    if is_bookkeeping(model):
        return "a library's bookkeeping"
    if is_reference_data(model, alias):
        return "its rows come from the migrations"
    if is_singleton(model):
        return "a singleton"
    return ""


def is_singleton(model: Any) -> bool:
    return any(k.__name__ == "SingletonModel" for k in model.__mro__)


def is_bookkeeping(model: Any, depth: int = 3) -> bool:
    """Whether a library keeps its own state here, and nothing else needs rows of it."""
    if not _BOOKKEEPING.search(model.__name__) or ownership.is_own(model):
        return False
    needed_by = {
        relation.related_model
        for relation in model._meta.related_objects
        if not relation.field.null and not getattr(relation, "parent_link", False)
    } - {model}
    return depth == 0 or all(is_bookkeeping(other, depth - 1) for other in needed_by)


def is_reference_data(model: Any, alias: str) -> bool:
    """Rows there after migrating: countries, default groups, settings. Not trees and users."""
    from django.contrib.auth import get_user_model

    from nuages.agent.fill.trees import is_tree

    if is_tree(model) or issubclass(model, _or_nothing(get_user_model)):
        return False
    return bool(model._base_manager.using(alias).exists())


def _or_nothing(find: Any) -> Any:
    try:
        return find()
    except Exception:
        return ()


def relations(model: Any) -> list[Any]:
    """Foreign keys that hold a choice: not the links of multi-table inheritance."""
    fields = model._meta.concrete_fields
    return [f for f in fields if f.is_relation and not getattr(f.remote_field, "parent_link", 0)]


def required_relations(model: Any) -> list[Any]:
    return [field for field in relations(model) if not field.null]


def holds_generic_key(model: Any) -> bool:
    return any(hasattr(field, "ct_field") and hasattr(field, "fk_field")
               and not hasattr(field, "object_id_field_name")
               for field in model._meta.private_fields)  # fmt: skip


def share_of_rows(model: Any) -> float:
    """Fewer rows for catalogues and configuration than for what users make, as in real life."""
    if belongs_to_users(model):
        return 1.0
    return 0.25 if _is_parent(model) else 0.5


def belongs_to_users(model: Any, depth: int = 3) -> bool:
    """Whether a model is the user's, or reaches it over foreign keys."""
    from nuages.agent.fill.pools import is_user

    if is_user(model):
        return True
    reached, frontier = {model}, [model]
    for _ in range(depth):
        above = {f.related_model for m in frontier for f in relations(m)} - reached
        if any(is_user(other) for other in above):
            return True
        reached |= above
        frontier = list(above)
    return False


def _is_parent(model: Any) -> bool:
    return any(
        (related.one_to_many or related.one_to_one) and related.related_model is not model
        for related in model._meta.related_objects
    )


def sorted_steps(
    chosen: dict[Any, str], skipped: dict[str, str], *, links: bool = False
) -> list[Step]:
    """Topological; generic keys come late; nullable keys are given up where there is a cycle.

    With `links`, what closes a cycle of required keys is no reason to skip.
    """
    waiting = sorted(chosen, key=lambda m: (holds_generic_key(m), m._meta.label))
    steps: list[Step] = []
    done: set[Any] = set()
    while waiting:
        model = _next(waiting, done, chosen)
        if model is None and links:
            model = waiting[0]
        elif model is None:
            for stuck in waiting:
                skipped[stuck._meta.label] = "a cycle of required foreign keys"
            break
        later = {f.name for f in relations(model) if _pending(f, model, done, chosen)}
        steps.append(Step(model, chosen[model], frozenset(later)))
        waiting.remove(model)
        done.add(model)
    return steps


def _next(waiting: list[Any], done: set[Any], chosen: dict[Any, str]) -> Any:
    generic_last = [m for m in waiting if not holds_generic_key(m)] or waiting
    for candidates in (generic_last, waiting):
        for model in candidates:
            if not any(_pending(f, model, done, chosen) for f in relations(model)):
                return model
        possible = [
            model
            for model in candidates
            if not any(_pending(f, model, done, chosen) for f in required_relations(model))
        ]
        if possible:
            return min(
                possible,
                key=lambda m: sum(_pending(f, m, done, chosen) for f in relations(m)),
            )
    return None


def _pending(field: Any, model: Any, done: set[Any], chosen: dict[Any, str]) -> bool:
    """Whether a foreign key's rows are still to come; rows of a child fill its parents too."""
    target = field.related_model
    if target is model or target is None:
        return False
    return any(other in chosen and other not in done for other in (target,))
