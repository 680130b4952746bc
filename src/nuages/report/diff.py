"""A unified diff, line by line, with what changed within a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

DiffKind = Literal["header", "hunk", "added", "removed", ""]

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffLine:
    """One line of a diff, its sign included, and the part of it that differs from its peer."""

    text: str
    kind: DiffKind
    start: int = 0  # of the part that differs, in characters of `text`
    end: int = 0


def diff_lines(diff: str) -> list[DiffLine]:
    """The lines of a unified diff; a removed "--- x" is told from a header by the hunk's counts."""
    return [
        line
        for _, run in groupby(_kinds(diff), key=lambda line: line.kind in ("added", "removed"))
        for line in _paired(list(run))
    ]


def _kinds(diff: str) -> Iterator[DiffLine]:
    old = new = 0
    for text in diff.removesuffix("\n").split("\n") if diff else ():
        hunk = _HUNK.match(text)
        kind: DiffKind = "header"
        if old <= 0 and new <= 0 and hunk:
            old, new = (int(n if n is not None else 1) for n in hunk.groups())
            kind = "hunk"
        elif old > 0 or new > 0:
            sign = text[:1]
            kind = "added" if sign == "+" else "removed" if sign == "-" else ""
            old -= sign not in ("+", "\\")
            new -= sign not in ("-", "\\")
        elif text.startswith("\\"):  # "\ No newline at end of file"
            kind = ""
        yield DiffLine(text=text, kind=kind)


def _paired(run: list[DiffLine]) -> list[DiffLine]:
    """A run of as many removed as added lines with the differing part of each marked."""
    removed = [line for line in run if line.kind == "removed"]
    added = [line for line in run if line.kind == "added"]
    if len(removed) != len(added) or removed + added != run:
        return run
    pairs = [_differing(old, new) for old, new in zip(removed, added, strict=True)]
    return [old for old, _ in pairs] + [new for _, new in pairs]


def _differing(old: DiffLine, new: DiffLine) -> tuple[DiffLine, DiffLine]:
    start = 1 + _alike(old.text[1:], new.text[1:])
    tail = _alike(old.text[start:][::-1], new.text[start:][::-1])
    if start + tail < max(len(old.text), len(new.text)) / 3:  # little in common: another line
        return old, new
    return (
        replace(old, start=start, end=len(old.text) - tail),
        replace(new, start=start, end=len(new.text) - tail),
    )


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    differs = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differs, min(len(one), len(other)))
