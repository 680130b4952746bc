"""Two recordings compared: what grew with the data, what a limit kept, what only one has."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.rules.recordings import HOME, LOOP_LINE, MS, POSTS, accessed, at, in_loop, once
from tests.unit.rules.recordings import recorded as recording

from nuages.growth import compare, figures, grown_rows, is_more_often, key, most_grown, surer
from nuages.model import Grown, Growth, QueryGroup

AUTHOR = accessed(POSTS, "author", "fk")


def compared(before: list[QueryGroup], after: list[QueryGroup]) -> Growth:
    return compare(recording(*before), recording(*after), rows=300, grown_rows=1_500)


def from_to(before: int, after: int) -> tuple[QueryGroup, Growth]:
    loop = in_loop(AUTHOR, before)
    return loop, compared([loop], [in_loop(AUTHOR, after)])


class TestCompare:
    def test_what_grew(self):
        loop, growth = from_to(20, 100)
        assert growth.queries[key(loop)].queries == (20, 100)

    def test_what_stayed(self):
        loop, growth = from_to(20, 20)
        assert growth.queries[key(loop)].queries == (20, 20)

    def test_nothing_is_known_of_what_vanished_or_is_new(self):
        loop = in_loop(AUTHOR, 20)
        assert not compared([loop], []).queries
        assert not compared([], [loop]).queries

    def test_another_scope_line_shape_or_statement_is_another_query(self):
        loop = in_loop(AUTHOR, 20)
        others = [
            in_loop(AUTHOR, 100, scope=HOME),
            in_loop(AUTHOR, 100, location=at(77)),
            in_loop(AUTHOR, 100, trigger=LOOP_LINE),
            replace(in_loop(AUTHOR, 100), shape="count"),
            replace(in_loop(AUTHOR, 100), statement=replace(loop.statement, sql="SELECT 1")),
        ]
        assert not compared([loop], others).queries

    def test_rows_are_of_one_query_and_ms_of_one_execution(self):
        before = once(POSTS, 300)
        after = replace(once(POSTS, 1_500), executions=2, wall_ns=8 * MS)
        (grown,) = compared([before], [after]).queries.values()
        assert grown == Grown(queries=(1, 1), rows=(300, 1_500), ms=(1.0, 4.0))


class TestJudged:
    def test_twice_as_many_is_more_often(self):
        loop, growth = from_to(20, 40)
        assert is_more_often(growth, [loop])
        assert surer(0.8, growth, [loop]) == 0.9

    def test_less_than_twice_as_many_is_not(self):
        loop, growth = from_to(20, 39)
        assert not is_more_often(growth, [loop])
        assert surer(0.8, growth, [loop]) == 0.8

    def test_fewer_or_unknown_leave_the_confidence_alone(self):
        loop, growth = from_to(20, 3)
        assert surer(0.8, growth, [loop]) == 0.8
        assert surer(0.8, Growth(), [loop]) == 0.8
        assert figures(Growth(), [loop]) == {}

    def test_it_is_never_quite_sure(self):
        loop, growth = from_to(20, 100)
        assert surer(0.95, growth, [loop]) == 0.99
        assert surer(1.0, growth, [loop]) == 1.0

    def test_the_one_that_grew_most_stands_for_all(self):
        loop, other = in_loop(AUTHOR, 50), in_loop(AUTHOR, 5, scope=HOME)
        growth = compared([loop, other], [loop, in_loop(AUTHOR, 25, scope=HOME)])
        grown = most_grown(growth, [loop, other])
        assert grown == (5, 25)
        assert figures(growth, [loop, other]) == {
            "queries_at_300_rows": 5,
            "queries_at_1500_rows": 25,
        }

    def test_parts_of_one_page_are_taken_together(self):
        many, few = in_loop(AUTHOR, 20), in_loop(AUTHOR, 3, location=at(77))
        growth = compared([many, few], [in_loop(AUTHOR, 16), in_loop(AUTHOR, 7, location=at(77))])
        assert most_grown(growth, [many, few]) == (23, 23)
        assert not is_more_often(growth, [many, few])

    def test_rows_have_to_grow_nearly_with_the_data(self):
        few = once(POSTS, 100)
        assert grown_rows(compared([few], [once(POSTS, 400)]), few) == 400
        assert grown_rows(compared([few], [once(POSTS, 399)]), few) == 0
        assert grown_rows(Growth(), few) == 0
