"""Stretches do not overlap: for each parent where a parent is named, else in the whole table."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from tests.unit.populate.works import DAY, key, made, planned, to, work

from nuages.populate.catalog import Exclusion
from nuages.populate.draft import TooMany
from nuages.populate.planning import TablePlan, plan
from nuages.populate.schema import Column

ROWS = 4000


def column(name: str, family: str) -> Column:
    return Column(column=name, name=name, family=family)


def excluded(
    *stretch: Column, types: dict[str, str] | None = None, by: str | None = None, rows: int = ROWS
) -> TablePlan:
    """The plan of a table whose stretch may not overlap, for each room where `by` names its key."""
    columns = [key(), *([to("room", by)] if by else []), *stretch]
    told = work(*columns, rows=rows, parents={"room": 300})
    exclusion = Exclusion(
        name="once", stretch=tuple(c.column for c in stretch), equal=(by,) if by else ()
    )
    catalog = replace(
        told.catalog, exclusions=(exclusion,), types={**told.catalog.types, **(types or {})}
    )
    return plan(replace(told, catalog=catalog))


def assert_apart(spans: list[list[int]]) -> None:
    """Closed ends may not meet either."""
    assert all(low < high for low, high in spans)
    assert all(first[1] < second[0] for first, second in pairwise(sorted(spans)))


class TestHolds:
    @pytest.mark.parametrize("kind", ["daterange", "tstzrange", "tsrange", "int4range", "numrange"])
    def test_a_range_in_the_whole_table(self, kind: str) -> None:
        found = excluded(column("during", "range"), types={"during": kind})
        assert_apart([span for (span,) in made(found, "during")])

    @pytest.mark.parametrize("kind", ["daterange", "tstzrange"])
    def test_a_range_for_each_parent(self, kind: str) -> None:
        found = excluded(column("during", "range"), types={"during": kind}, by="room")
        rows = made(found, "room", "during")
        for room in {room for room, _ in rows}:
            assert_apart([span for other, span in rows if other == room])
        assert len({tuple(span) for _, span in rows}) < ROWS  # rooms are taken at the same time

    def test_a_beginning_and_an_end(self) -> None:
        found = excluded(column("start", "datetime"), column("end", "datetime"), by="room")
        rows = made(found, "room", "start", "end")
        for room in {room for room, _, _ in rows}:
            assert_apart([[start, end] for other, start, end in rows if other == room])

    def test_moments_stay_in_the_years_of_the_run(self) -> None:
        found = excluded(column("during", "range"), types={"during": "tstzrange"})
        spans = [span for (span,) in made(found, "during")]
        assert min(low for low, _ in spans) >= 0
        assert max(high for _, high in spans) <= 700 * DAY


class TestHasNoRoom:
    def test_days_until_the_year_9999(self) -> None:
        with pytest.raises(TooMany, match="stretches that do not overlap"):
            excluded(column("during", "range"), types={"during": "daterange"}, rows=2_000_000)

    def test_shapes_of_which_the_pool_knows_few(self) -> None:
        with pytest.raises(TooMany, match="different values are known"):
            excluded(column("area", "geometry"), types={"area": "geometry"})


def test_nothing_is_done_without_a_constraint() -> None:
    assert "during" not in planned(key(), column("during", "range"), rows=10).generators
