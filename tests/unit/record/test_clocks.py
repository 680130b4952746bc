"""The recorder's clocks go on where a test stops time."""

from __future__ import annotations

import importlib
import pkgutil
import time

import pytest

from nuages import record
from nuages.record import clocks

CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
          "thread_time_ns")  # fmt: skip


def test_the_clocks_are_those_of_time():
    for name in ("perf_counter_ns", "thread_time_ns", "time_ns", "monotonic"):
        before, between, after = (
            getattr(time, name)(),
            getattr(clocks, name)(),
            getattr(time, name)(),
        )
        assert before <= between <= after


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(record.__path__)])
def test_no_module_holds_a_clock_that_can_be_found_and_replaced(name):
    module = importlib.import_module(f"nuages.record.{name}")
    real = {id(getattr(time, clock)) for clock in CLOCKS}
    assert [n for n, value in vars(module).items() if id(value) in real] == []
    assert time not in vars(module).values()


def test_a_function_of_time_that_is_replaced_is_not_called(monkeypatch):
    for name in CLOCKS:
        monkeypatch.setattr(time, name, lambda: -(10**18))
    assert clocks.perf_counter_ns() > 0
    assert clocks.monotonic() > 0
    assert clocks.time_ns() > 0
