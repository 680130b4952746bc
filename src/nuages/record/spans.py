"""From an instruction of a code object to the span of the expression in its file."""

from __future__ import annotations

import dis
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from types import CodeType
from typing import Literal, NamedTuple

Kind = Literal["call", "attribute", "subscript", "comparison", "iterate", "truth", "with", "await"]

_KINDS: dict[str, Kind] = {
    "CALL": "call", "CALL_FUNCTION_EX": "call", "CALL_KW": "call", "PRECALL": "call",
    "LOAD_ATTR": "attribute", "LOAD_METHOD": "attribute", "LOAD_SUPER_ATTR": "attribute",
    "STORE_ATTR": "attribute", "DELETE_ATTR": "attribute",
    "BINARY_SUBSCR": "subscript", "BINARY_SLICE": "subscript", "STORE_SUBSCR": "subscript",
    "DELETE_SUBSCR": "subscript", "STORE_SLICE": "subscript",
    "COMPARE_OP": "comparison", "CONTAINS_OP": "comparison", "IS_OP": "comparison",
    "GET_ITER": "iterate", "FOR_ITER": "iterate", "UNPACK_SEQUENCE": "iterate",
    "UNPACK_EX": "iterate", "LIST_EXTEND": "iterate", "SET_UPDATE": "iterate",
    "DICT_UPDATE": "iterate", "GET_YIELD_FROM_ITER": "iterate", "GET_AITER": "iterate",
    "GET_ANEXT": "iterate", "END_ASYNC_FOR": "iterate",
    "UNARY_NOT": "truth", "TO_BOOL": "truth",
    "BEFORE_WITH": "with", "BEFORE_ASYNC_WITH": "with", "WITH_EXCEPT_START": "with",
    "LOAD_SPECIAL": "with",
    "GET_AWAITABLE": "await",
}  # fmt: skip
_SUSPENDED = frozenset({"SEND", "YIELD_VALUE", "RESUME", "JUMP_BACKWARD_NO_INTERRUPT"})
_CACHE = dis.opmap["CACHE"]
_BINARY_SUBSCRIPT = 26  # the argument of BINARY_OP for a[b], from CPython 3.14 on
_NESTED = re.compile(r"(?:\.?<locals>)?\.?<(?:listcomp|dictcomp|setcomp|genexpr|lambda|module)>")


class Span(NamedTuple):
    """Lines are 1-based, columns 0-based characters; None where the code has no columns."""

    line: int
    column: int | None
    end_line: int | None
    end_column: int | None
    kind: Kind | None


class Source(NamedTuple):
    """A file as it is on disk."""

    digest: str  # SHA-256
    lines: tuple[str, ...]  # with their ends
    text: str


@lru_cache(maxsize=256)
def source(filename: str) -> Source | None:
    """The text of a Python file, None when it can't be read."""
    try:
        with open(filename, "rb") as file:
            data = file.read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None
    lines = io.StringIO(text, newline=None).read().splitlines(keepends=True)
    return Source(sha256(data).hexdigest(), tuple(lines), text)


def span(code: CodeType, lasti: int) -> Span:
    """The span of the instruction that was running; its line alone where that is all there is."""
    positions = list(code.co_positions())
    index = lasti // 2
    if not 0 <= index < len(positions):
        return Span(code.co_firstlineno, None, None, None, None)
    line, end_line, column, end_column = positions[index]
    kind = kind_of(code, lasti)
    if line is None:
        return Span(code.co_firstlineno, None, None, None, None)
    if end_line is None or column is None or end_column is None:
        return Span(line, None, None, None, kind)
    file = source(code.co_filename)
    if file is None or end_line > len(file.lines):
        return Span(line, None, None, None, kind)
    return Span(
        line,
        characters(file.lines[line - 1], column),
        end_line,
        characters(file.lines[end_line - 1], end_column),
        kind,
    )


def characters(text: str, column: int) -> int:
    """A column in UTF-8 bytes as one in characters."""
    return len(text.encode()[:column].decode(errors="ignore"))


def kind_of(code: CodeType, lasti: int) -> Kind | None:
    """What sort of expression the instruction evaluates."""
    before = _instructions_back_from(code.co_code, lasti)
    name, argument = next(before, ("", 0))
    if name in _SUSPENDED:
        return _kind_of_suspension(name for name, _ in islice(before, 5))
    if name.startswith(("POP_JUMP", "JUMP_IF")):
        return "truth"
    if name == "BINARY_OP" and argument == _BINARY_SUBSCRIPT:
        return "subscript"
    return _KINDS.get(name)


def _instructions_back_from(instructions: bytes, offset: int) -> Iterator[tuple[str, int]]:
    """Names and arguments of the instruction at an offset and those before it.

    An instruction that calls Python code may stand at the last of its CACHE entries.
    """
    for at in range(offset, -1, -2):
        if instructions[at] != _CACHE:
            yield dis.opname[instructions[at]], instructions[at + 1]


def _kind_of_suspension(before: Iterable[str]) -> Kind:
    """`await x`, or the wait inside `async for` or `async with`."""
    for name in before:
        if name in ("GET_ANEXT", "GET_YIELD_FROM_ITER"):
            return "iterate"
        if name in ("BEFORE_ASYNC_WITH", "LOAD_SPECIAL"):
            return "with"
    return "await"


def function_name(qualname: str) -> str:
    """A qualified name without comprehensions, lambdas and the module itself."""
    return _NESTED.sub("", qualname)
