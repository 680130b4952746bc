"""Trees by the means of their own libraries, which compute paths and bounds."""

from __future__ import annotations

import random
import time
from typing import Any

from nuages.agent.fill.order import Step
from nuages.agent.fill.pools import Pools

NODES = 60  # a node costs several queries
ROOTS = 4


def is_tree(model: Any) -> bool:
    return _is_treebeard(model) or hasattr(model, "_mptt_meta")


def _is_treebeard(model: Any) -> bool:
    return any(k.__module__.startswith("treebeard.") for k in model.__mro__) and hasattr(
        model, "add_root"
    )


def fill_tree(
    step: Step, rows: int, rng: random.Random, pools: Pools, until: float
) -> tuple[int, str]:
    """(nodes added, why the last one was not)."""
    from nuages.agent.fill.tables import TableFill

    table = TableFill(step, rng, pools, until, without=kept_by_library(step.model))
    add = _add_treebeard if _is_treebeard(step.model) else _add_mptt
    if _has_children(step.model):
        return 0, "its rows come from the models that inherit from it"
    nodes = _existing(step.model)
    planted = bool(nodes)
    added, reason, failures = 0, "", 0
    while added < min(rows, NODES) and failures < 5 and time.monotonic() < until:
        instance, reason = table.new_row()
        if instance is None:
            break
        parent = _parent(nodes, rng, planted=planted)
        reason = add(instance, parent, step)
        if reason:
            failures += 1
            continue
        nodes.append(instance)
        added += 1
    return added, reason


def kept_by_library(model: Any) -> frozenset[str]:
    """Columns that say where a node is, which the library writes; none where there is no tree."""
    if not is_tree(model):
        return frozenset()
    options = getattr(model, "_mptt_meta", None)
    if options is not None:
        names = ("left_attr", "right_attr", "tree_id_attr", "level_attr", "parent_attr")
        return frozenset(str(getattr(options, name)) for name in names)
    if any(k.__name__ == "AL_Node" for k in model.__mro__):  # an ordinary key to itself
        return frozenset({"parent"})
    return frozenset({"path", "depth", "numchild", "lft", "rgt", "tree_id"})


def _has_children(model: Any) -> bool:
    """Whether models with tables of their own inherit from it: pages of a kind, not just pages."""
    return any(
        relation.one_to_one and relation.auto_created and relation.parent_link
        for relation in model._meta.related_objects
    )


def _existing(model: Any) -> list[Any]:
    """Nodes to hang others on: of a tree that is there, all but the top two levels' roots."""
    top = model
    for parent in model._meta.get_parent_list():
        if hasattr(parent, "add_root"):
            top = parent
    nodes = list(top._base_manager.all().order_by("pk")[:50])
    inner = [node for node in nodes if getattr(node, "depth", 0) != 1]
    return inner[:ROOTS] or nodes[:ROOTS]


def _parent(nodes: list[Any], rng: random.Random, *, planted: bool) -> Any:
    """A node to hang the next one on; None for a root, which only a tree made here gets."""
    if not nodes or (not planted and len(nodes) < ROOTS and rng.random() < 0.5):
        return None
    return nodes[int(len(nodes) * rng.random() ** 3)]


def _add_treebeard(instance: Any, parent: Any, step: Step) -> str:
    from django.db import transaction

    try:
        with transaction.atomic(using=step.alias):
            if parent is None:
                step.model.add_root(instance=instance)
            else:
                fresh = type(parent)._base_manager.get(pk=parent.pk)
                fresh.add_child(instance=instance)
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return ""


def _add_mptt(instance: Any, parent: Any, step: Step) -> str:
    from django.db import transaction

    try:
        with transaction.atomic(using=step.alias):
            fresh = type(parent)._base_manager.get(pk=parent.pk) if parent is not None else None
            setattr(instance, instance._mptt_meta.parent_attr, fresh)
            instance.save()
    except Exception as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    return ""
