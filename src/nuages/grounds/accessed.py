"""Relations that the code names, where a light recording does not tell what was accessed."""

from __future__ import annotations

import ast
import re
from typing import Literal

from nuages.cases import Case
from nuages.grounds.expressions import expression_at
from nuages.loops import Loop
from nuages.model import ModelFacts, QueryGroup
from nuages.statements import is_lookup_by_key, key_of_lookup, table

ASKING = re.compile(r"get\w*\(|\.(?:first|last|latest|earliest|afirst|alast)\(")
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


def model_asked(group: QueryGroup, case: Case) -> str:
    """The model of the rows, "Post"; where a light recording knows only their table, by that."""
    if group.load is not None:
        return group.load.model.rpartition(".")[2]
    name = table(group.statement.sql)
    models = (m.label for m in case.facts.models if m.table == name and not m.is_proxy)
    return next(models, name).rpartition(".")[2] or "A table"


def is_followed_there(group: QueryGroup, case: Case) -> bool:
    """Whether it is the template or the serializer that follows a relation, and no call of the
    project's own that asks for a row.
    """
    location = group.location
    if group.load is not None or group.trigger is None or location is None:
        return False
    return location.kind == "class" or not ASKING.search(case.code.text_of(location))


def relations_to(sql: str, case: Case) -> frozenset[str]:
    """The names of the foreign keys that lead to the table that is asked for a row by its key."""
    target = next((m for m in case.facts.models if m.table == table(sql)), None)
    if target is None:
        return frozenset()
    return frozenset(
        field.name
        for model in case.facts.models
        for field in model.fields
        if field.to == target.label and not field.is_primary and model.file
    )


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
