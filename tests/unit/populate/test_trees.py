"""Nodes of trees, by arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nuages.populate.columns import Chunk
from nuages.populate.keys import Sequence, Space
from nuages.populate.trees import SIZE, Forest, generators

NESTED = {"kind": "nested", "left": "l", "right": "r", "tree": "t", "depth": "d", "parent": "p"}
PATH = {"kind": "path", "path": "p", "depth": "d", "children": "n", "step": 4,
        "alphabet": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}  # fmt: skip


def made(tree: dict[str, Any], rows: int, before: int = 0) -> dict[str, list[Any]]:
    chunk = Chunk(rows=np.arange(rows), first=0, pool=np.arange(rows))
    own = Space([Sequence(1, rows)])
    columns = generators(tree, Forest(rows, before), own, 0)
    found: dict[str, list[Any]] = {}
    for name, generate in columns.items():
        values, mask = generate(chunk)
        told = values.values.tolist()
        found[name] = told if mask is None else [
            None if empty else value for value, empty in zip(told, mask.tolist(), strict=True)
        ]  # fmt: skip
    return found


@pytest.mark.parametrize("rows", [1, 2, 7, 8, SIZE, SIZE + 1, 3 * SIZE + 13])
class TestNested:
    def test_bounds_nest_and_leave_no_gap(self, rows: int) -> None:
        nodes = made({**NESTED, "base": 0}, rows)
        for tree in set(nodes["t"]):
            inside = [i for i in range(rows) if nodes["t"][i] == tree]
            bounds = sorted(nodes[side][i] for i in inside for side in ("l", "r"))
            assert bounds == list(range(1, 2 * len(inside) + 1))

    def test_a_child_lies_inside_its_parent_one_level_below(self, rows: int) -> None:
        nodes = made({**NESTED, "base": 0}, rows)
        for node, parent in enumerate(nodes["p"]):
            if parent is None:
                assert nodes["d"][node] == 0
                continue
            above = parent - 1  # keys count from 1
            assert nodes["t"][node] == nodes["t"][above]
            assert nodes["l"][above] < nodes["l"][node] < nodes["r"][node] < nodes["r"][above]
            assert nodes["d"][node] == nodes["d"][above] + 1


@pytest.mark.parametrize("rows", [1, 9, SIZE, 2 * SIZE + 20])
class TestPaths:
    def test_paths_are_distinct_and_have_their_parents(self, rows: int) -> None:
        nodes = made(PATH, rows)
        paths = set(nodes["p"])
        assert len(paths) == rows
        assert all(path[:-4] in paths for path in paths if len(path) > 4)

    def test_depth_and_children_agree_with_the_paths(self, rows: int) -> None:
        nodes = made(PATH, rows)
        for path, depth, children in zip(nodes["p"], nodes["d"], nodes["n"], strict=True):
            assert depth == len(path) // 4
            assert children == sum(other[:-4] == path for other in nodes["p"])


def test_further_trees_come_after_those_that_are_there() -> None:
    assert made(PATH, SIZE, before=1)["p"][0] == b"0002"
    assert set(made({**NESTED, "base": 1}, 2 * SIZE, before=4)["t"]) == {5, 6}
