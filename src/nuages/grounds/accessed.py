"""Relations that the code names, where a light recording does not tell what was accessed."""

from __future__ import annotations

import ast
from typing import Literal

from nuages.cases import Case
from nuages.grounds.expressions import expression_at
from nuages.loops import Loop
from nuages.model import ModelFacts
from nuages.statements import is_lookup_by_key, key_of_lookup, table

Fetching = Literal["select_related", "prefetch_related"]


def relation_written(loop: Loop, case: Case) -> tuple[Fetching, str] | None:
    """For `post.author`, whose query asks for a row by key: what would fetch it along."""
    sql, location = loop.worst.statement.sql, loop.location
    if location is None or location.kind != "attribute" or not is_lookup_by_key(sql):
        return None
    expression = expression_at(case.code, location)
    if expression is None or not isinstance(expression.node, ast.Attribute):
        return None
    name = expression.node.attr
    target = next((m for m in case.facts.models if m.table == table(sql)), None)
    if target is None or any(field.name == name for field in target.fields):
        return None  # not known; or a deferred field of its own
    return _fetching(name, target, key_of_lookup(sql), case), name


def _fetching(name: str, target: ModelFacts, column: str, case: Case) -> Fetching:
    """A foreign key, and what a one-to-one relation leads back to, can be joined; a generic
    foreign key asks by the other model's primary key and is a field of none.
    """
    is_forward = any(
        field.name == name and field.to == target.label
        for model in case.facts.models
        for field in model.fields
    )
    is_key = any(field.column == column and field.is_primary for field in target.fields)
    return "select_related" if is_forward or not is_key else "prefetch_related"
