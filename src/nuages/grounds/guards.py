"""On what it depends whether a part of a module is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Literal, TypeVar

from nuages.code import Module

Tests = tuple[ast.expr, ...]
N = TypeVar("N", bound=ast.AST)

DEBUGGING = re.compile(r"debug", re.IGNORECASE)


def guarded(module: Module, kind: type[N]) -> Iterator[tuple[N, Tests]]:
    """Every node of a kind, with the tests of the ifs around it, negated in their else."""
    return _walk(module.tree, kind, ())


def _walk(node: ast.AST, kind: type[N], tests: Tests) -> Iterator[tuple[N, Tests]]:
    if isinstance(node, kind):
        yield node, tests
    for child, inside in _children(node, tests):
        yield from _walk(child, kind, inside)


def _children(node: ast.AST, tests: Tests) -> Iterator[tuple[ast.AST, Tests]]:
    if not isinstance(node, ast.If):
        yield from ((child, tests) for child in ast.iter_child_nodes(node))
        return
    no = ast.UnaryOp(op=ast.Not(), operand=node.test)
    yield node.test, tests
    yield from ((child, (*tests, node.test)) for child in node.body)
    yield from ((child, (*tests, no)) for child in node.orelse)


def depends_on(tests: Tests) -> Literal["nothing", "debug", "no debug", "other"]:
    """Whether what stands there is executed where DEBUG is off."""
    found = {_meaning(test) for test in tests}
    if "debug" in found:
        return "debug"
    if "other" in found:
        return "other"
    return "no debug" if found else "nothing"


def _meaning(test: ast.expr) -> Literal["debug", "no debug", "other"]:
    is_negated = False
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, is_negated = test.operand, not is_negated
    is_name = isinstance(test, ast.Name | ast.Attribute)
    if not DEBUGGING.search(ast.unparse(test)):
        return "other"
    return "no debug" if is_name and is_negated else "debug"
