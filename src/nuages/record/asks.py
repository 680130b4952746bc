"""What is asked of results that are loaded: how many rows, whether there are any, the rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType, ModuleType
from typing import Any

from nuages.record import faults, fields, uses
from nuages.record.fields import READ
from nuages.record.lineage import current
from nuages.record.patches import Patches

# What a queryset's own methods make of a result that it holds; by any other the rows are had.
OF_CALLER = {"__len__": uses.COUNTED, "__bool__": uses.TESTED}
OF_RESULT = {
    "count": uses.COUNTED, "exists": uses.TESTED, "contains": uses.ITERATED,
    "__getitem__": uses.ITERATED,
}  # fmt: skip


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.models.query: these answer from a result without fetching it."""
    for name, what in OF_RESULT.items():
        patches.replace(module.QuerySet, name, _answering(getattr(module.QuerySet, name), what))


def hook_relations(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.models.fields.mixins: every single-valued relation is followed by it."""
    mixin = module.FieldCacheMixin
    patches.replace(mixin, "get_cached_value", _following(mixin.get_cached_value))


def of_caller(queryset: Any, caller: FrameType) -> None:
    """A frame has a queryset's result fetched, or at hand. What Django's own code makes of its
    own querysets, as `get()` does with `len()`, nobody has asked.
    """
    try:
        code, asker = caller.f_code, caller.f_back
        if asker is None or asker.f_code.co_filename != code.co_filename:
            _note(queryset, OF_CALLER.get(code.co_name, uses.ITERATED))
    except Exception:
        faults.note()


def of_prefetch(found: Any, lookup: Any, level: int) -> None:
    """A prefetch has brought instances; where they became attributes nobody sees them read."""
    rows = found[0]
    if rows and lookup.get_current_to_attr(level)[1]:
        uses.ask(rows[0]._state, uses.REACHED)


def _note(queryset: Any, what: str) -> None:
    rows = queryset._result_cache
    state = getattr(rows[0], "_state", None) if rows else None
    if state is not None and not current.is_matching:
        uses.ask(state, what)


def _answering(original: Callable[..., Any], what: str) -> Callable[..., Any]:
    @wraps(original)
    def answer(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            asker = sys._getframe(1).f_code
            if self._result_cache and asker.co_filename != original.__code__.co_filename:
                _note(self, what)
        except Exception:
            faults.note()
        return original(self, *args, **kwargs)

    return answer


def _following(original: Callable[..., Any]) -> Callable[..., Any]:
    reached = fields.bit_of(uses.REACHED)

    @wraps(original)
    def get_cached_value(self: Any, instance: Any, *args: Any, **kwargs: Any) -> Any:
        value = original(self, instance, *args, **kwargs)
        if value is None:
            return value
        try:
            state = value.__dict__["_state"]
            if not getattr(state, READ) & reached and not current.is_matching:
                uses.reach(state)
        except (AttributeError, KeyError, TypeError):  # a default, or what is no model's instance
            pass
        except Exception:
            faults.note()
        return value

    return get_cached_value
