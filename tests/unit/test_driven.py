"""Figures of a driven site."""

from __future__ import annotations

from nuages.answers import Answer, Request
from nuages.doors.driven import summarise


def answered(queries: int, milliseconds: int) -> Answer:
    spent = milliseconds * 1_000_000
    return Answer(
        request=Request(path="/"),
        route="GET /",
        status=200,
        queries=queries,
        wall_ns=spent,
        cpu_ns=spent,
        db_ns=spent,
    )


def test_queries_are_of_all_answers_and_times_without_the_first():
    summary = summarise([answered(9, 500), answered(3, 10), answered(3, 10)])
    figures = summary.routes["GET /"]
    assert (figures.requests, figures.queries) == (3, 5)
    assert summary.queries_per_request == 5
    assert (figures.p50_ms, figures.p95_ms, figures.cpu_ms, figures.db_ms) == (10, 10, 10, 10)


def test_of_a_single_answer_the_times_count():
    figures = summarise([answered(9, 500)]).routes["GET /"]
    assert (figures.requests, figures.queries, figures.p50_ms) == (1, 9, 500)
