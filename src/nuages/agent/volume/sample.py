"""A few of the rows that were made, read back by the ORM and judged by the models' own words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from nuages.agent.fill.order import Step


def judged(step: Step, size: int) -> dict[str, Any]:
    """{"read": rows read, "refused": {why: rows whose full_clean() says so}}."""
    from django.core.exceptions import ValidationError

    rows = step.model._base_manager.using(step.alias)
    half = size // 2
    sample = {row.pk: row for order in ("pk", "-pk") for row in rows.order_by(order)[:half]}
    refused: Counter[str] = Counter()
    for row in sample.values():
        try:
            row.full_clean(exclude=_kept_by_library(step.model))
        except ValidationError as error:
            refused.update(_reasons(error))
        except Exception as error:  # a clean() that needs more than a row by itself has
            refused[f"{type(error).__name__} in full_clean(): {error}"[:160]] += 1
    return {"read": len(sample), "refused": dict(refused)}


def _kept_by_library(model: Any) -> set[str]:
    """Columns whose fields refuse what the database holds: file names that are longer, say."""
    return {field.name for field in model._meta.concrete_fields if not field.editable}


def _reasons(error: Any) -> list[str]:
    if not hasattr(error, "error_dict"):
        return [str(message)[:120] for message in error.messages]
    return [
        f"{name}: {each.code or 'invalid'}"
        for name, errors in error.error_dict.items()
        for each in errors
    ]
