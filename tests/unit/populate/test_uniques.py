"""Unique sets hold, whatever they are made of; what has no room says how many rows it has."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.populate.works import POOL, integer, key, made, planned, text, to

from nuages.populate.columns import Chunk
from nuages.populate.draft import TooMany
from nuages.populate.schema import Column, Mark

MARK = Mark(beginnings=("a", "b"), ending="", alphabet="0123456789", width=6)


def assert_distinct(rows: list[tuple[object, ...]]) -> None:
    assert len(set(rows)) == len(rows)


class TestHolds:
    def test_a_text(self) -> None:
        found = planned(key(), text("slug", mark=MARK), rows=5000, uniques=(("slug",),))
        assert_distinct(made(found, "slug"))

    def test_two_foreign_keys(self) -> None:
        found = planned(
            key(), to("user", "who"), to("post", "what"), rows=20_000,
            parents={"user": 3000, "post": 500}, uniques=(("who", "what"),),
        )  # fmt: skip
        assert_distinct(made(found, "who", "what"))

    def test_two_foreign_keys_that_must_not_meet_in_one_row(self) -> None:
        found = planned(
            key(), to("user", "who"), to("user", "whom"), rows=8000,
            parents={"user": 1000}, uniques=(("who", "whom"),),
        )  # fmt: skip
        pairs = made(found, "who", "whom")
        assert_distinct(pairs)
        assert all(who != whom for who, whom in pairs)

    def test_a_position_below_a_parent_counts_from_its_beginning(self) -> None:
        found = planned(
            key(), to("album", "album"), integer("position", low=0, high=32_767), rows=6000,
            parents={"album": 900}, uniques=(("album", "position"),),
        )  # fmt: skip
        rows = made(found, "album", "position")
        assert_distinct(rows)
        for album in {album for album, _ in rows}:
            places = sorted(place for each, place in rows if each == album)
            assert places == list(range(1, len(places) + 1))

    def test_a_parent_and_a_choice(self) -> None:
        found = planned(
            key(), to("user", "who"), text("kind", values=("look", "sound", "smell")), rows=2500,
            parents={"user": 1000}, uniques=(("who", "kind"),),
        )  # fmt: skip
        assert_distinct(made(found, "who", "kind"))

    def test_three_foreign_keys(self) -> None:
        found = planned(
            key(), to("a", "a"), to("b", "b"), to("c", "c"), rows=10_000,
            parents={"a": 400, "b": 20, "c": 30}, uniques=(("a", "b", "c"),),
        )  # fmt: skip
        assert_distinct(made(found, "a", "b", "c"))

    def test_two_sets_that_share_a_column(self) -> None:
        found = planned(
            key(), to("a", "a"), to("b", "b"), integer("n"), rows=3000,
            parents={"a": 500, "b": 400}, uniques=(("a", "b"), ("a", "n")),
        )  # fmt: skip
        assert_distinct(made(found, "a", "b"))
        assert_distinct(made(found, "a", "n"))

    def test_one_to_one(self) -> None:
        found = planned(
            key(), to("user", "who"), rows=500, parents={"user": 500}, uniques=(("who",),)
        )
        assert_distinct(made(found, "who"))

    def test_the_few_values_that_a_column_knows_are_of_the_first_rows(self) -> None:
        flag = Column(column="active", name="active", family="boolean", is_null=True)
        values = [b"yes" if number % 2 else None for number in range(POOL)]
        found = planned(key(), flag, rows=50, uniques=(("active",),), pool={"active": values})
        rows = np.arange(50)
        _, nulls = found.generators["active"](Chunk(rows=rows, first=0, pool=rows))
        assert nulls is not None
        few = len({value for value in values if value})
        assert nulls.tolist() == few * [False] + (50 - few) * [True]

    def test_a_condition_is_avoided_where_nothing_else_settles_it(self) -> None:
        flags = np.arange(POOL) % 2 == 0
        found = planned(
            key(), to("user", "who"), text("main"), rows=1000, parents={"user": 30},
            conditional={"main_once": ("who",)}, flags={"main_once": flags},
            pool={"main": [bool(flag) for flag in flags]},
        )  # fmt: skip
        mains = [who for who, main in made(found, "who", "main") if main]
        assert_distinct([(who,) for who in mains])

    def test_nothing_is_done_where_a_column_stays_empty(self) -> None:
        found = planned(
            key(), to("nobody", "who", is_null=True), to("user", "whom"), rows=100,
            parents={"user": 5}, uniques=(("who", "whom"),),
        )  # fmt: skip
        assert {who for (who,) in made(found, "who")} == {None}


class TestAdds:
    def test_a_second_run_repeats_nothing_of_the_first(self) -> None:
        columns = (key(), to("user", "who"), to("post", "what"))
        sets = (("who", "what"),)
        one = planned(*columns, rows=2000, parents={"user": 400, "post": 300}, uniques=sets)
        two = planned(
            *columns, rows=2000, parents={"user": 800, "post": 600}, uniques=sets,
            first=2000, covered=one.covers,
        )  # fmt: skip
        assert_distinct([*made(one, "who", "what"), *made(two, "who", "what")])

    def test_it_has_no_room_without_new_parents(self) -> None:
        columns = (key(), to("user", "who"), to("post", "what"))
        with pytest.raises(TooMany, match="has its rows already"):
            planned(
                *columns, rows=10, parents={"user": 400, "post": 300},
                uniques=(("who", "what"),), first=10, covered={"who": 400},
            )  # fmt: skip

    def test_a_key_that_closes_a_cycle_waits_for_the_end_as_in_the_first_run(self) -> None:
        found = planned(
            key(), to("user", "who", is_later=True, is_null=True), rows=20, parents={"user": 90},
            uniques=(("who",),), first=100,
        )  # fmt: skip
        assert made(found, "who") == [(None,)] * 20


class TestHasNoRoom:
    def test_choices(self) -> None:
        with pytest.raises(TooMany) as told:
            planned(
                key(), to("user", "who"), text("kind", values=("look", "sound")), rows=101,
                parents={"user": 50}, uniques=(("who", "kind"),),
            )  # fmt: skip
        assert told.value.rows == 100
        assert "100 combinations" in told.value.why

    def test_small_numbers(self) -> None:
        with pytest.raises(TooMany, match="rank goes up to 99"):
            planned(key(), integer("rank", low=1, high=99), rows=100, uniques=(("rank",),))

    def test_parents_that_are_not_there(self) -> None:
        with pytest.raises(TooMany, match="there is none"):
            planned(key(), to("user", "who"), rows=10)
