from __future__ import annotations

import pytest

from nuages.load import Budget, Knee, LoadResult, Phase, RouteLoad, Steps, find_knee
from nuages.load.latency import Latency


def answered(phase: Phase, ms: float, *, errors: int = 0, late_ms: float = 0.0) -> LoadResult:
    latency, lag = Latency(), Latency()
    for _ in range(1000):
        latency.record(ms / 1e3)
        lag.record(late_ms / 1e3)
    route = RouteLoad(latency=latency, errors={"status 500": errors} if errors else {})
    return LoadResult(phase=phase, routes={"GET /": route}, seconds=phase.seconds, lag=lag)


def knee(capacity: float, steps: Steps | None = None) -> Knee:
    """Of a site that answers in 20 ms up to its capacity, and in 400 ms beyond it."""

    def run(phase: Phase) -> LoadResult:
        return answered(phase, 20 if phase.rate <= capacity else 400)

    return find_knee(run, steps or Steps(), Phase(rate=1, seconds=1))


@pytest.mark.parametrize("capacity", [0.7, 3, 7, 33, 100, 1234])
def test_the_knee_is_within_the_closeness_of_the_capacity(capacity: float) -> None:
    found = knee(capacity)
    assert found.is_bound
    assert found.rate is not None
    assert capacity / 1.1 <= found.rate <= capacity
    assert "p95 was 400 ms" in found.why


def test_errors_break_the_budget_too() -> None:
    def run(phase: Phase) -> LoadResult:
        return answered(phase, 20, errors=2 if phase.rate > 30 else 1)  # of 1,000

    found = find_knee(run, Steps(rates=(10, 20, 40)), Phase(rate=1, seconds=1))
    assert found.rate == 20
    assert found.why == "at 40/s 0.20 % failed, most by status 500"


def test_no_knee_where_hardly_any_load_is_held() -> None:
    found = knee(0.3)
    assert found.rate is None
    assert found.is_bound


def test_a_step_is_long_enough_for_a_p95() -> None:
    steps = {step.phase.rate: step.phase.seconds for step in knee(3, Steps(seconds=4)).steps}
    assert steps[5] == 8
    assert steps[2.5] == 16
    asked = knee(3, Steps(seconds=4, rates=(2.0, 5.0))).steps
    assert {step.phase.seconds for step in asked} == {4}


def test_steps_that_all_hold_are_no_bound() -> None:
    found = knee(100, Steps(rates=(10, 20)))
    assert found.rate == 20
    assert not found.is_bound
    assert "no higher rate" in found.why


def test_a_generator_that_is_late_is_not_the_site() -> None:
    def run(phase: Phase) -> LoadResult:
        return answered(phase, 400, late_ms=350) if phase.rate > 50 else answered(phase, 20)

    found = find_knee(run, Steps(), Phase(rate=1, seconds=1))
    assert found.rate == 40
    assert not found.is_bound
    assert "the generator was the limit at 80/s" in found.why


def test_another_budget_gives_another_knee() -> None:
    def run(phase: Phase) -> LoadResult:
        return answered(phase, phase.rate)

    for budget_ms in (50, 200):
        steps = Steps(budget=Budget(p95_ms=budget_ms))
        rate = find_knee(run, steps, Phase(rate=1, seconds=1)).rate
        assert rate is not None
        assert budget_ms / 1.1 <= rate <= budget_ms
