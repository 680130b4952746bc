"""What a view's source does with a URL argument: `get_object_or_404(Post, slug=slug)`, say."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import tokenize
from collections.abc import Iterator
from typing import Any

from nuages.agent import routes

_FRAMEWORKS = ("django.", "rest_framework.")
_SHORTCUTS = ("get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404")
_SAME = ("exact", "iexact")


def of_view(callback: Any) -> dict[str, list[tuple[Any, str]]]:
    """Argument → the (model, lookup path) pairs it is compared with, in source order."""
    return _of_view(list(routes.unwrapped(callback))[-1], routes.view_class(callback))


@functools.lru_cache(maxsize=4096)
def _of_view(function: Any, cls: Any) -> dict[str, list[tuple[Any, str]]]:
    found: dict[str, list[tuple[Any, str]]] = {}
    for source, names in _sources(function, cls):
        reader = _Reader(names, declared_model(cls))
        for argument, model, path in reader.read(source):
            found.setdefault(argument, []).append((model, path))
    return found


def declared_model(cls: Any) -> Any:
    """The model that a class-based view names in one of the customary attributes."""
    if cls is None:
        return None
    queryset = getattr(cls, "queryset", None)
    serializer = getattr(cls, "serializer_class", None)
    form = getattr(cls, "form_class", None)
    candidates = (
        getattr(queryset, "model", None),
        getattr(cls, "model", None),
        getattr(getattr(serializer, "Meta", None), "model", None),
        getattr(getattr(form, "_meta", None), "model", None),
        getattr(getattr(cls, "filterset_class", None), "_meta", None)
        and getattr(cls.filterset_class._meta, "model", None),
    )
    return next((model for model in candidates if is_model(model)), None)


def is_model(value: Any) -> bool:
    from django.db.models import Model

    if not isinstance(value, type) or not issubclass(value, Model):
        return False
    options: Any = getattr(value, "_meta", None)
    return options is not None and not options.abstract


def mentioned_models(callback: Any) -> tuple[Any, ...]:
    """Model classes that the view's own source names, in order of appearance."""
    return _mentioned(list(routes.unwrapped(callback))[-1], routes.view_class(callback))


@functools.lru_cache(maxsize=4096)
def _mentioned(function: Any, cls: Any) -> tuple[Any, ...]:
    found: list[Any] = []
    for source, names in _sources(function, cls):
        for node in ast.walk(source):
            value = _value(node, names) if isinstance(node, ast.Name | ast.Attribute) else None
            if is_model(value) and value not in found:
                found.append(value)
    return tuple(found)


def _sources(function: Any, cls: Any) -> Iterator[tuple[ast.AST, dict[str, Any]]]:
    """Syntax trees of the project's own code behind a view, with the names they see."""
    owners = [k for k in cls.__mro__ if not _framework(k)] if cls is not None else [function]
    for owner in owners:
        module = sys.modules.get(getattr(owner, "__module__", None) or "")
        node = _definitions(module).get(getattr(owner, "__qualname__", "")) if module else None
        if node is not None:
            yield node, vars(module)


@functools.lru_cache(maxsize=1024)
def _definitions(module: Any) -> dict[str, ast.AST]:
    """Every class and function of a module by its qualified name; the file is parsed once."""
    try:
        with tokenize.open(module.__file__) as file:
            tree = ast.parse(file.read())
    except (AttributeError, TypeError, OSError, SyntaxError, ValueError):
        return {}
    found: dict[str, ast.AST] = {}
    _collect(tree, "", found)
    return found


def _collect(node: ast.AST, prefix: str, found: dict[str, ast.AST]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            found[prefix + child.name] = child
            _collect(child, f"{prefix}{child.name}.", found)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            found[prefix + child.name] = child
            _collect(child, f"{prefix}{child.name}.<locals>.", found)
        elif not isinstance(child, ast.expr):
            _collect(child, prefix, found)


def _framework(cls: type) -> bool:
    return cls is object or cls.__module__.startswith(_FRAMEWORKS)


def _value(node: ast.AST, names: dict[str, Any]) -> Any:
    """What a plain or dotted name stands for in its module; None when it is something else."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, names)
        if inspect.ismodule(owner) or isinstance(owner, type):
            return inspect.getattr_static(owner, node.attr, None)
    return None


class _Reader:
    """Reads one view: which local name holds which model, which keyword takes which argument."""

    def __init__(self, names: dict[str, Any], main: Any) -> None:
        self._names = names
        self._main = main
        self._locals: dict[str, Any] = {}

    def read(self, tree: ast.AST) -> Iterator[tuple[str, Any, str]]:
        for node in sorted(ast.walk(tree), key=lambda n: getattr(n, "lineno", 0)):
            if isinstance(node, ast.Assign):
                self._assign(node)
            if isinstance(node, ast.Call):
                yield from self._lookups(node)

    def _assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", None)
        model = self._model(node.value)
        if name and model is not None:
            self._locals[name] = model

    def _lookups(self, call: ast.Call) -> Iterator[tuple[str, Any, str]]:
        named = [(k.arg, argument(k.value)) for k in call.keywords if k.arg]
        if not any(arg for _, arg in named):
            return
        model = self._model(call)
        for keyword, name in named:
            if model is not None and keyword and name:
                yield name, model, without_comparison(keyword)

    def _model(self, node: ast.AST) -> Any:
        """The model whose rows (or row) an expression gives."""
        if isinstance(node, ast.Await):
            return self._model(node.value)
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in _SHORTCUTS and node.args:
                return self._model(node.args[0])
            if name == "get_queryset":
                return self._main
            return self._model(called) if isinstance(called, ast.Attribute) else None
        value = _value(node, self._names)
        if is_model(value):
            return value
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Name):
            return self._locals.get(node.id)
        return None

    def _attribute(self, node: ast.Attribute) -> Any:
        if getattr(node.value, "attr", getattr(node.value, "id", "")) == "request":
            return _of_request(node.attr)
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return self._main if node.attr in ("queryset", "model") else self._locals.get(node.attr)
        owner = self._model(node.value)
        return related(owner, node.attr) or owner if owner is not None else None


def _of_request(name: str) -> Any:
    """What a middleware hangs on the request: the user, or a row of the model of that name."""
    from django.apps import apps
    from django.contrib.auth import get_user_model

    if name == "user":
        return get_user_model()
    wanted = name.replace("_", "").lower()
    return next((m for m in apps.get_models() if m._meta.model_name == wanted), None)


def related(model: Any, accessor: str) -> Any:
    """The model at the other end of `instance.accessor`; None when that is no relation."""
    for field in model._meta.get_fields():
        name = field.get_accessor_name() if hasattr(field, "get_accessor_name") else field.name
        if name == accessor and field.is_relation:
            return field.related_model
    return None


def argument(node: ast.AST) -> str | None:
    """The URL argument an expression is: `slug`, `self.kwargs["slug"]`, `kwargs.get("slug")`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Subscript) and _is_kwargs(node.value):
        return _constant(node.slice)
    if isinstance(node, ast.Call) and node.args:
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == "get" and _is_kwargs(called.value):
            return _constant(node.args[0])
        if isinstance(called, ast.Name) and called.id in ("int", "str", "UUID"):
            return argument(node.args[0])
    return None


def _is_kwargs(node: ast.AST) -> bool:
    return getattr(node, "attr", getattr(node, "id", "")) == "kwargs"


def _constant(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def without_comparison(keyword: str) -> str:
    path, _, last = keyword.rpartition("__")
    return path if last in _SAME and path else keyword
