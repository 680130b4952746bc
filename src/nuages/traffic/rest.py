"""What a Django REST framework endpoint says that it accepts, answering OPTIONS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_TEXTS = {
    "email": "visitor{unique}@example.com", "url": "https://example.com/", "slug": "text-{unique}",
    "date": "2026-01-15", "datetime": "2026-01-15T12:00:00Z", "time": "12:00:00",
    "uuid": "00000000-0000-4000-8000-000000000001",
}  # fmt: skip
_NUMBERS = frozenset(("integer", "float", "decimal"))


def accepted(
    answer: Mapping[str, str] | str, related: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """A body with every required field, from the metadata's `actions`; None where it has none.

    `related` has keys of rows by what they are: "post" for those of /posts/<pk>/.
    """
    try:
        told = json.loads(answer) if isinstance(answer, str) else answer
        fields = told["actions"]["POST"]  # type: ignore[index]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(fields, Mapping):
        return None
    return {
        name: _key(name, related or {}) if _is_relation(entry) else value_of(entry)
        for name, entry in fields.items()
        if isinstance(entry, Mapping) and entry.get("required") and not entry.get("read_only")
    }


def keys_of_rows(paths: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The first key of each kind of row, by the folder that it is in, in the singular."""
    found: dict[str, str] = {}
    for route, known in paths.items():
        for folder, told, value in zip(
            route.split("/"), route.split("/")[1:], (known or [""])[0].split("/")[1:], strict=False
        ):
            if ("<" in told or "(" in told) and folder.isidentifier() and value:
                found.setdefault(_singular(folder), value)
    return found


def _is_relation(entry: Mapping[str, Any]) -> bool:
    """The metadata's word for a field of no type of its own, which relations are."""
    return entry.get("type") == "field" and not entry.get("choices")


def _key(name: str, related: Mapping[str, str]) -> str:
    for word in (name, name.removesuffix("_id"), name.rpartition("_")[2]):
        if _singular(word) in related:
            return related[_singular(word)]
    return "1"


def _singular(word: str) -> str:
    word = word.lower()
    return f"{word[:-3]}y" if word.endswith("ies") else word.removesuffix("s")


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
