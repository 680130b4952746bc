"""What runs when rows are saved or deleted one by one, and does not when they are in bulk."""

from __future__ import annotations

import ast
import re

from nuages.code import Code, Module
from nuages.model import Location, ModelFacts

SIGNALS = {
    "INSERT": ("pre_save", "post_save"),
    "UPDATE": ("pre_save", "post_save"),
    "DELETE": ("pre_delete", "post_delete"),
}
OVERRIDES = {"INSERT": "save", "UPDATE": "save", "DELETE": "delete"}
# Columns that libraries of trees compute: treebeard's and mptt's.
TREES = (frozenset({"path", "depth", "numchild"}), frozenset({"lft", "tree_id"}))


def consequences(model: ModelFacts | None, verb: str, code: Code) -> list[str]:
    """Each in a few words; none where the model is not known."""
    if model is None:
        return []
    found = []
    signals = [name for name in SIGNALS[verb] if name in model.signals]
    # Deleting a queryset sends its signals, and so fetches each row first.
    if signals and verb != "DELETE":
        found.append(f"{' and '.join(signals)} of {_short(model)}, which somebody listens to")
    if OVERRIDES[verb] in model.overrides:
        found.append(f"{_short(model)}.{OVERRIDES[verb]}()")
    if verb != "DELETE" and any(tree <= {f.name for f in model.fields} for tree in TREES):
        found.append("its place in the tree, which save() computes")
    if verb == "UPDATE":
        if model.parents:
            found.append(
                f"the table of {_short_label(model.parents[0])}, which has some of its columns"
            )
        if names := set_on_save(model, code):
            found.append(f"auto_now of {', '.join(names)}")
    return found


def set_on_save(model: ModelFacts, code: Code) -> list[str]:
    """Fields with auto_now: bulk_update() and update() leave them as they are."""
    names = {
        field.name
        for field in model.fields
        if field.kind in ("DateField", "DateTimeField", "TimeField")
    }
    if not names:
        return []
    pattern = re.compile(r"\bauto_now\s*=\s*True")
    own = code.module(Location(file=model.file, line=model.line, root=model.root))
    found: set[str] = set()
    for module in code.matching(pattern):
        classes = _classes(module)
        for node in classes:
            is_own = module is own and node.name == _short(model)
            if is_own or _is_abstract(node):
                found |= names & _auto_now_in(node)
    return sorted(found)


def _classes(module: Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)]


def _is_abstract(node: ast.ClassDef) -> bool:
    return any(
        isinstance(inner, ast.Assign)
        and getattr(inner.targets[0], "id", "") == "abstract"
        and getattr(inner.value, "value", None) is True
        for inner in ast.walk(node)
    )


def _auto_now_in(node: ast.ClassDef) -> set[str]:
    return {
        target.id
        for statement in node.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        for keyword in statement.value.keywords
        if keyword.arg == "auto_now" and getattr(keyword.value, "value", None) is True
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _short(model: ModelFacts) -> str:
    return _short_label(model.label)


def _short_label(label: str) -> str:
    return label.rpartition(".")[2]
