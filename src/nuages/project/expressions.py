"""What a script such as manage.py does to the environment and to sys.path, read and not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, product
from pathlib import Path

MOST = 16  # values that one expression may have; more say nothing
DEEPEST = 8  # names that stand for names
LOOKUPS = frozenset({"get", "getenv", "config", "env", "str", "pop", "environ"})


@dataclass
class Script:
    """A script's effects: candidates for each variable, the likeliest first."""

    variables: dict[str, list[str]] = field(default_factory=dict)
    sys_path: list[Path] = field(default_factory=list)


def read(path: Path, environment: Mapping[str, str]) -> Script:
    """Read a script; what cannot be parsed has no effects."""
    try:
        module = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return Script()
    reader = _Reader(path, environment)
    reader.visit(module)
    for name, (expression, _) in reader.settled():
        known = reader.script.variables.setdefault(name, [])
        known += [value for value in reader.values(expression) if value not in known]
    return reader.script


class _Reader(ast.NodeVisitor):
    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.script = Script()
        self._path = path
        self._environment = environment
        self._names: dict[str, list[ast.expr]] = {}
        self._found: list[tuple[str, tuple[ast.expr, bool]]] = []
        self._in_tests = 0

    def settled(self) -> Iterator[tuple[str, tuple[ast.expr, bool]]]:
        """Values by variable; those that hold only in a test run come last."""
        return iter(sorted(self._found, key=lambda found: found[1][1]))

    def visit_If(self, node: ast.If) -> None:
        code = ast.unparse(node.test)
        is_of_tests = "test" in code and "not in" not in code
        self.visit(node.test)
        self._in_tests += is_of_tests
        for statement in node.body:
            self.visit(statement)
        self._in_tests -= is_of_tests
        for statement in node.orelse:
            self.visit(statement)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._names.setdefault(target.id, []).append(node.value)
            elif key := self._environ_key(target):
                self._found.append((key, (node.value, bool(self._in_tests))))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        arguments = _arguments(node)
        match node.func:
            case ast.Attribute(attr="setdefault") if len(arguments) == 2:
                for key in self.values(arguments[0]):
                    self._found.append((key, (arguments[1], bool(self._in_tests))))
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="sys"), attr="path"),
                attr="append" | "insert" | "extend",
            ) if arguments:
                self._add_path(arguments[-1])
        self.generic_visit(node)

    def _environ_key(self, target: ast.expr) -> str:
        match target:
            case ast.Subscript(
                value=ast.Attribute(attr="environ") | ast.Name(id="environ"), slice=key
            ):
                return next(iter(self.values(key)), "")
        return ""

    def _add_path(self, expression: ast.expr) -> None:
        words = [
            part.value
            for node in self._resolved(expression)
            for part in ast.walk(node)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        folder = self._path.parent
        for path in (folder.joinpath(*words), *(folder / word for word in words)):
            if path.is_dir() and path.resolve() not in self.script.sys_path:
                self.script.sys_path.append(path.resolve())
                return

    def _resolved(self, expression: ast.expr) -> Iterator[ast.expr]:
        for found in ast.walk(expression):
            if isinstance(found, ast.Name):
                yield from self._names.get(found.id, [])
        yield expression

    def values(self, node: ast.expr, depth: int = 0) -> list[str]:
        """The strings that an expression may be, the likeliest first; none when unknown."""
        if depth > DEEPEST:
            return []
        found = list(dict.fromkeys(self._values(node, depth + 1)))
        return found if len(found) <= MOST else []

    def _values(self, node: ast.expr, depth: int) -> Iterator[str]:
        match node:
            case ast.Constant(value=str() as text):
                yield text
            case ast.JoinedStr(values=parts):
                yield from map("".join, product(*(self._part(part, depth) for part in parts)))
            case ast.BinOp(op=ast.Add() | ast.Mod()):
                yield from self._joined(node, depth)
            case ast.BoolOp(values=options):
                yield from chain.from_iterable(self.values(option, depth) for option in options)
            case ast.IfExp():
                yield from (*self.values(node.orelse, depth), *self.values(node.body, depth))
            case ast.Name():
                meant = reversed(self._names.get(node.id, []))
                yield from chain.from_iterable(self.values(value, depth) for value in meant)
            case ast.Subscript():
                yield from filter(None, [self._environment.get(self._environ_key(node))])
            case ast.Call():
                yield from self._called(node, depth)

    def _joined(self, node: ast.BinOp, depth: int) -> Iterator[str]:
        for left, right in product(self.values(node.left, depth), self.values(node.right, depth)):
            is_sum = isinstance(node.op, ast.Add)
            yield left + right if is_sum else left.replace("%s", right)

    def _part(self, part: ast.expr, depth: int) -> list[str]:
        return self.values(part.value if isinstance(part, ast.FormattedValue) else part, depth)

    def _called(self, node: ast.Call, depth: int) -> Iterator[str]:
        """`environ.get("X", default)` and its like, `"…{}".format(x)`, `x.lower()`."""
        if not isinstance(node.func, ast.Name | ast.Attribute):
            return
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        arguments = _arguments(node)
        if isinstance(node.func, ast.Attribute) and name in ("format", "lower", "strip"):
            patterns = self.values(node.func.value, depth)
            values = [self.values(argument, depth) for argument in arguments]
            for pattern, words in product(patterns, product(*values)):
                yield pattern.lower() if name == "lower" else pattern.replace("{}", "".join(words))
        elif name in LOOKUPS and arguments:
            for key in self.values(arguments[0], depth):
                yield from filter(None, [self._environment.get(key)])
            told = (keyword.value for keyword in node.keywords if keyword.arg == "default")
            for default in (*node.args[1:], *told):
                yield from self.values(default, depth)


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]
