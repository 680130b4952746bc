from __future__ import annotations

from pathlib import Path

import pytest

from nuages.agent.stack_config import StackConfig
from nuages.agent.stack_endpoints import BALANCER, Endpoints

READY = "/-/nuages/ready"


@pytest.fixture
def drain(tmp_path: Path) -> Path:
    return tmp_path / "web-1.drain"


@pytest.fixture
def checks(tmp_path: Path) -> Path:
    return tmp_path / "web-1.checks"


@pytest.fixture
def endpoints(drain: Path, checks: Path) -> Endpoints:
    return Endpoints(StackConfig(drain=str(drain), checks=str(checks)))


def test_it_is_ready_until_it_drains(endpoints: Endpoints, drain: Path) -> None:
    assert endpoints.answer(READY) == (200, "ready\n")
    drain.touch()
    assert endpoints.answer(READY) == (503, "draining\n")


def test_what_the_balancer_was_told_is_left_word_of(
    endpoints: Endpoints, drain: Path, checks: Path
) -> None:
    endpoints.answer(READY, BALANCER)
    drain.touch()
    endpoints.answer(READY, BALANCER)
    endpoints.answer(READY, BALANCER)
    assert checks.read_text() == "rdd"


def test_nobody_elses_asking_counts(endpoints: Endpoints, checks: Path) -> None:
    endpoints.answer(READY)
    endpoints.answer(READY, "somebody")
    endpoints.answer("/-/nuages/live", BALANCER)
    assert not checks.exists()


def test_the_file_does_not_grow(endpoints: Endpoints, checks: Path) -> None:
    for _ in range(1000):
        endpoints.answer(READY, BALANCER)
    assert checks.stat().st_size <= 3


def test_a_file_that_cannot_be_written_keeps_nothing_from_its_answer(tmp_path: Path) -> None:
    nowhere = Endpoints(StackConfig(checks=str(tmp_path / "gone" / "checks")))
    assert nowhere.answer(READY, BALANCER) == (200, "ready\n")
