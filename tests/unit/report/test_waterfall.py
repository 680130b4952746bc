"""Events of one line share a line of the waterfall, in the order in which each began."""

from __future__ import annotations

from nuages.report.waterfall import LINES, SCALE, ticks, waterfall

from .sample_recording import BY_AUTHOR, WATERFALL, event, exemplar, query_event


def test_repeated_events_share_a_line_whatever_came_between_them():
    drawn = waterfall(WATERFALL)
    assert [(line.noun, line.count) for line in drawn.lines] == [
        ("middleware", 1), ("connection", 1), ("template", 1), ("cache", 1), ("query", 12),
        ("outside", 1),
    ]  # fmt: skip


def test_a_line_tells_what_its_events_cost_together():
    line = waterfall(WATERFALL).lines[4]
    assert (line.total_ms, line.max_ms, line.first_ms, line.rows) == (12, 1, 10, 12)
    assert line.statement == BY_AUTHOR
    assert line.label == "SELECT … FROM accounts_user WHERE id = %s LIMIT 21"


def test_marks_are_where_the_events_were():
    (line,) = waterfall(exemplar(query_event(20, 10), query_event(60, 0), wall_ms=100)).lines
    assert line.path == "M200 0h100v1H200zM600 0h3v1H600z"


def test_marks_stay_within_the_strip():
    (line,) = waterfall(exemplar(query_event(100, 0), wall_ms=100)).lines
    assert line.path == f"M{SCALE - 3} 0h3v1H{SCALE - 3}z"
    (line,) = waterfall(exemplar(query_event(90, 30), wall_ms=100)).lines
    assert line.path.startswith("M750 0h250")


def test_what_goes_on_around_others_is_told_apart():
    lines = {line.noun: line.is_around for line in waterfall(WATERFALL).lines}
    assert [noun for noun, is_around in lines.items() if is_around] == ["template"]


def test_the_time_without_events_that_were_kept_is_marked():
    assert waterfall(WATERFALL).unknown == 75
    assert waterfall(exemplar(query_event(1))).unknown is None
    assert waterfall(exemplar(left_out=3)).unknown is None


def test_of_many_lines_those_that_took_least_are_left_out():
    events = [event("cache", f"alias{n}", "get", 50 - n, 0.1 + n) for n in range(LINES + 5)]
    drawn = waterfall(exemplar(*events))
    assert (len(drawn.lines), drawn.lines_left_out) == (LINES, 5)
    assert drawn.lines[0].label == f"get alias{LINES + 4}"


def test_a_scale_has_few_round_marks():
    assert ticks(100) == ((0, "0 ms"), (20, "20 ms"), (40, "40 ms"), (60, "60 ms"), (80, "80 ms"),
                          (100, "100 ms"))  # fmt: skip
    for whole in (0.004, 0.3, 7, 189, 4_321, 95_000):
        assert 2 <= len(ticks(whole)) <= 6


def test_an_execution_without_events_has_a_waterfall():
    assert waterfall(exemplar(wall_ms=0)).lines == ()
