"""How a tree's library says where a node is: the columns that the tool computes."""

from __future__ import annotations

from typing import Any


def described(model: Any) -> dict[str, Any] | None:
    """The tree columns in a model's own table by their meaning; None when it is no tree."""
    local = {field.name: field for field in model._meta.local_concrete_fields}
    options = getattr(model, "_mptt_meta", None)
    if options is not None:
        return _mptt(options, local)
    kinds = {k.__name__ for k in model.__mro__ if k.__module__.startswith("treebeard.")}
    if "MP_Node" in kinds and "path" in local:
        return {
            "kind": "path",
            "path": local["path"].column,
            "depth": local["depth"].column,
            "children": local["numchild"].column,
            "step": int(model.steplen),
            "alphabet": str(model.alphabet),
            "limit": int(local["path"].max_length),
        }
    if "NS_Node" in kinds and "lft" in local:
        names = {"left": "lft", "right": "rgt", "tree": "tree_id", "depth": "depth"}
        return {"kind": "nested", "base": 1, **{k: local[n].column for k, n in names.items()}}
    return None


def _mptt(options: Any, local: dict[str, Any]) -> dict[str, Any] | None:
    names = {
        "left": options.left_attr,
        "right": options.right_attr,
        "tree": options.tree_id_attr,
        "depth": options.level_attr,
        "parent": options.parent_attr,
    }
    if any(name not in local for name in names.values()):
        return None  # the tree is a parent table's
    return {"kind": "nested", "base": 0, **{k: local[n].column for k, n in names.items()}}
