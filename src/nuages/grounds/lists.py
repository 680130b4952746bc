"""List endpoints of REST framework that neither settings nor their class paginate."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from nuages.code import Code, Module
from nuages.model import Facts, Location
from nuages.origins import in_migrations, in_tests

LISTING = re.compile(r"\brest_framework\b")
# Classes of REST framework that list a queryset, and those that stand beside them as bases.
LISTS = frozenset({
    "ListAPIView", "ListCreateAPIView", "ListModelMixin", "ModelViewSet", "ReadOnlyModelViewSet",
})  # fmt: skip
BESIDE = frozenset({
    "CreateModelMixin", "DestroyModelMixin", "GenericAPIView", "GenericViewSet",
    "RetrieveModelMixin", "UpdateModelMixin",
})  # fmt: skip
# What a class may do about its lists by itself.
OWN = frozenset({
    "filter_queryset", "get_queryset", "http_method_names", "list", "pagination_class",
    "paginate_queryset", "paginator",
})  # fmt: skip
# Those of REST framework that do nothing without PAGE_SIZE.
UNSIZED = frozenset({
    "rest_framework.pagination.LimitOffsetPagination",
    "rest_framework.pagination.PageNumberPagination",
    "rest_framework.pagination.CursorPagination",
})  # fmt: skip
FEW = 1_000  # rows of a table, of fewer of which nothing is said


@dataclass(frozen=True, kw_only=True)
class BareList:
    """A class that answers with all rows of its queryset."""

    name: str
    location: Location


def bare_lists(facts: Facts, code: Code) -> list[BareList]:
    """Every such class, where REST framework's settings are known to paginate nothing."""
    if not _paginates_nothing(facts):
        return []
    return [found for module in code.matching(LISTING) for found in _in(module, facts)]


def _paginates_nothing(facts: Facts) -> bool:
    if "rest_framework" not in facts.apps or not facts.settings:
        return False
    if "REST_FRAMEWORK" not in facts.settings:
        return bool(facts.explicit) and "REST_FRAMEWORK" not in facts.explicit
    settings = facts.settings["REST_FRAMEWORK"]
    if not isinstance(settings, dict):
        return False
    chosen = settings.get("DEFAULT_PAGINATION_CLASS")
    return not chosen or (chosen in UNSIZED and not settings.get("PAGE_SIZE"))


def _in(module: Module, facts: Facts) -> Iterator[BareList]:
    place = Location(file=module.file, line=1, root=module.root)
    if in_tests(place) or in_migrations(place):
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and _lists_all(node) and not _is_short(node, facts):
            location = Location(
                file=module.file, line=node.lineno, root=module.root, function=node.name,
                kind="class",
            )  # fmt: skip
            yield BareList(name=node.name, location=location)


def _lists_all(node: ast.ClassDef) -> bool:
    """Whether a class lists a queryset as REST framework does, and all its bases are known."""
    bases = {_name(base) for base in node.bases}
    if not bases & LISTS or not bases <= LISTS | BESIDE:
        return False
    names = {name for statement in node.body for name in _defined(statement)}
    return not names & OWN and _queryset(node) is not None


def _is_short(node: ast.ClassDef, facts: Facts) -> bool:
    """Whether the table is known and holds few rows."""
    name = _queryset(node)
    models = [model for model in facts.models if model.label.rpartition(".")[2] == name]
    tables = [
        catalog.tables[model.table]
        for model in models
        for catalog in facts.catalogs.values()
        if catalog.is_production and model.table in catalog.tables
    ]
    return bool(tables) and all(table.rows < FEW for table in tables)


def _queryset(node: ast.ClassDef) -> str | None:
    """The model of `queryset = Post.objects…`; None where a class gives none, or only a part."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and "queryset" in _defined(statement):
            value: ast.expr = statement.value
            while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
                value = value.func.value
            if isinstance(value, ast.Attribute) and value.attr == "objects":
                return _name(value.value)
    return None


def _defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        return [target.id for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return [statement.target.id]
    return []


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
