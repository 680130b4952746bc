"""The lines of source around a location, with its span marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nuages.model import Location
from nuages.report.highlight import Token, highlight

CONTEXT_LINES = 3  # before and after the span
SPAN_LINES = 14  # of a longer span, its first ones
LINE_CHARACTERS = 180  # of a longer line, those around the span


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Characters of one kind, inside the span or outside it."""

    kind: str  # as in highlight.Token
    text: str
    marked: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of an excerpt."""

    number: int  # 1-based
    marked: bool  # whether the span touches it
    pieces: tuple[Piece, ...]


class Excerpts:
    """Excerpts of some sources; a file is highlighted once however often it is quoted."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._highlighted: dict[str, list[list[Token]]] = {}

    def around(self, location: Location, *, context: int = CONTEXT_LINES) -> tuple[Line, ...]:
        """The lines around a location; () when its file or its line is not in the sources."""
        lines = self._lines(f"{location.root}:{location.file}", location.file)
        if not 1 <= location.line <= len(lines):
            return ()
        last = max(location.line, location.end_line or location.line)
        start = max(1, location.line - context)
        end = min(len(lines), last + context, location.line + SPAN_LINES)
        return tuple(_line(number, lines[number - 1], location) for number in range(start, end + 1))

    def _lines(self, key: str, file: str) -> list[list[Token]]:
        if key not in self._sources:
            return []
        if key not in self._highlighted:
            self._highlighted[key] = highlight(self._sources[key], file)
        return self._highlighted[key]


def _line(number: int, tokens: list[Token], location: Location) -> Line:
    text = "".join(token.text for token in tokens)
    start, end = _span(number, text, location)
    window_start, window_end = _window(text, start)
    pieces = []
    offset = 0
    for token in tokens:
        for low, high, marked in (
            (window_start, min(start, window_end), False),
            (start, min(end, window_end), True),
            (max(end, window_start), window_end, False),
        ):
            cut = token.text[max(low - offset, 0) : max(high - offset, 0)]
            if cut:
                pieces.append(Piece(kind=token.kind, text=cut, marked=marked))
        offset += len(token.text)
    if window_start:
        pieces.insert(0, Piece(kind="", text="… ", marked=False))
    if window_end < len(text):
        pieces.append(Piece(kind="", text=" …", marked=False))
    return Line(number=number, marked=start < end, pieces=tuple(pieces))


def _span(number: int, text: str, location: Location) -> tuple[int, int]:
    """The characters of the line that the span covers; without columns, the whole line."""
    end_line = location.end_line or location.line
    indent = len(text) - len(text.lstrip())
    outside = len(text), len(text)
    if not location.line <= number <= end_line:
        return outside
    start, end = indent, len(text.rstrip())
    if location.column is not None and location.end_column is not None:
        start = location.column if number == location.line else indent
        end = location.end_column if number == end_line else end
    return (start, min(end, len(text))) if 0 <= start < min(end, len(text)) else outside


def _window(text: str, span_start: int) -> tuple[int, int]:
    """The characters of a long line that are shown."""
    if len(text) <= LINE_CHARACTERS:
        return 0, len(text)
    start = span_start - 40 if LINE_CHARACTERS - 40 < span_start < len(text) else 0
    return start, min(len(text), start + LINE_CHARACTERS)
