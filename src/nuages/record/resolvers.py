"""GraphQL: whose field is being resolved, where only the executor of graphql-core is on the stack.

A resolver that returns a queryset is gone by the time that its rows are fetched.
"""

from __future__ import annotations

from functools import partial
from types import CodeType, FrameType, ModuleType
from typing import Any

from nuages.record import classes, landmarks, sites

DEPTH = 5  # of what libraries wrap resolvers in

is_used = False  # most projects have no GraphQL, and need no look at their stacks for it


def mark(module: ModuleType) -> None:
    """Make known the frames of graphql.execution.execute, which graphene and others stand on."""
    global is_used
    is_used = True
    landmarks.add(module.ExecutionContext.execute_field, landmarks.RESOLVER)


def site_in_stack(start: FrameType, end: FrameType | None) -> int:
    """The innermost field's resolver that the project has written, else the type it is of."""
    frame: FrameType | None = start if is_used else None
    while frame is not None and frame is not end:
        if landmarks.roles.get(id(frame.f_code), (0, None))[0] == landmarks.RESOLVER:
            site = _site_of_field(frame.f_locals)
            if site:
                return site
        frame = frame.f_back
    return 0


def _site_of_field(values: dict[str, Any]) -> int:
    code = _own_code(getattr(values.get("field_def"), "resolve", None))
    if code is not None:
        return sites.of_function(code)
    made_of = getattr(values.get("parent_type"), "graphene_type", None)
    return classes.site_of_class(made_of) if isinstance(made_of, type) else 0


def _own_code(resolver: Any, depth: int = 0) -> CodeType | None:
    """The project's function in a resolver, which libraries hand on as an argument."""
    if isinstance(resolver, partial):
        inner = (resolver.func, *resolver.args) if depth < DEPTH else ()
        return next((code for each in inner if (code := _own_code(each, depth + 1))), None)
    code = getattr(getattr(resolver, "__func__", resolver), "__code__", None)
    is_own = isinstance(code, CodeType) and landmarks.is_project_file(code.co_filename)
    return code if is_own else None
