"""A few of the rows that were made, read back by the ORM and judged by the models' own words."""

from __future__ import annotations

from collections import Counter
from typing import Any

from nuages.agent.fill.order import Step

READ = 1000  # rows: that the fields' own code takes what the database holds


def judged(step: Step, size: int) -> dict[str, Any]:
    """{"read": rows read, "refused": {why: rows whose full_clean() says so}}.

    The first and the last rows are read, and `size` of them judged.
    """
    try:
        first, last = _read(step, READ // 2)
    except Exception as error:
        return {"read": 0, "refused": {f"{type(error).__name__} when read: {error}"[:160]: 1}}
    sample = {row.pk: row for row in (*first[: size // 2], *last[: size // 2])}
    read = len({row.pk for row in (*first, *last)})
    return {"read": read, "refused": _refused(step, list(sample.values()))}


def _read(step: Step, size: int) -> tuple[list[Any], list[Any]]:
    rows = step.model._base_manager.using(step.alias)
    return list(rows.order_by("pk")[:size]), list(rows.order_by("-pk")[:size])


def _refused(step: Step, rows: list[Any]) -> dict[str, int]:
    from django.core.exceptions import ValidationError

    refused: Counter[str] = Counter()
    for row in rows:
        try:
            row.full_clean(exclude=_kept_by_library(step.model))
        except ValidationError as error:
            refused.update(_reasons(error))
        except Exception as error:  # a clean() that needs more than a row by itself has
            refused[f"{type(error).__name__} in full_clean(): {error}"[:160]] += 1
    return dict(refused)


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
