"""The expression that a location stands for: what it calls, and what is around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.code import Code, Module
from nuages.model import Location

Function = ast.FunctionDef | ast.AsyncFunctionDef
Loop = ast.For | ast.AsyncFor | ast.While
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
COMPOUND = ast.For | ast.AsyncFor | ast.While | ast.If | ast.With | ast.AsyncWith
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(frozen=True)
class Expression:
    """A node of a module, and the nodes it is within, the module first."""

    module: Module
    node: ast.expr
    around: tuple[ast.AST, ...]

    @property
    def call(self) -> ast.Call | None:
        node = self.node.value if isinstance(self.node, ast.Await) else self.node
        return node if isinstance(node, ast.Call) else None

    @property
    def method(self) -> str:
        """The name of what is called, "" for no call by name."""
        function = self.call.func if self.call else None
        if isinstance(function, ast.Attribute):
            return function.attr
        return function.id if isinstance(function, ast.Name) else ""

    @property
    def receiver(self) -> ast.expr | None:
        """What the method is one of: `entry` in `entry.save()`."""
        function = self.call.func if self.call else None
        return function.value if isinstance(function, ast.Attribute) else None

    @property
    def function(self) -> Function | None:
        """The innermost `def` around it."""
        found = (node for node in reversed(self.around) if isinstance(node, Function))
        return next(found, None)

    @property
    def loop(self) -> Loop | Comprehension | None:
        """The innermost loop, in the same function, that comes back to it."""
        path = (*self.around, self.node)
        for depth in reversed(range(len(self.around))):
            node, inner = path[depth], path[depth + 1]
            if isinstance(node, SCOPES):
                return None
            if isinstance(node, Loop) and inner not in _asked_once(node):
                return node
            if isinstance(node, Comprehension) and not _is_first(path[depth + 1 :], node):
                return node
        return None

    @property
    def decorators(self) -> frozenset[str]:
        """Last names of the decorators of the function around it: "property", "receiver"."""
        nodes = self.function.decorator_list if self.function else []
        return frozenset(_last_name(node) for node in nodes)


def expression_at(code: Code, location: Location | None) -> Expression | None:
    """None where the code is not at hand, or does not stand there as it was recorded.

    The span of a chain of calls over several lines starts at the name of its last method; that of
    `for`, `while`, `if` and `with` may be the whole statement's.
    """
    module = code.module(location) if location is not None else None
    if module is None or location is None or location.column is None:
        return None
    start = (location.line, location.column)
    for node, around in reversed(list(_ending_at(module, module.tree, location, ()))):
        begins = module.location(node)
        if isinstance(node, ast.expr) and (begins.line, begins.column) <= start:
            return Expression(module, node, around)
        if isinstance(node, ast.stmt) and (begins.line, begins.column) == start:
            head = _head(node)
            return Expression(module, head, (*around, node)) if head else None
    return None


def names_bound_in(loop: Loop | Comprehension) -> frozenset[str]:
    """Names that each round of a loop gives another value."""
    if isinstance(loop, Comprehension):
        nodes: list[ast.AST] = [generator.target for generator in loop.generators]
    elif isinstance(loop, ast.While):
        nodes = [*loop.body, loop.test]
    else:
        nodes = [loop.target, *loop.body]
    return frozenset(
        inner.id
        for node in nodes
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    )


def locks_rows(node: ast.AST) -> bool:
    """Whether rows are asked for there to lock them, which SQLite's statements don't tell."""
    return any(
        isinstance(inner, ast.Attribute) and inner.attr == "select_for_update"
        for inner in ast.walk(node)
    )


def root_name(node: ast.expr | None) -> str:
    """The name that a chain of attributes, subscripts and calls starts with; "" for none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_first(path: tuple[ast.AST, ...], loop: Comprehension) -> bool:
    """Whether the way into a comprehension leads to what it goes through."""
    return len(path) > 1 and path[1] is loop.generators[0].iter


def _asked_once(loop: Loop) -> tuple[ast.AST, ...]:
    """Parts of a loop that run once: what it goes through, and its `else`."""
    first = () if isinstance(loop, ast.While) else (loop.iter,)
    return (*first, *loop.orelse)


def _head(statement: ast.stmt) -> ast.expr | None:
    """What a compound statement asks before it goes into its body."""
    if isinstance(statement, ast.For | ast.AsyncFor):
        return statement.iter
    if isinstance(statement, ast.While | ast.If):
        return statement.test
    if isinstance(statement, ast.With | ast.AsyncWith):
        return statement.items[0].context_expr
    return None


def _ending_at(
    module: Module, node: ast.AST, location: Location, around: tuple[ast.AST, ...]
) -> Iterator[tuple[ast.expr | ast.stmt, tuple[ast.AST, ...]]]:
    """Expressions, and statements with a body, that end where the location does; outer first."""
    end = location.end_line or location.line
    for child in ast.iter_child_nodes(node):
        first, last = getattr(child, "lineno", None), getattr(child, "end_lineno", None)
        if first is not None and last is not None and not first <= end <= last:
            continue
        if (
            isinstance(child, ast.expr | COMPOUND)
            and last == end
            and module.location(child).end_column == location.end_column
        ):
            yield child, (*around, node)
        yield from _ending_at(module, child, location, (*around, node))


def _last_name(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
