"""What a script such as manage.py does to the environment and to sys.path, read and not run."""

# ruff: noqa: N802  (visitors are named for LibCST's nodes)

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import cast

import libcst as cst
import libcst.matchers as m

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
        module = cst.parse_module(path.read_bytes())
    except (OSError, cst.ParserSyntaxError, UnicodeDecodeError):
        return Script()
    reader = _Reader(path, environment)
    module.visit(reader)
    for name, (expression, _) in reader.settled():
        known = reader.script.variables.setdefault(name, [])
        known += [value for value in reader.values(expression) if value not in known]
    return reader.script


class _Reader(cst.CSTVisitor):
    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        self.script = Script()
        self._path = path
        self._environment = environment
        self._names: dict[str, list[cst.BaseExpression]] = {}
        self._found: list[tuple[str, tuple[cst.BaseExpression, bool]]] = []
        self._in_tests = 0
        self._ifs: list[bool] = []

    def settled(self) -> Iterator[tuple[str, tuple[cst.BaseExpression, bool]]]:
        """Values by variable; those that hold only in a test run come last."""
        return iter(sorted(self._found, key=lambda found: found[1][1]))

    def visit_If(self, node: cst.If) -> None:
        code = cst.Module([]).code_for_node(node.test)
        self._ifs.append("test" in code and "not in" not in code)

    def leave_If(self, original_node: cst.If) -> None:
        self._ifs.pop()

    def visit_If_body(self, node: cst.If) -> None:
        self._in_tests += self._ifs[-1]

    def leave_If_body(self, node: cst.If) -> None:
        self._in_tests -= self._ifs[-1]

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            if isinstance(target.target, cst.Name):
                self._names.setdefault(target.target.value, []).append(node.value)
            elif key := self._environ_key(target.target):
                self._found.append((key, (node.value, bool(self._in_tests))))

    def visit_Call(self, node: cst.Call) -> None:
        if m.matches(node.func, m.Attribute(attr=m.Name("setdefault"))) and len(node.args) == 2:
            for key in self.values(node.args[0].value):
                self._found.append((key, (node.args[1].value, bool(self._in_tests))))
        path = m.Attribute(value=m.Name("sys"), attr=m.Name("path"))
        edits = m.Name("append") | m.Name("insert") | m.Name("extend")
        if m.matches(node.func, m.Attribute(value=path, attr=edits)) and node.args:
            self._add_path(node.args[-1].value)

    def _environ_key(self, target: cst.BaseExpression) -> str:
        environ = m.Attribute(attr=m.Name("environ")) | m.Name("environ")
        matched = m.matches(target, m.Subscript(value=environ))
        if not matched:
            return ""
        element = cast(cst.Subscript, target).slice[0].slice
        keys = self.values(element.value) if isinstance(element, cst.Index) else []
        return keys[0] if keys else ""

    def _add_path(self, expression: cst.BaseExpression) -> None:
        words = [
            part
            for node in self._resolved(expression)
            for found in m.findall(node, m.SimpleString())
            if isinstance(part := cast(cst.SimpleString, found).evaluated_value, str)
        ]
        folder = self._path.parent
        for path in (folder.joinpath(*words), *(folder / word for word in words)):
            if path.is_dir() and path.resolve() not in self.script.sys_path:
                self.script.sys_path.append(path.resolve())
                return

    def _resolved(self, expression: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
        for found in m.findall(expression, m.Name()):
            yield from self._names.get(cast(cst.Name, found).value, [])
        yield expression

    def values(self, node: cst.BaseExpression, depth: int = 0) -> list[str]:
        """The strings that an expression may be, the likeliest first; none when unknown."""
        if depth > DEEPEST:
            return []
        found = list(dict.fromkeys(self._values(node, depth + 1)))
        return found if len(found) <= MOST else []

    def _values(self, node: cst.BaseExpression, depth: int) -> Iterator[str]:
        match node:
            case cst.SimpleString() | cst.ConcatenatedString() | cst.FormattedString():
                yield from self._text(node, depth)
            case cst.BinaryOperation(operator=cst.Add() | cst.Modulo()):
                both = (self.values(node.left, depth), self.values(node.right, depth))
                for left, right in product(*both):
                    added = isinstance(node.operator, cst.Add)
                    yield left + right if added else left.replace("%s", right)
            case (
                cst.BooleanOperation(left=first, right=second)
                | cst.IfExp(orelse=first, body=second)
            ):
                yield from (*self.values(first, depth), *self.values(second, depth))
            case cst.Name():
                for value in reversed(self._names.get(node.value, [])):
                    yield from self.values(value, depth)
            case cst.Subscript():
                yield from filter(None, [self._environment.get(self._environ_key(node))])
            case cst.Call():
                yield from self._called(node, depth)

    def _text(self, node: cst.BaseString, depth: int) -> Iterator[str]:
        if isinstance(node, cst.FormattedString):
            yield from map("".join, product(*(self._part(part, depth) for part in node.parts)))
        elif isinstance(node, cst.SimpleString | cst.ConcatenatedString):
            yield from (value for value in [node.evaluated_value] if isinstance(value, str))

    def _part(self, part: cst.BaseFormattedStringContent, depth: int) -> list[str]:
        if isinstance(part, cst.FormattedStringText):
            return [part.value]
        return self.values(cast(cst.FormattedStringExpression, part).expression, depth)

    def _called(self, node: cst.Call, depth: int) -> Iterator[str]:
        """`environ.get("X", default)` and its like, `"…{}".format(x)`, `x.lower()`."""
        if not isinstance(node.func, cst.Name | cst.Attribute):
            return
        name = node.func.value if isinstance(node.func, cst.Name) else node.func.attr.value
        if isinstance(node.func, cst.Attribute) and name in ("format", "lower", "strip"):
            patterns = self.values(node.func.value, depth)
            values = [self.values(argument.value, depth) for argument in node.args]
            for pattern, words in product(patterns, product(*values)):
                yield pattern.lower() if name == "lower" else pattern.replace("{}", "".join(words))
        elif name in LOOKUPS and node.args:
            for key in self.values(node.args[0].value, depth):
                yield from filter(None, [self._environment.get(key)])
            defaults = [argument for argument in node.args[1:] if _is_default(argument)]
            for argument in defaults:
                yield from self.values(argument.value, depth)


def _is_default(argument: cst.Arg) -> bool:
    return argument.keyword is None or argument.keyword.value == "default"
