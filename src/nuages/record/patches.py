"""Patches of foreign code, each with its undo."""

from __future__ import annotations

from typing import Any

_ABSENT = object()


class Patches:
    """What was replaced, in order, so that it can be put back."""

    def __init__(self) -> None:
        self._undo: list[tuple[Any, str, Any, Any]] = []

    def replace(self, owner: Any, name: str, replacement: Any) -> None:
        """Set `owner.name`; the owner's own value, or that it had none, is remembered."""
        self._undo.append((owner, name, vars(owner).get(name, _ABSENT), replacement))
        setattr(owner, name, replacement)

    def undo(self) -> None:
        """Put everything back as it was found, the last replaced first.

        What somebody else has replaced meanwhile is theirs: it calls what it has found.
        """
        while self._undo:
            owner, name, value, replacement = self._undo.pop()
            if vars(owner).get(name, _ABSENT) is not replacement:
                continue
            if value is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, value)
