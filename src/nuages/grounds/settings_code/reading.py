"""The statements of settings modules that give a setting its value, in order of execution."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from posixpath import dirname, join, normpath

from nuages.code import Code, Module
from nuages.grounds.definitions import module_of
from nuages.grounds.settings_code.values import Key
from nuages.model import Location

_DEEPEST = 20  # modules that import one another
ADDING = frozenset({"append", "extend", "insert", "setdefault", "update"})


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One statement that gives a setting, or a part of it, its value."""

    module: Module
    node: ast.stmt
    value: ast.expr
    keys: tuple[Key, ...] = ()  # of DATABASES["default"]["HOST"] = … "default" and "HOST"
    adds: bool = False  # to what the setting was before
    conditions: tuple[ast.expr, ...] = ()  # of the ifs around, negated in their else
    in_class: bool = False  # as django-configurations have them


class Reader:
    """Reads modules as an import would execute them, for the statements about one setting."""

    def __init__(self, code: Code, name: str = "") -> None:
        self._code = code
        self._name = name
        self._open: list[Module] = []

    def read(self, module: Module, name: str = "") -> Iterator[Assignment]:
        """The assignments in a module and in those that it imports from, in their order."""
        if module in self._open or len(self._open) >= _DEEPEST:
            return
        self._open.append(module)
        yield from self._block(module, module.tree.body, name or self._name)
        self._open.pop()

    def follow(self, module: Module, found: dict[str, Module]) -> None:
        """Gather the modules that are read for a star import."""
        key = f"{module.root}:{module.file}"
        if key in found:
            return
        found[key] = module
        for node in ast.walk(module.tree):
            for each in self._imported(module, node, ""):
                self.follow(each[0], found)

    def _block(
        self,
        module: Module,
        body: list[ast.stmt],
        name: str,
        conditions: tuple[ast.expr, ...] = (),
        in_class: bool = False,
    ) -> Iterator[Assignment]:
        for node in body:
            for keys, value, adds in _given(node, name):
                yield Assignment(
                    module=module, node=node, value=value, keys=keys,
                    adds=adds or _mentions(value, name), conditions=conditions, in_class=in_class,
                )  # fmt: skip
            for imported, other in self._imported(module, node, name):
                for found in self.read(imported, other):
                    yield replace(found, conditions=(*conditions, *found.conditions))
            for inner, more, is_class in _blocks(node):
                yield from self._block(
                    module, inner, name, (*conditions, *more), in_class or is_class
                )

    def _imported(self, module: Module, node: ast.AST, name: str) -> Iterator[tuple[Module, str]]:
        """Modules that a statement takes the setting from, and what they call it."""
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*" or (name and (alias.asname or alias.name) == name):
                    source = self._module(module, node)
                    if source:
                        yield source, name if alias.name == "*" else alias.name
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            for path in _included(node.value):
                yield from ((each, name) for each in self._matching(module, path))

    def _module(self, module: Module, node: ast.ImportFrom) -> Module | None:
        if not node.level:
            return module_of(self._code, node.module or "")
        folder = normpath(join(dirname(module.file), *[".."] * (node.level - 1)))
        path = join(folder, *(node.module or "").split(".")).rstrip("/")
        names = (f"{path}.py", f"{path}/__init__.py")
        found = (self._at(module.root, normpath(each)) for each in names)
        return next((each for each in found if each), None)

    def _at(self, root: str, file: str) -> Module | None:
        return self._code.module(Location(file=file, line=1, root=root))

    def _matching(self, module: Module, pattern: str) -> Iterator[Module]:
        """Files that django-split-settings includes: a pattern, from the folder of the module."""
        wanted = normpath(join(dirname(module.file), pattern))
        for each in self._code.modules:
            if each.root == module.root and fnmatch(each.file, wanted):
                yield each


def _included(call: ast.Call) -> Iterator[str]:
    if isinstance(call.func, ast.Name) and call.func.id == "include":
        for argument in call.args:
            inner = argument.args[0] if isinstance(argument, ast.Call) and argument.args else None
            text = inner or argument  # optional("local.py")
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def _blocks(node: ast.stmt) -> Iterator[tuple[list[ast.stmt], tuple[ast.expr, ...], bool]]:
    """The statements inside a statement, on what they depend, and whether it is a class."""
    if isinstance(node, ast.If):
        yield node.body, (node.test,), False
        yield node.orelse, (ast.UnaryOp(op=ast.Not(), operand=node.test),), False
    elif isinstance(node, ast.Try | ast.TryStar):
        for block in (node.body, *(handler.body for handler in node.handlers)):
            yield block, (), False
        yield node.orelse, (), False
        yield node.finalbody, (), False
    elif isinstance(node, ast.With | ast.For | ast.While):
        yield node.body, (), False
    elif isinstance(node, ast.ClassDef):
        yield node.body, (), True


def _given(node: ast.stmt, name: str) -> Iterator[tuple[tuple[Key, ...], ast.expr, bool]]:
    """(keys, value, whether it adds) of what a statement gives the setting."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            keys = _keys(target, name)
            if keys is not None:
                yield keys, node.value, False
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        keys = _keys(node.target, name)
        if keys is not None and node.value is not None:
            yield keys, node.value, isinstance(node, ast.AugAssign)
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Attribute) and call.func.attr in ADDING:
            keys = _keys(call.func.value, name)
            if keys is not None:
                yield keys, _what_is_added(call), True


def _what_is_added(call: ast.Call) -> ast.expr:
    """As an expression that has the keys, or the items, that the setting gets."""
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr in ("append", "insert") and call.args:
        return ast.List(elts=[call.args[-1]], ctx=ast.Load())
    if call.func.attr == "setdefault" and len(call.args) == 2:
        return ast.Dict(keys=[call.args[0]], values=[call.args[1]])
    if call.func.attr == "extend" and call.args:
        return call.args[0]
    return ast.Call(func=ast.Name(id="dict", ctx=ast.Load()), args=call.args,
                    keywords=call.keywords)  # fmt: skip


def _keys(target: ast.expr, name: str) -> tuple[Key, ...] | None:
    """The keys of a subscript of the setting, () of the setting itself, None of anything else."""
    keys: list[Key] = []
    while isinstance(target, ast.Subscript):
        key = target.slice
        if not (isinstance(key, ast.Constant) and isinstance(key.value, str | int)):
            return None
        keys.insert(0, key.value)
        target = target.value
    return tuple(keys) if isinstance(target, ast.Name) and target.id == name else None


def _mentions(value: ast.expr, name: str) -> bool:
    """Whether a value is made of the setting's own, as in MIDDLEWARE = ["…"] + MIDDLEWARE."""
    return any(
        getattr(node, "id", None) == name or getattr(node, "attr", None) == name
        for node in ast.walk(value)
    )
