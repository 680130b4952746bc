"""Limits of routes and tests: which one holds, and what ran over it."""

from __future__ import annotations

import pytest

from nuages.model import Budgets, Limits
from nuages.suite.budgets import broken, limit, unmatched

from .told import AUTHOR, PAPER, PAPERS, suite, told

RUN = suite(
    tests__a=told((PAPERS, PAPER, 1), (PAPERS, AUTHOR, 7)),
    tests__b=told((PAPERS, PAPER, 1), ("", AUTHOR, 20)),
)


def over(run=RUN, **budgets: object) -> list[tuple[str, str]]:
    found = broken(run, Budgets(**budgets), None)  # type: ignore[arg-type]
    return [(one.name, one.words) for one in found]


def test_nothing_is_limited_unless_it_is_said():
    assert over() == []


def test_the_worst_request_of_a_route_counts_and_its_statements_are_named():
    (one,) = broken(RUN, Budgets(max_queries=7), None)
    assert (one.name, one.words) == (PAPERS, "8 queries in one request, 7 allowed")
    assert one.tests == ("tests/a",)
    assert [(calls, asked.made.sql) for calls, asked in one.top] == [(7, AUTHOR), (1, PAPER)]
    assert over(max_queries=8) == []


def test_what_a_test_asks_itself_is_the_tests():
    tests = {"tests/*": Limits(max_queries=20)}
    assert over(tests=tests) == [("tests/b", "21 queries, 20 allowed")]


def test_a_marker_wins_over_the_tables():
    run = suite(a=told(("", PAPER, 5), allowed=4), b=told(("", PAPER, 5), allowed=9))
    assert over(run, tests={"*": Limits(max_queries=1)}) == [("a", "5 queries, 4 allowed")]


def test_nothing_may_be_asked_where_zero_is_allowed():
    assert over(suite(a=told((PAPERS, PAPER, 1))), max_queries=0)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("GET /a/", (1, "GET /a/")),
        ("GET /a/b/", (2, "GET /a/*")),
        ("GET /c/", (3, "GET *")),
        ("POST /c/", (None, "")),
        ("GET /[x]/", (4, "GET /[x]/")),
        ("GET /x/", (3, "GET *")),
    ],
)
def test_the_name_itself_wins_then_the_longest_pattern(name, found):
    patterns = ("GET /a/", "GET /a/*", "GET *", "GET /[x]/")
    tables = {p: Limits(max_queries=n) for n, p in enumerate(patterns, start=1)}
    tables["POST *"] = Limits(response_ms=5)
    assert limit(tables, name, "max_queries") == found


def test_the_first_of_a_few_requests_is_left_out_of_account():
    run = suite(a=told((PAPERS, PAPER, 1), walls_ms=(90, 8, 9)))
    routes = {PAPERS: Limits(response_ms=10)}
    assert over(run, routes=routes) == []
    alone = suite(a=told((PAPERS, PAPER, 1), walls_ms=(90,)))
    assert over(alone, routes=routes) == [(PAPERS, "p95 90.0 ms a response, 10 ms allowed")]


def test_a_pattern_that_no_request_matches_is_told():
    routes = {"GET /papers/": Limits(max_queries=9), "GET /typo/": Limits(max_queries=9)}
    assert unmatched(RUN, Budgets(routes=routes)) == ("GET /typo/",)
