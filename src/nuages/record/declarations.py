"""Where a file's classes stand, and what they assign, read from the code that Python compiled.

Not from its AST: CPython 3.11 counts how deep it is in building one for all threads together, so
that a tree built in the thread which writes snapshots ends a tree that the project, or pytest, is
building with SystemError (python/cpython#106905).
"""

from __future__ import annotations

import dis
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from inspect import CO_OPTIMIZED
from types import CodeType
from typing import NamedTuple

from nuages.record import spans

Span = tuple[int, int, int, int]  # lines from 1, columns in characters from 0; ends exclusive

_CLASS = re.compile(r"\s*(class)\s+(\w+)")
_NOT_A_VALUE = ("COPY", "SWAP", "STORE_", "CACHE", "EXTENDED_ARG", "NOP")


class Declared(NamedTuple):
    """A class statement."""

    line: int
    column: int
    assigned: dict[str, Span]  # name → `name = value` in its body


class _Loader(SourceFileLoader):
    """Takes the compiled code that is there, and keeps none where there is none."""

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Write nothing."""


@lru_cache(maxsize=256)
def classes(filename: str) -> dict[str, Declared]:
    """The classes of a file by qualified name; none of a file that can't be read."""
    source = spans.source(filename)
    if source is None:
        return {}
    try:
        code = _Loader("nuages_declarations", filename).get_code("nuages_declarations")
    except (SyntaxError, OSError, ValueError, ImportError):
        return {}
    found: dict[str, Declared] = {}
    for body in _bodies(code) if code is not None else ():
        begin = _begin(body, source.lines)
        if begin is not None:
            found.setdefault(body.co_qualname, Declared(*begin, _assigned(body, source.lines)))
    return found


def _bodies(code: CodeType) -> Iterator[CodeType]:
    """Bodies of classes, which are no functions, outer ones first."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if not constant.co_flags & CO_OPTIMIZED:
                yield constant
            yield from _bodies(constant)


def _begin(body: CodeType, lines: tuple[str, ...]) -> tuple[int, int] | None:
    """Line and column of a class statement, after its decorators."""
    for number in range(body.co_firstlineno, len(lines) + 1):
        found = _CLASS.match(lines[number - 1])
        if found is not None and found[2] == body.co_name:
            return number, found.start(1)
    return None


def _assigned(body: CodeType, lines: tuple[str, ...]) -> dict[str, Span]:
    found: dict[str, Span] = {}
    value: dis.Positions | None = None
    for instruction in dis.get_instructions(body):
        at = instruction.positions
        if instruction.opname == "STORE_NAME" and _is_name(at, instruction.argval) and value:
            span = _span(at, value, lines)
            if span is not None:
                found.setdefault(instruction.argval, span)
        elif instruction.opname.startswith("UNPACK_"):
            value = None  # what follows are names, each of a part of it
        elif not instruction.opname.startswith(_NOT_A_VALUE):
            value = at
    return found


def _is_name(at: dis.Positions | None, name: str) -> bool:
    """Whether a name alone is assigned to: a `def` or `import` stores its name as a whole."""
    if at is None or at.col_offset is None or at.end_col_offset is None:
        return False
    return at.lineno == at.end_lineno and at.end_col_offset - at.col_offset == len(name.encode())


def _span(name: dis.Positions | None, value: dis.Positions, lines: tuple[str, ...]) -> Span | None:
    """From the name to the end of its value, where that follows it."""
    if name is None or name.lineno is None or name.col_offset is None:
        return None
    if value.end_lineno is None or value.end_col_offset is None:
        return None
    begin, end = (name.lineno, name.col_offset), (value.end_lineno, value.end_col_offset)
    if not begin < end or end[0] > len(lines):
        return None
    return (
        begin[0],
        spans.characters(lines[begin[0] - 1], begin[1]),
        end[0],
        spans.characters(lines[end[0] - 1], end[1]),
    )
