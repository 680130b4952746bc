"""Bars stay within their line, and histograms name their buckets."""

from __future__ import annotations

from nuages.report.bars import bar, buckets, stacked


def test_parts_stand_side_by_side():
    assert [(b.kind, b.x, b.width) for b in stacked([("cpu", 0.25), ("database", 0.5)])] == [
        ("cpu", 0, 25),
        ("database", 25, 50),
    ]


def test_what_cannot_be_seen_is_not_drawn():
    assert [b.kind for b in stacked([("cpu", 0.0001), ("database", 0.9)])] == ["database"]
    assert stacked([("cpu", 1)], whole=0) == []


def test_nothing_goes_beyond_the_line():
    over = stacked([("cpu", 0.8), ("database", 0.8)])
    assert over[-1].x + over[-1].width == 100
    assert bar("x", 99, 50).width == 1
    assert (bar("x", -5, 10).x, bar("x", 120, 10).width) == (0, 0)


def test_a_histogram_is_told_from_its_first_bucket_to_its_last():
    told = buckets((0, 0, 4, 0, 2, 0))
    assert [(b.name, b.number, b.width) for b in told] == [
        ("4 to 8 µs", 4, 100),
        ("8 to 16 µs", 0, 0),
        ("16 to 32 µs", 2, 50),
    ]
    assert buckets(()) == buckets((0, 0)) == []


def test_buckets_are_named_in_the_unit_that_suits_them():
    names = [b.name for b in buckets((1,) * 24)]
    assert names[0] == "under 2 µs"
    assert names[10] == "1 to 2 ms"
    assert names[20] == "1 to 2.1 s"
