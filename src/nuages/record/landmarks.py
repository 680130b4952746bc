"""Frames worth knowing when a stack is walked: each known code object has a role."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType
from typing import Any

from nuages.record.ownership import Ownership

# What a file is to a walk, by co_filename (hashing a code object would be slow).
FOREIGN, PROJECT, LANDMARK, JINJA = 0, 1, 2, 3

FILES = 50_000  # told apart; code made at run time may come in a file of its own each time

# What a known code object is to a walk.
STOP = 1  # the recorder's scope or Django's handler: callers are not to blame
THREAD = 2  # the start of work handed to another thread: its caller was noted there
TEMPLATE_NODE = 3
SERIALIZER = 4
COMPILER = 5  # executes a query that carries its creation
OPERATION = 6  # a method of QuerySet; says the shape
RELATION = 7  # an access to an instance's relation
PREFETCH = 8
RESPONSE = 9  # renders what a view returned
RENDERING = 10  # renders a template
RESOLVER = 11  # resolves a field of GraphQL

kinds: dict[str, int] = {}
roles: dict[int, tuple[int, Any]] = {}  # id of a code object → role and what belongs to it
_kept: list[CodeType] = []  # so that the ids stay taken
_ownership = Ownership({})


def set_ownership(ownership: Ownership) -> None:
    """Forget what was known of files and judge by these roots from now on."""
    global _ownership
    _ownership = ownership
    forget_files()


def forget_files() -> None:
    for filename in [name for name, kind in list(kinds.items()) if kind != LANDMARK]:
        kinds.pop(filename, None)


def place(filename: str) -> tuple[str, str] | None:
    """Label and path of a project's file, see Ownership."""
    return _ownership.place(filename)


def is_project_file(filename: str) -> bool:
    return _ownership.place(filename) is not None


def add(target: Any, role: int, extra: Any = None) -> None:
    """Give the code of a function, method or property a role; others are left alone."""
    code = code_of(target)
    if code is not None:
        kinds[code.co_filename] = LANDMARK
        roles[id(code)] = (role, extra)
        _kept.append(code)


def code_of(target: Any) -> CodeType | None:
    """The code of a function, however wrapped: staticmethod, property, code object itself."""
    if isinstance(target, CodeType):
        return target
    for name in ("__func__", "fget", "func"):
        target = getattr(target, name, None) or target
    code = getattr(target, "__code__", None)
    return code if isinstance(code, CodeType) else None


def inner_codes(function: Any, *names: str) -> Iterator[CodeType]:
    """Code objects of these names defined anywhere inside a function's body."""
    code = code_of(function)
    for constant in code.co_consts if code else ():
        if isinstance(constant, CodeType):
            if constant.co_name in names:
                yield constant
            yield from inner_codes(constant, *names)


def classify(code: CodeType, module_globals: dict[str, Any]) -> int:
    """The kind of a file seen for the first time."""
    filename = code.co_filename
    if "__jinja_template__" in module_globals:
        kind = JINJA
    elif filename.endswith(".py") and is_project_file(filename):
        kind = PROJECT
    else:
        kind = FOREIGN
    if len(kinds) >= FILES:
        forget_files()
    kinds[filename] = kind
    return kind
