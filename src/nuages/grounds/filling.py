"""Whether code looks first if something is there: caches that fill themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from nuages.code import Module
from nuages.grounds.reach import Function, dotted, functions


def is_guarded(node: Function, name: str) -> bool:
    """Whether a function looks first whether it is there already: it fills a cache."""
    for inner in ast.walk(node):
        tests: list[ast.expr] = []
        if isinstance(inner, ast.If | ast.IfExp | ast.While):
            tests = [inner.test]
        elif isinstance(inner, ast.Try):
            caught = {dotted(h.type) for h in inner.handlers if h.type is not None}
            if caught & {"KeyError", "LookupError", "NameError"} and reads(inner.body, name):
                return True
        if any(_asks_for(test, name) for test in tests):
            return True
    return any(_looks_up(inner, name) for inner in ast.walk(node))


def _looks_up(call: ast.AST, name: str) -> bool:
    """`NAME.get(key)`; with a default it rather counts."""
    if not isinstance(call, ast.Call) or len(call.args) != 1:
        return False
    function = call.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr == "get"
        and (last_name(function.value) == name)
    )


def _asks_for(test: ast.expr, name: str) -> bool:
    """`key not in NAME`, `key in NAME`, or what `_asks_whether_filled`."""
    for part in ast.walk(test):
        if isinstance(part, ast.Compare) and len(part.ops) == 1:
            is_in = isinstance(part.ops[0], ast.In | ast.NotIn)
            if is_in and last_name(part.comparators[0]) == name:
                return True
    return _asks_whether_filled(test, name)


def _asks_whether_filled(test: ast.expr, name: str) -> bool:
    """`NAME is None`, `not NAME`, `NAME`, and any of these beside other conditions."""
    if isinstance(test, ast.BoolOp):
        return any(_asks_whether_filled(value, name) for value in test.values)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return isinstance(test.ops[0], ast.Is | ast.IsNot | ast.Eq) and last_name(test.left) == name
    bare = test.operand if isinstance(test, ast.UnaryOp) else test
    return not isinstance(bare, ast.Call) and last_name(bare) == name


def filled_once(module: Module, names: Iterable[str]) -> set[str]:
    """Names that some function fills when it finds them empty, whichever does the filling."""
    tests = [
        inner.test
        for node in functions(module).values()
        for inner in ast.walk(node)
        if isinstance(inner, ast.If)
    ]
    return {name for name in names if any(_asks_whether_filled(test, name) for test in tests)}


def reads(body: Sequence[ast.AST], name: str) -> bool:
    return any(isinstance(part, ast.Name) and part.id == name for s in body for part in ast.walk(s))


def held_name(target: ast.expr) -> str:
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def last_name(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else held_name(node)
