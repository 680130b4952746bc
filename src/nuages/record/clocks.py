"""The recorder's clocks, which a test that stops time does not stop.

freezegun puts its own functions in the place of those of `time`, wherever a module holds one: a
second copy of the module has others, as fast as the first's.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec, module_from_spec
from types import ModuleType


def _copy(name: str) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_time = _copy("time")
perf_counter_ns: Callable[[], int] = _time.perf_counter_ns
thread_time_ns: Callable[[], int] = _time.thread_time_ns
process_time_ns: Callable[[], int] = _time.process_time_ns
time_ns: Callable[[], int] = _time.time_ns
monotonic: Callable[[], float] = _time.monotonic
