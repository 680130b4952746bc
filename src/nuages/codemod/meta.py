"""An entry of `Meta.indexes` in the class of a model."""

from __future__ import annotations

import libcst as cst

from nuages.codemod import Refusal
from nuages.codemod.classes import assigned, targets
from nuages.codemod.draft import Change, Syntax
from nuages.codemod.insert import item_added, statement_added


def index_added(syntax: Syntax, model: cst.ClassDef, entry: str) -> list[Change]:
    """`entry` in the list of the model's indexes, which is made where there is none."""
    meta = next((part for part in model.body.body if _is_meta(part)), None)
    if meta is None:
        return _meta_added(syntax, model, entry)
    assert isinstance(meta, cst.ClassDef)
    value = assigned(meta, "indexes")
    if value is None:
        return _indexes_added(syntax, meta, entry)
    if not isinstance(value, cst.List | cst.Tuple):
        raise Refusal(f"Meta.indexes of {model.name.value} is {syntax.code(value)}, not a list")
    if value.elements:
        last = value.elements[-1]
        return item_added(syntax, last, last.comma, entry)
    inside = syntax.end(value) - 1
    return [Change(inside, f"{entry}," if isinstance(value, cst.Tuple) else entry)]


def _is_meta(part: cst.BaseStatement | cst.BaseSmallStatement) -> bool:
    return isinstance(part, cst.ClassDef) and part.name.value == "Meta"


def _indexes_added(syntax: Syntax, meta: cst.ClassDef, entry: str) -> list[Change]:
    lines = [line for line in meta.body.body if isinstance(line, cst.SimpleStatementLine)]
    if not lines:
        raise Refusal("Meta has no line to put indexes after")
    if any(isinstance(part, cst.Pass) for part in lines[-1].body):
        start, end = syntax.start(lines[-1]), syntax.end(lines[-1])
        return [Change(start, f"indexes = [{entry}]", removed=end - start)]
    return statement_added(syntax, lines[-1], f"indexes = [{entry}]")


def _meta_added(syntax: Syntax, model: cst.ClassDef, entry: str) -> list[Change]:
    """After the fields, as Django's style has it."""
    lines = [line for line in model.body.body if isinstance(line, cst.SimpleStatementLine)]
    fields = [line for line in lines if targets(line)]
    if any(isinstance(base.value, cst.Call) for base in model.bases) or not fields:
        raise Refusal(f"{model.name.value} has no field to put a Meta after")
    anchor, newline = fields[-1], syntax.newline()
    indent = syntax.indentation(syntax.start(anchor)) or "    "
    text = f"class Meta:{newline}{indent * 2}indexes = [{entry}]"
    end = syntax.line_end(syntax.end(anchor))
    return [Change(end, f"{newline}{newline}{indent}{text}")]
