"""Where an entry is written in the expression of a setting's value."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nuages.code import Module

Key = str | int
Node = ast.expr | ast.stmt
_DEEPEST = 12  # names that stand for names


@dataclass(frozen=True, kw_only=True)
class Spot:
    """The part of an expression that some keys lead to."""

    module: Module
    first: Node  # the key's, or the value's
    last: Node
    value: ast.expr
    depth: int  # how many of the keys lead there


def inside(module: Module, value: ast.expr, keys: tuple[Key, ...], depth: int = 0) -> Spot:
    """As far as the keys can be followed; the value itself where none can."""
    here = Spot(module=module, first=value, last=value, value=value, depth=0)
    if not keys or depth > _DEEPEST:
        return here
    found = _below(module, value, keys, depth + 1)
    return max(found, key=lambda spot: spot.depth, default=here)


def _below(module: Module, value: ast.expr, keys: tuple[Key, ...], depth: int) -> Iterator[Spot]:
    """What lies below the first key, best first; or below what the value is made of."""
    for first, item in _entries(value, keys[0]):
        spot = inside(module, item, keys[1:], depth)
        if spot.depth == 0:
            spot = replace(spot, first=first, last=item, value=item)
        yield replace(spot, depth=spot.depth + 1)
    for part in _parts(module, value):
        spot = inside(module, part, keys, depth)
        if spot.depth:
            yield spot


def _entries(value: ast.expr, key: Key) -> Iterator[tuple[Node, ast.expr]]:
    """The entries of a dictionary, a call or a list that have this key, the last one first."""
    if isinstance(value, ast.Dict):
        for name, item in reversed(list(zip(value.keys, value.values, strict=True))):
            if isinstance(name, ast.Constant) and name.value == key:
                yield name, item
    elif isinstance(value, ast.Call):  # dict(HOST=…), dj_database_url.config(conn_max_age=…)
        for keyword in value.keywords:
            if keyword.arg and keyword.arg.lower() == str(key).lower():
                yield keyword.value, keyword.value
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        for index, item in enumerate(value.elts):
            is_meant = isinstance(item, ast.Constant) and item.value == key
            if is_meant or (isinstance(key, int) and index == key):
                yield item, item


def _parts(module: Module, value: ast.expr) -> Iterator[ast.expr]:
    """The expressions that a value is made of, the one that wins first."""
    match value:
        case ast.Dict():
            pairs = zip(value.keys, value.values, strict=True)
            yield from (item for key, item in reversed(list(pairs)) if key is None)
        case ast.List() | ast.Tuple() | ast.Set():
            yield from (item.value for item in value.elts if isinstance(item, ast.Starred))
        case ast.BinOp():
            yield from (value.right, value.left)
        case ast.BoolOp():
            yield from value.values
        case ast.IfExp():
            yield from (value.body, value.orelse)
        case ast.Call():
            yield from (arg.value if isinstance(arg, ast.Starred) else arg for arg in value.args)
            yield from (keyword.value for keyword in value.keywords if keyword.arg is None)
        case ast.Name():
            yield from _meant(module, value.id)


def _meant(module: Module, name: str) -> Iterator[ast.expr]:
    """What a name of the module stands for, the last assignment first."""
    for node in reversed(module.tree.body):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            yield node.value
