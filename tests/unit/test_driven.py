"""Figures of a driven site."""

from __future__ import annotations

from nuages.answers import Answer, Request
from nuages.doors.driven import costliest_of_each_route, summarise, told_apart


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
    summary = summarise([[answered(9, 500), answered(3, 10), answered(3, 10)]])
    figures = summary.routes["GET /"]
    assert (figures.requests, figures.queries) == (3, 5)
    assert summary.queries_per_request == 5
    assert (figures.p50_ms, figures.p95_ms, figures.cpu_ms, figures.db_ms) == (10, 10, 10, 10)


def test_of_a_single_answer_the_times_count():
    figures = summarise([[answered(9, 500)]]).routes["GET /"]
    assert (figures.requests, figures.queries, figures.p50_ms) == (1, 9, 500)


def test_of_several_runs_the_first_answer_of_each_counts_for_no_time():
    run = [answered(4, 500), answered(4, 10), answered(4, 20)]
    figures = summarise([run, run]).routes["GET /"]
    assert (figures.requests, figures.queries, figures.p50_ms) == (3, 4, 15)


def test_times_are_told_apart_where_no_run_of_one_side_is_like_one_of_the_other():
    def run(milliseconds: int) -> list[Answer]:
        return [answered(1, 500), answered(1, milliseconds)]

    both = frozenset({"db_ms", "cpu_ms"})
    assert told_apart([run(30), run(28)], [run(10), run(27)]) == both
    assert told_apart([run(10), run(27)], [run(30), run(28)]) == both
    assert told_apart([run(30), run(20)], [run(10), run(25)]) == frozenset()


def test_one_request_of_each_route_goes_to_more_data_the_most_work_first():
    def asked(path: str, queries: int, rows: int = 0, status: int = 200) -> Answer:
        route = f"GET {path.partition('?')[0]}"
        request = Request(path=path)
        return Answer(request=request, status=status, route=route, queries=queries, rows=rows)

    chosen = costliest_of_each_route(
        [
            asked("/admin", 99, rows=999),
            asked("/a", 3),
            asked("/a?page=2", 9, rows=20),
            asked("/a?page=3", 9, rows=10),
            asked("/b", 2, rows=300),
            asked("/broken", 50, status=500),
            asked("/denied", 5, status=302),
            asked("/static", 0),
        ],
        last=frozenset({"GET /admin"}),
    )
    assert [request.path for request in chosen] == ["/b", "/a?page=2", "/admin"]
