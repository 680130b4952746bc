"""Proportions of another database."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.populate.test_sizes import POST, USER, unit
from tests.unit.populate.works import text

from nuages.populate.like import Likeness
from nuages.populate.made import objects
from nuages.populate.places import of_url
from nuages.populate.pooled import TablePool
from nuages.populate.schema import Table


@pytest.fixture
def likeness(tmp_path: Path) -> Likeness:
    """10 users; 40 posts, of which 15 are stories, most of one author and in one state."""
    file = tmp_path / "shop.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.executescript(
            "CREATE TABLE user (id integer); CREATE TABLE story (id integer);"
            "CREATE TABLE post (id integer, author integer, state text)"
        )
        connection.executemany("INSERT INTO user VALUES (?)", [(n,) for n in range(10)])
        connection.executemany("INSERT INTO story VALUES (?)", [(n,) for n in range(15)])
        posts = [(n, 1 if n < 22 else n % 10, "draft" if n % 4 == 0 else "out") for n in range(40)]
        connection.executemany("INSERT INTO post VALUES (?, ?, ?)", posts)
    return Likeness(of_url(f"sqlite:///{file}"))


def test_rows_keep_their_ratio_to_users(likeness: Likeness) -> None:
    assert likeness.ratios((USER, POST), 1000) == {"app.user": 1000, "app.post": 4000}


def test_rows_of_a_child_table_are_not_counted_twice(likeness: Likeness) -> None:
    story = replace(unit("story"), tables=(POST.tables[0], *unit("story").tables))
    found = likeness.ratios((USER, POST, story), 1000)
    assert found == {"app.user": 1000, "app.post": 2500, "app.story": 1500}


def test_the_busiest_is_as_busy(likeness: Likeness) -> None:
    assert likeness.busiest(POST.tables[0])["author"] > 5


def test_shares_of_states_are_taken(likeness: Likeness) -> None:
    states = objects(["draft", "out"] * 50)
    pool = TablePool(images={"state": states}, nulls={"state": np.zeros(100, bool)}, rows=100)
    table = Table(label="app.post", table="post", columns=(text("state"),))
    found = likeness.weighted(table, pool).images["state"].tolist()
    assert found.count("draft") / len(found) == pytest.approx(0.25, abs=0.02)


def test_a_table_that_is_not_there_tells_nothing(likeness: Likeness) -> None:
    assert "app.nothing" not in likeness.ratios((USER, unit("nothing")), 1000)
