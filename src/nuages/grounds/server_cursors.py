"""Where the project's code reads through a cursor that the server keeps: `.iterator()`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from nuages.code import Code
from nuages.grounds.written import Function, WrittenCall, calls_in
from nuages.model import Location
from nuages.origins import in_migrations, in_tests

WORTH_PARSING = re.compile(r"\.iterator\(")
# Methods whose presence in a chain says that it is a queryset, on Django's default database.
OF_QUERYSETS = frozenset({
    "filter", "exclude", "order_by", "select_related", "prefetch_related", "values",
    "values_list", "annotate", "only", "defer", "get_queryset", "distinct", "with_related",
})  # fmt: skip
ELSEWHERE = frozenset({"using", "raw"})


def server_cursors(code: Code) -> Iterator[Location]:
    """Those outside of any transaction that their function shows, in the product's code."""
    for module in code.matching(WORTH_PARSING):
        for call in calls_in(module):
            if not _is_server_cursor(call) or call.is_atomic:
                continue
            if not in_tests(call.location) and not in_migrations(call.location):
                yield call.location


def _is_server_cursor(call: WrittenCall) -> bool:
    function = call.node.func
    if not isinstance(function, ast.Attribute) or function.attr != "iterator":
        return False
    return _is_queryset(function.value, call.function)


def _is_queryset(node: ast.expr, function: Function | None) -> bool:
    """Whether a chain goes through a manager or a queryset's method; names are looked up once."""
    seen = set(_attributes(node))
    if seen & ELSEWHERE:
        return False
    if "objects" in seen or seen & OF_QUERYSETS:
        return True
    root = _root(node)
    if root is None or function is None:
        return False
    given = [
        each.value
        for each in ast.walk(function)
        if isinstance(each, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == root for target in each.targets)
    ]
    found = {name for value in given for name in _attributes(value)}
    return bool(found & (OF_QUERYSETS | {"objects"})) and not found & ELSEWHERE


def _attributes(node: ast.expr) -> Iterator[str]:
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Attribute):
            yield node.attr
            node = node.value
        else:
            node = node.func


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return node.id if isinstance(node, ast.Name) else None
