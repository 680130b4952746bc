"""Whether any loop in the project's text can lead to a line, or it is only called a few times."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nuages.cases import Case
from nuages.code import Code, Module
from nuages.grounds.expressions import Expression, Function, expression_at
from nuages.loops import Loop
from nuages.model import Location

LEVELS = 4  # of callers that are followed, by their names
ENOUGH = 5  # times in one execution: so often nobody writes a call
MANY = 10  # of a library, which goes over what is registered with it, however many rows there are


def is_loop(loop: Loop, case: Case) -> bool:
    """Whether it was no function that is only called a few times with different parameters."""
    most = loop.busiest.per_execution_max
    if loop.is_of_library:
        return most >= MANY
    return most >= ENOUGH or bool(loop.worst.trigger) or may_be_looped(case.code, loop.location)


def may_be_looped(code: Code, location: Location | None) -> bool:
    """False only where every way to a plain function is in sight, and none comes through a loop."""
    expression = expression_at(code, location)
    if expression is None or expression.function is None or expression.loop is not None:
        return True
    names, known = [expression.function], {expression.function.name}
    for _ in range(LEVELS):
        callers: list[Function] = []
        for function in names:
            if _answers_request(function):
                continue
            if not _is_plain(function) or _is_called_in_loop(code, function, callers):
                return True
        if known & {each.name for each in callers}:
            return True  # they call each other
        known |= {each.name for each in callers}
        names = callers
    return bool(names)


def _is_called_in_loop(code: Code, function: Function, callers: list[Function]) -> bool:
    """Whether it is, or is handed to somebody who may; adds those who call it."""
    found = False
    for module in code.matching(re.compile(rf"\b{re.escape(function.name)}\b")):
        for use in _uses(module, function.name):
            found = True
            if use.loop is not None or use.function is None or not _is_call(use):
                return True
            callers.append(use.function)
    return not found  # somebody calls it whom the text does not tell


def _uses(module: Module, name: str) -> Iterator[Expression]:
    for node, around in _nodes(module.tree, ()):
        is_it = isinstance(node, ast.Name) and node.id == name
        if is_it or (isinstance(node, ast.Attribute) and node.attr == name):
            assert isinstance(node, ast.expr)
            yield Expression(module, node, around)


def _nodes(
    node: ast.AST, around: tuple[ast.AST, ...]
) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    for child in ast.iter_child_nodes(node):
        yield child, (*around, node)
        yield from _nodes(child, (*around, node))


def _is_call(use: Expression) -> bool:
    parent = use.around[-1]
    return isinstance(parent, ast.Call) and parent.func is use.node


def _answers_request(function: Function) -> bool:
    """Whether Django calls it, once: a view, or a method of one."""
    names = [each.arg for each in function.args.posonlyargs + function.args.args]
    return "request" in names[:2]


def _is_plain(function: Function) -> bool:
    """Whether only calls by its name lead to it: nothing registers or inherits it."""
    arguments = function.args.posonlyargs + function.args.args
    is_method = bool(arguments) and arguments[0].arg in ("self", "cls")
    return not function.decorator_list and not is_method
