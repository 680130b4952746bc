"""Whether code does anything besides computing: what a reader of its text can rule out."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from nuages.code import Module

# What is imported from these computes, or makes a response; nothing is left behind elsewhere.
COMPUTING = frozenset({
    "base64", "binascii", "collections", "copy", "datetime", "decimal", "enum", "functools",
    "hashlib", "hmac", "html", "http", "ipaddress", "itertools", "json", "math", "operator",
    "random", "re", "string", "time", "typing", "unicodedata", "urllib", "uuid", "zlib",
    "django.conf", "django.http", "django.shortcuts", "django.urls", "django.utils.cache",
    "django.utils.crypto", "django.utils.deprecation", "django.utils.html", "django.utils.http",
    "django.utils.decorators", "django.utils.functional", "django.utils.text", "asgiref.sync",
})  # fmt: skip
ACTING_BUILTINS = frozenset({
    "open", "print", "exec", "eval", "compile", "input", "breakpoint", "setattr", "delattr",
    "globals", "vars", "__import__",
})  # fmt: skip


def only_computes(module: Module, node: ast.AST) -> bool:
    """Whether each call in it is known to leave nothing behind outside of what passes through.

    Calls on the request, the response and local values count as such; whatever is called that the
    text does not tell makes it False.
    """
    return _Reader(module).only_computes(node, set())


def may_answer(node: ast.AST) -> bool:
    """Whether a middleware can answer by itself, or refuse: it raises, or returns a new response.

    `return response`, `return self.get_response(request)` and `return None` are none.
    """
    return any(
        isinstance(inner, ast.Raise) or (isinstance(inner, ast.Return) and _is_new(inner.value))
        for function in _methods(node)
        for inner in ast.walk(function)
    )


def _methods(node: ast.AST) -> Iterator[ast.AST]:
    """What Django calls: of a class its entry points, of a factory what it returns."""
    if not isinstance(node, ast.ClassDef):
        yield from (n for n in ast.walk(node) if n is not node and isinstance(n, _FUNCTION))
        return
    for child in node.body:
        entered = isinstance(child, _FUNCTION) and child.name.startswith(("__call__", "process_"))
        if entered or (isinstance(child, _FUNCTION) and child.name == "__acall__"):
            yield child


_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


def _is_new(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Await):
        return _is_new(value.value)
    if isinstance(value, ast.Call):
        called = value.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        return name not in ("get_response", "__call__", "__acall__", "super")
    return not (
        value is None
        or (isinstance(value, ast.Constant) and value.value is None)
        or isinstance(value, ast.Name)
    )


class _Reader:
    def __init__(self, module: Module) -> None:
        self._imported = dict(_imports(module.tree))
        self._defined = {
            node.name: node
            for node in module.tree.body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        self._globals = set(_assigned(module.tree.body))

    def only_computes(self, node: ast.AST, seen: set[str]) -> bool:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global | ast.Nonlocal | ast.Delete):
                return False
            if isinstance(inner, ast.Call) and not self._is_harmless(inner.func, seen):
                return False
            if isinstance(inner, ast.Assign | ast.AugAssign | ast.AnnAssign):
                targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                if any(self._reaches_out(target) for target in targets):
                    return False
        bases = node.bases if isinstance(node, ast.ClassDef) else []
        return all(self._is_known_base(base, seen) for base in bases)

    def _is_harmless(self, function: ast.expr, seen: set[str]) -> bool:
        name = _root(function)
        if name is None:  # "".join(…), super().__call__(…), a call of a call
            return True
        if name in self._imported or name in self._defined:
            return self._is_harmless_name(name, seen)
        if name in self._globals:
            return isinstance(function, ast.Attribute) and function.attr in READING
        if hasattr(builtins, name):
            return name not in ACTING_BUILTINS
        return True  # a local value, the request, the response

    def _is_harmless_name(self, name: str, seen: set[str]) -> bool:
        if name in self._imported:
            return _computes(self._imported[name])
        defined = self._defined.get(name)
        if defined is None or name in seen:
            return name in seen
        return self.only_computes(defined, {*seen, name})

    def _reaches_out(self, target: ast.expr) -> bool:
        """Whether an assignment changes what outlives the call: not a local, not what passes."""
        if isinstance(target, ast.Name | ast.Tuple | ast.List | ast.Starred):
            return False
        name = _root(target)
        return name is None or name in self._globals or name in self._imported

    def _is_known_base(self, base: ast.expr, seen: set[str]) -> bool:
        name = _root(base)
        return name == "object" or (name is not None and self._is_harmless_name(name, seen))


READING = frozenset({
    "match", "search", "fullmatch", "findall", "sub", "split", "get", "keys", "values", "items",
    "index", "count", "startswith", "endswith", "format", "join", "copy", "lower", "upper",
})  # fmt: skip


def _root(node: ast.expr) -> str | None:
    """The name that a chain of attributes and subscripts starts with."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _computes(dotted: str) -> bool:
    return any(dotted == known or dotted.startswith(f"{known}.") for known in COMPUTING)


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom):
            origin = f"{'.' * node.level}{node.module or ''}"
            for alias in node.names:
                yield alias.asname or alias.name, f"{origin}.{alias.name}"


def _assigned(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.AugAssign):
            targets = [node.target]
        yield from (target.id for target in targets if isinstance(target, ast.Name))
