"""Sites: places in the project's code, captured as integers, resolved when written out."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import islice
from types import CodeType
from typing import Any

from nuages.record import spans
from nuages.record.interning import Table

LIMIT = 10_000  # a process

CO_VARARGS = 0x04
CO_VARKEYWORDS = 0x08


@dataclass(frozen=True, slots=True)
class CodeSite:
    """An instruction of a code object."""

    code: CodeType
    lasti: int


@dataclass(frozen=True, slots=True)
class ClassSite:
    """A class statement, or with `code` a function's, found again in the file's text."""

    filename: str
    qualname: str
    code: CodeType | None = None


@dataclass(frozen=True, slots=True)
class TemplateSite:
    """A line of a template."""

    filename: str
    name: str  # as the template loader knows it
    line: int


@dataclass(frozen=True, slots=True)
class FieldSite:
    """A field of a serializer class, which an ancestor may have declared."""

    filename: str
    qualname: str
    field: str
    ancestors: tuple[tuple[str, str], ...]  # file and qualified name, the class itself first


Site = CodeSite | ClassSite | TemplateSite | FieldSite

table: Table[Site] = Table("sites", LIMIT)
wrappers: set[int] = set()  # sites in what takes anything and lives in a function: a decorator


def of_frame(code: CodeType, lasti: int) -> int:
    # The table holds the code object, so that its id stays taken. Hashing it would be slow.
    found = table.numbers.get((id(code), lasti))
    return found if found is not None else _of_new_frame(code, lasti)


def _of_new_frame(code: CodeType, lasti: int) -> int:
    """One number for one span and kind: an instruction stands elsewhere once it has been
    specialised (at its last CACHE), and a `finally` is compiled twice.
    """
    if table.is_full():
        return 0
    span = next(islice(code.co_positions(), lasti // 2, None), None)
    wrapper = CO_VARARGS | CO_VARKEYWORDS
    is_wrapper = code.co_flags & wrapper == wrapper and ".<locals>." in code.co_qualname
    key = (id(code), span, spans.kind_of(code, lasti))
    found = table.number(key, CodeSite(code, lasti))
    if is_wrapper:
        wrappers.add(found)
    if found:
        table.numbers[id(code), lasti] = found
    return found


def of_class(cls: type) -> int:
    filename = module_file(cls)
    return table.number((filename, cls.__qualname__), ClassSite(filename, cls.__qualname__))


def of_function(code: CodeType) -> int:
    site = ClassSite(code.co_filename, code.co_qualname, code)
    return table.number((id(code), "def"), site)


def of_template(filename: str, line: int) -> int:
    """The number of a template's line, 0 when it is new."""
    return table.numbers.get((filename, line), 0)


def of_new_template(filename: str, name: str, line: int) -> int:
    return table.number((filename, line), TemplateSite(filename, name, line))


def of_field(cls: type, field: str) -> int:
    filename = module_file(cls)
    key = (filename, cls.__qualname__, field)
    found = table.numbers.get(key)
    if found is None:
        ancestors = tuple((module_file(c), c.__qualname__) for c in cls.__mro__[:-1])
        found = table.number(key, FieldSite(*key, ancestors))
    return found


def module_file(cls: Any) -> str:
    """The file a class was defined in; its module's name as a path when there is none."""
    name = getattr(cls, "__module__", "") or ""
    module = sys.modules.get(name)
    return getattr(module, "__file__", None) or name.replace(".", "/") + ".py"
