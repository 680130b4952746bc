"""The lines of source around a location, with its span marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile

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
        shown = range(start, end + 1)
        indent = _common_indent(_text(lines[number - 1]) for number in shown)
        quoted = [_line(number, lines[number - 1], location, indent) for number in shown]
        return tuple(_without_blank_edges(quoted))

    def _lines(self, key: str, file: str) -> list[list[Token]]:
        if key not in self._sources:
            return []
        if key not in self._highlighted:
            self._highlighted[key] = highlight(self._sources[key], file)
        return self._highlighted[key]


def _text(tokens: Iterable[Token]) -> str:
    return "".join(token.text for token in tokens)


def _common_indent(lines: Iterable[str]) -> int:
    """How many leading characters the lines can lose without losing their shape."""
    indents = [line[: len(line) - len(line.lstrip())] for line in lines if line.strip()]
    if not indents:
        return 0
    least, most = min(indents), max(indents)  # what these two share, all of them share
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(least, most, strict=False))
    return sum(1 for _ in alike)


def _without_blank_edges(lines: list[Line]) -> list[Line]:
    written = [i for i, line in enumerate(lines) if line.pieces or line.marked]
    return lines[written[0] : written[-1] + 1] if written else lines


def _line(number: int, tokens: list[Token], location: Location, indent: int) -> Line:
    text = _text(tokens)
    start, end = _span(number, text, location)
    window_start, window_end = _window(text, start, indent)
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
    if window_start > indent:
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


def _window(text: str, span_start: int, indent: int) -> tuple[int, int]:
    """The characters of a line that are shown: without the indent, and of a long line a part."""
    if len(text) - indent <= LINE_CHARACTERS:
        return min(indent, len(text)), len(text)
    far = span_start - indent > LINE_CHARACTERS - 40 and span_start < len(text)
    start = span_start - 40 if far else indent
    return start, min(len(text), start + LINE_CHARACTERS)
