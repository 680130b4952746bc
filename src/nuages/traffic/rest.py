"""What a Django REST framework endpoint says that it accepts, answering OPTIONS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEXTS = {
    "email": "visitor{unique}@example.com", "url": "https://example.com/", "slug": "text-{unique}",
    "date": "2026-01-15", "datetime": "2026-01-15T12:00:00Z", "time": "12:00:00",
    "uuid": "00000000-0000-4000-8000-000000000001",
}  # fmt: skip
_NUMBERS = frozenset(("integer", "float", "decimal"))


def accepted(answer: Mapping[str, str] | str, method: str = "POST") -> dict[str, Any] | None:
    """A body with every required field, from the metadata's `actions`; None where it has none."""
    try:
        told = json.loads(answer) if isinstance(answer, str) else answer
        fields = told["actions"][method]  # type: ignore[index]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(fields, Mapping):
        return None
    return {
        name: value_of(entry)
        for name, entry in fields.items()
        if isinstance(entry, Mapping) and entry.get("required") and not entry.get("read_only")
    }


def value_of(entry: Mapping[str, Any]) -> Any:
    """A value that a field accepts, as far as its metadata tells."""
    kind = entry.get("type")
    choices = entry.get("choices")
    if choices:
        return choices[0].get("value")
    if kind in _NUMBERS:
        return entry.get("min_value", 1)
    if kind == "boolean":
        return True
    if kind == "list":
        return []
    if kind == "nested object":
        children = entry.get("children") or {}
        return {name: value_of(child) for name, child in children.items() if child.get("required")}
    text = _TEXTS.get(str(kind), "text {unique}")
    most = entry.get("max_length")
    return text if not most or len(text) + 12 <= most else "text"[:most]
