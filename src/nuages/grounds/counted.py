"""Rows of a relation that are counted or looked for one instance at a time: as an annotation."""

from __future__ import annotations

import ast
import re

from nuages.cases import Case
from nuages.grounds.expressions import expression_at
from nuages.loops import WRITES, Loop
from nuages.model import Location, ModelFacts, Remedy
from nuages.statements import table, tables

# The rows of one instance, and no condition beside: what a related manager without a filter asks.
OF_ONE = re.compile(
    r'\bFROM ["`](\w+)["`] WHERE ["`]\1["`]\.["`](\w+)["`] = \(?%s\)?(?: LIMIT 1)?$'
)


def annotation_for(loop: Loop, case: Case) -> tuple[Remedy, str]:
    """The remedy with what is written, or without and why: a sentence for the user."""
    assert loop.lineage is not None
    plain = Remedy(kind="annotate", path=loop.lineage.path)
    location, relation = loop.location, loop.lineage.last
    if relation.kind != "reverse_fk" or len(loop.lineage.hops) > 1:
        return plain, f"the access to {relation.field} has to change as well"
    if location is None or loop.created_at is None or len({g.location for g in loop.groups}) > 1:
        return plain, f"{relation.field} is asked for in several places"
    expression = expression_at(case.code, location)
    node = expression.node if expression else None
    if not _asks(node, relation.field):
        return plain, f"the access to {relation.field} has to change as well"
    found = _counted(loop, case)
    if found is None:
        return plain, "the rows are asked for with a condition of their own"
    model, key = found
    if reason := outdated(loop, case):
        return plain, reason
    name = f"{relation.field}_{'count' if loop.worst.shape == 'count' else 'exist'}"
    if any(case.code.matching(re.compile(rf"\b{name}\b"))):
        return plain, f"the name {name} is taken"
    rows = f'{_short(model)}._default_manager.filter({key}=OuterRef("pk"))'
    if loop.worst.shape == "count":
        number = 'Func("pk", function="COUNT", output_field=IntegerField())'
        code = f"{name}=Subquery({rows}.order_by().values(rows={number}))"
    else:
        code = f"{name}=Exists({rows})"
    at = Location(file=model.file, line=model.line, root=model.root, function=_short(model))
    return Remedy(kind="annotate", path=loop.lineage.path, code=code, at=at), ""


def _asks(node: ast.expr | None, field: str) -> bool:
    """Whether it reads `post.comments.count()`, and nothing more."""
    if not isinstance(node, ast.Call) or node.args or node.keywords:
        return False
    text = ast.unparse(node)
    return re.fullmatch(rf"\w+\.{re.escape(field)}\.(?:count|exists)\(\)", text) is not None


def _counted(loop: Loop, case: Case) -> tuple[ModelFacts, str] | None:
    """The model of the rows, and its key to the instance."""
    assert loop.lineage is not None
    asked = {OF_ONE.search(group.statement.sql) for group in loop.groups}
    columns = {match[2] for match in asked if match}
    if None in asked or len(columns) != 1:
        return None
    name = table(loop.worst.statement.sql)
    models = [m for m in case.facts.models if m.table == name and not m.is_proxy and m.file]
    if len(models) != 1:
        return None
    keys = [f for f in models[0].fields if f.column in columns and f.to == loop.lineage.last.model]
    return (models[0], keys[0].name) if len(keys) == 1 else None


def outdated(loop: Loop, case: Case) -> str:
    """Why what is read before the loop may be outdated in it, or ""."""
    scopes = {group.scope for group in case.recording.groups if group.location == loop.location}
    asked = tables(loop.worst.statement.sql)
    is_written = any(
        group.scope in scopes
        and group.statement.verb in WRITES
        and asked & tables(group.statement.sql)
        for group in case.recording.groups
    )
    return "the same requests write such rows, so that earlier ones may be outdated" * is_written


def _short(model: ModelFacts) -> str:
    return model.label.rpartition(".")[2]
