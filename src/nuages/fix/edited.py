"""What a run edited, and where lines of the old text are in the new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from nuages.model import Location


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The old and the new text of every file that a run edited, by "label:file"."""

    old: Mapping[str, str]
    new: Mapping[str, str]

    def lines(self, place: Location) -> range:
        """The lines of the new text that stand for a place, with what was put next to it."""
        key = f"{place.root}:{place.file}"
        end = place.end_line or place.line
        if key not in self.new:
            return range(place.line, end + 1)
        return moved(self.old[key], self.new[key], place.line, end)

    def is_new(self, place: Location | None) -> bool:
        """Whether a place of the new version is on a line that was edited or added."""
        return place is not None and place.line in self._added.get(f"{place.root}:{place.file}", ())

    @cached_property
    def _added(self) -> Mapping[str, frozenset[int]]:
        return {key: added(self.old.get(key, ""), new) for key, new in self.new.items()}


def moved(old: str, new: str, first: int, last: int) -> range:
    """The lines of `new` that lines `first` to `last` of `old` became, neighbours included."""
    matcher = SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False)
    low, high = None, 0
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        touches = i1 < last and i2 >= first if tag != "insert" else first - 1 <= i1 <= last
        if not touches:
            continue
        if tag == "equal":
            j1, j2 = j1 + max(first - 1 - i1, 0), j2 - max(i2 - last, 0)
        if j1 < j2:
            low, high = (j1 if low is None else min(low, j1)), max(high, j2)
    return range((low or 0) + 1, high + 1)


def added(old: str, new: str) -> frozenset[int]:
    """The lines of `new` that `old` does not have."""
    matcher = SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False)
    return frozenset(
        line + 1
        for tag, _, _, j1, j2 in matcher.get_opcodes()
        if tag in ("insert", "replace")
        for line in range(j1, j2)
    )
