"""Loads are numbered once, and chains end."""

from __future__ import annotations

from nuages.record import lineage
from nuages.record.lineage import Relation


def step(model, field, parent, site=0):
    return lineage.load_number(model, site, Relation("a.Above", field, "fk"), parent)


def length(number):
    load = lineage.loads[number]
    return 0 if load is None else 1 + length(load.parent)


def test_the_same_load_has_the_same_number():
    root = lineage.load_number("a.Post", 1, None, 0)
    assert root == lineage.load_number("a.Post", 1, None, 0)
    assert step("a.Author", "author", root) == step("a.Author", "author", root)
    assert step("a.Author", "author", root) != step("a.Author", "editor", root)


def test_a_chain_of_different_steps_has_a_greatest_depth():
    number = lineage.load_number("a.Deep", 1, None, 0)
    for index in range(40):
        number = step("a.Deep", f"f{index}", number)
    assert length(number) == lineage.DEPTH


def test_a_step_that_repeats_is_followed_twice():
    number = lineage.load_number("a.Node", 1, None, 0)
    seen = {number := step("a.Node", "parent", number) for _ in range(10)}
    assert len(seen) == 2
    assert length(number) == 3


def test_a_queryset_that_was_not_seen_being_created_still_has_a_load():
    number = lineage.load_of_query(0, "a.Unseen")
    assert lineage.loads[number] == lineage.Load("a.Unseen", 0, None, 0, "query")


def test_what_a_prefetch_loads_hangs_on_its_parents():
    parents = lineage.load_number("a.Post", 2, None, 0)
    relation = Relation("a.Post", "tags", "m2m")
    number = lineage.load_of_query(0, "a.Tag", (relation, parents))
    assert lineage.loads[number] == lineage.Load("a.Tag", 0, relation, parents, "prefetched")
