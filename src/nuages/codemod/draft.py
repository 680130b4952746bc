"""A source text under edit, in which positions of the original can still be found."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from functools import lru_cache

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from nuages.codemod import Refusal

BOM = "\ufeff"
# The line ends that Python and LibCST know; str.splitlines knows more (form feeds, U+2028).
NEWLINE = re.compile(r"\r\n|\r|\n")
SIMPLE_STRING = re.compile(r"""(?<!["'\w])(["'])(?!\1)[^"'\\\n]*\1""")


@dataclass(frozen=True, slots=True)
class Change:
    """New text at an offset, in place of so many characters; several at one keep their order."""

    offset: int
    text: str
    removed: int = 0


class Syntax:
    """One top-level statement of a text, parsed: nodes, parents, offsets in the whole text."""

    def __init__(self, text: str, start: int, stop: int) -> None:
        self.text = text
        module = _parsed(text[start:stop])
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = wrapper.module
        self._ranges = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._starts = [start + offset for offset in line_starts(text[start:stop])]

    def nodes(self) -> Iterable[tuple[cst.CSTNode, CodeRange]]:
        return self._ranges.items()

    def whole(self) -> Syntax:
        """All of the text that the statement is of."""
        return whole(self.text)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        return self._parents.get(node)

    def range(self, node: cst.CSTNode) -> CodeRange:
        return self._ranges[node]

    def offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def start(self, node: cst.CSTNode) -> int:
        position = self._ranges[node].start
        return self.offset(position.line, position.column)

    def end(self, node: cst.CSTNode) -> int:
        position = self._ranges[node].end
        return self.offset(position.line, position.column)

    def code(self, node: cst.CSTNode) -> str:
        return self.module.code_for_node(node)

    def indentation(self, offset: int) -> str | None:
        """The white space before `offset`, or None when something else stands on its line."""
        before = self.text[self._line_start(offset) : offset]
        return None if before.strip() else before

    def line_indentation(self, offset: int) -> str:
        """The indentation of the line that `offset` is on."""
        line = self.text[self._line_start(offset) : offset]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def line_end(self, offset: int) -> int:
        """Where the line of `offset` ends, before its line break."""
        found = NEWLINE.search(self.text, offset)
        return found.start() if found else len(self.text)

    def newline(self) -> str:
        found = NEWLINE.search(self.text)
        return found.group() if found else "\n"

    def quote(self) -> str:
        """The quotes that the file uses most for plain strings, double ones on a tie."""
        quotes = [match.group(1) for match in SIMPLE_STRING.finditer(self.text)]
        return "'" if quotes.count("'") > len(quotes) / 2 else '"'

    def _line_start(self, offset: int) -> int:
        before = [match.end() for match in NEWLINE.finditer(self.text, 0, offset)]
        return before[-1] if before else 0


def whole(text: str) -> Syntax:
    return Syntax(text, 1 if text.startswith(BOM) else 0, len(text))


class Draft:
    """A text that takes several edits, each given by positions in the original."""

    def __init__(self, original: str) -> None:
        self.original = original
        self.text = original
        self._changes: list[Change] = []  # offsets in the text as it was at that time
        self._starts = line_starts(original)
        self._statements = list(statement_starts(original))  # offsets in the present text

    def copy(self) -> Draft:
        """Another that has the same edits so far."""
        twin = copy(self)
        twin._changes, twin._statements = [*self._changes], [*self._statements]
        return twin

    def syntax(self, line: int) -> Syntax:
        """The top-level statement that a line of the original belongs to.

        Parsing that alone, and not the file, makes an edit ten times as fast in a long file.
        """
        offset = self.offset(line, 0)
        index = max(bisect_right(self._statements, offset) - 1, 0)
        bounds = [*self._statements, len(self.text)]
        return Syntax(self.text, bounds[index], bounds[index + 1])

    def whole(self) -> Syntax:
        """All of the text as it is now."""
        return whole(self.text)

    def change(self, changes: Iterable[Change]) -> None:
        """Make all; their offsets are in the present text, and none overlaps another."""
        pending = sorted(changes, key=lambda change: change.offset)
        for change in reversed(pending):
            at, longer = change.offset, len(change.text) - change.removed
            self.text = self.text[:at] + change.text + self.text[at + change.removed :]
            self._changes.append(change)
            self._statements = [s if s <= at else s + longer for s in self._statements]

    def offset(self, line: int, column: int) -> int:
        """Where the end of a span of the original is now.

        What was inserted exactly at that end came after the span, so it does not move it. Refusal
        where another edit has replaced what stood there.
        """
        if not 1 <= line <= len(self._starts):
            raise Refusal(f"line {line} is beyond the end of the file")
        bom = 1 if line == 1 and self.original.startswith(BOM) else 0
        offset = self._starts[line - 1] + column + bom
        for change in self._changes:
            if change.offset < offset < change.offset + change.removed:
                raise Refusal("another edit replaces the expression")
            if change.offset < offset:
                offset += len(change.text) - change.removed
        return offset


@lru_cache(maxsize=64)
def statement_starts(text: str) -> tuple[int, ...]:
    """Where the top-level statements of a text start, the comments above them included."""
    start = 1 if text.startswith(BOM) else 0
    module = _parsed(text[start:])
    offset = start + sum(len(module.code_for_node(line)) for line in module.header)
    starts = []
    for statement in module.body:
        starts.append(offset)
        offset += len(module.code_for_node(statement))
    return tuple(starts) or (start,)


def _parsed(text: str) -> cst.Module:
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise Refusal(f"the file does not parse: {error.message}") from error


def line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in NEWLINE.finditer(text))]
