"""Calls are added up, with what came of them."""

from __future__ import annotations

from nuages.report.calls import tables

from .sample_recording import FLAGS, HOME, RECORDING, call


def test_each_kind_has_its_table_the_costliest_first():
    found = tables(RECORDING.calls, by_place=False)
    assert [row.kind for row in found.calls] == ["outside", "cache", "transaction"]
    assert [row.name.rpartition(".")[2] for row in found.middleware] == ["Flags", "Idle"]
    assert [row.name for row in found.templates] == ["feed/home.html"]


def test_calls_of_two_lines_are_one_row_or_two():
    both = [call("cache", "default", "get", location=place) for place in (FLAGS, HOME)]
    (one,) = tables(both, by_place=False).calls
    assert (one.calls, one.wall_ms, one.location) == (20, 10, None)
    assert [row.location for row in tables(both, by_place=True).calls] == [FLAGS, HOME]


def test_a_hit_rate_is_of_the_keys_that_were_looked_up():
    (row,) = tables([RECORDING.calls[0]], by_place=True).calls
    assert (row.hit_rate, row.told) == (0.8, "hit ×8, miss ×2")
    (row,) = tables([call("cache", "default", "set")], by_place=True).calls
    assert (row.hit_rate, row.told) == (None, "")


def test_how_it_was_measured_is_no_outcome():
    idle = tables(RECORDING.calls, by_place=False).middleware[1]
    assert idle.told == ""


def test_how_long_a_transaction_was_open_is_no_time_of_its_own():
    *_, last = tables(RECORDING.calls, by_place=False).calls
    assert (last.operation, last.is_time_of_its_own) == ("open", False)


def test_without_calls_there_are_no_tables():
    assert not tables([], by_place=True)
    assert tables(RECORDING.calls, by_place=True)
