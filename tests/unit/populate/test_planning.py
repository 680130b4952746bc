"""Columns that no unique set speaks of."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.populate.works import POOL, integer, key, made, planned, text, to, work

from nuages.populate.catalog import UniqueSet
from nuages.populate.planning import plan
from nuages.populate.schema import Column

PATH = {"kind": "path", "path": "path", "depth": "depth", "children": "below", "step": 4,
        "alphabet": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}  # fmt: skip


def test_a_tree_may_have_keys_that_are_not_automatic() -> None:
    uuid = Column(column="id", name="id", family="uuid", is_key=True)
    told = work(uuid, text("path"), integer("depth"), integer("below"), rows=100, tree=PATH)
    primary = UniqueSet(name="pk", columns=("id",), is_primary=True)
    told.catalog = replace(told.catalog, uniques=(primary,))
    rows = made(plan(told), "path", "depth")
    assert all(len(path) == 4 * depth for path, depth in rows)
    assert len(set(rows)) == 100


def test_a_row_above_is_an_earlier_one() -> None:
    found = planned(key(), to("here", "above", is_null=True), rows=500)
    rows = made(found, "id", "above")
    assert all(above is None or above < own for own, above in rows)
    assert 0.2 < sum(above is None for _, above in rows) / 500 < 0.4


def test_what_is_empty_in_the_pool_stays_empty() -> None:
    pool = {"who": [None if n % 2 else "x" for n in range(POOL)]}
    found = planned(
        key(), to("user", "who", is_null=True), rows=400, parents={"user": 9}, pool=pool
    )
    assert sum(who is None for (who,) in made(found, "who")) == 200


def test_moments_rise_with_the_rows() -> None:
    moment = Column(column="made", name="made", family="datetime", stamp="created")
    moments = [value for (value,) in made(planned(key(), moment, rows=1000), "made")]
    assert moments == sorted(moments)


def test_the_seed_decides() -> None:
    columns, parents = (key(), to("user", "who")), {"user": 50}
    one, same, other = (
        made(planned(*columns, rows=200, parents=parents, seed=seed), "who") for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other
