"""What two versions under the same load show."""

from __future__ import annotations

import pytest

from nuages.load import Knee, LoadResult, Phase, RouteLoad
from nuages.load.latency import Latency
from nuages.load.values import Budget
from nuages.loading import _compared

KNEES = {side: Knee(rate=40.0, why="", is_bound=True, budget=Budget(), steps=()) for side in "ab"}


def result(errors: int = 0, ms: float = 20.0) -> LoadResult:
    latency = Latency()
    for _ in range(100):
        latency.record(ms / 1e3)
    broken = {"status 500": errors} if errors else {}
    routes = {"GET /": RouteLoad(latency=latency, errors=broken)}
    return LoadResult(phase=Phase(rate=20, seconds=5), routes=routes, seconds=5)


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        ((0, 0, 0), (0, 0, 0), []),
        ((0, 0, 0), (1, 2, 1), []),
        ((9, 11, 10), (12, 9, 13), []),
        ((0, 0, 0), (9, 7, 8), [("worse", "errors under load: 0 %, then 8.00 %")]),
        ((9, 7, 8), (0, 0, 0), [("better", "errors under load: 8.00 %, then 0 %")]),
    ],
)
def test_errors_under_load_count_where_they_are_no_chance(
    a: tuple[int, ...], b: tuple[int, ...], told: list[tuple[str, str]]
) -> None:
    results = {"a": [result(n) for n in a], "b": [result(n) for n in b]}
    proof, reasons = _compared(20, results, KNEES)
    assert [(judged, why.replace("0.00 %", "0 %")) for judged, why in reasons] == told
    assert proof.b.requests == 300


def test_latencies_are_told_by_route() -> None:
    proof, reasons = _compared(20, {"a": [result()] * 3, "b": [result(ms=40)] * 3}, KNEES)
    before, after = proof.routes["GET /"]
    assert (round(before.p95_ms), round(after.p95_ms)) == (20, 40)
    assert [judged for judged, _ in reasons] == ["worse"]
