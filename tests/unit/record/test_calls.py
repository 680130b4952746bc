"""Calls are timed once, whoever takes turns with whom."""

from __future__ import annotations

import asyncio
import contextvars
import gc

import pytest

from nuages.record import calls, executions, faults, outside
from nuages.record.execution import Execution
from nuages.record.patches import Patches


def described(args, kwargs, result):
    return "name", str(args[0]), ("done",)


async def awaited(name, work):
    await asyncio.sleep(0)
    return await work()


def called(name, work=lambda: None):
    return work()


call = calls.timing(called, "cache", described)
acall = calls.timing_async(awaited, "cache", described)


@pytest.fixture
def execution():
    """What runs while calls are recorded."""
    patches = Patches()
    calls.hook(calls, patches)
    execution = executions.begin("task", "task")
    faults.clear()
    with executions.enter(execution):
        yield execution
    executions.end(execution)
    patches.undo()
    assert faults.texts == []


def counted(execution):
    return [(event.key[2], event.outcomes) for event in execution.events]


def test_only_the_outermost_counts(execution):
    call("outer", lambda: call("inner"))
    call("next")
    assert counted(execution) == [("outer", ("done",)), ("next", ("done",))]


def test_what_fails_is_raised_and_named(execution):
    with pytest.raises(ZeroDivisionError):
        call("failing", lambda: 1 / 0)
    call("next")
    assert counted(execution) == [("failing", ("ZeroDivisionError",)), ("next", ("done",))]


def test_the_time_of_queries_inside_is_theirs(execution):
    key = (0, 0, 0, 0, 0, "all")
    hour = 3_600_000_000_000
    other = Execution("task", "other")
    call("outer", lambda: calls.outermost.get().owe(other.query(key, None, 0, hour)))
    assert execution.events[0].wall_ns == 0


def test_tasks_that_take_turns_don_t_nest(execution):
    async def main():
        async def pause():
            await asyncio.sleep(0.01)
            await acall("inner", lambda: asyncio.sleep(0))

        await asyncio.gather(acall("one", pause), acall("two", pause))

    asyncio.run(main())
    assert sorted(counted(execution)) == [("one", ("done",)), ("two", ("done",))]


def test_a_task_started_inside_counts_its_own_calls_later(execution):
    async def main():
        tasks = []

        async def start():
            tasks.append(asyncio.ensure_future(later()))

        async def later():
            await asyncio.sleep(0.01)
            call("later")

        await acall("starting", start)
        await tasks[0]

    asyncio.run(main())
    assert [name for name, _ in counted(execution)] == ["starting", "later"]


def test_an_abandoned_coroutine_leaves_the_calls_of_others_alone(execution):
    async def forever():
        await asyncio.Event().wait()

    coroutine = acall("abandoned", forever)
    contextvars.copy_context().run(coroutine.send, None)

    def abandon():
        nonlocal coroutine
        del coroutine
        gc.collect()
        call("inner")

    call("outer", abandon)
    assert counted(execution) == [("abandoned", ("GeneratorExit",)), ("outer", ("done",))]


def test_a_cancelled_call_is_named(execution):
    async def main():
        task = asyncio.ensure_future(acall("cancelled", lambda: asyncio.sleep(60)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert counted(execution) == [("cancelled", ("CancelledError",))]


def test_the_cpu_time_of_a_call_counts_once(execution):
    execution.is_sampled = True
    work = range(200_000)
    call("outer", lambda: call("inner", lambda: sum(work)))
    once = execution.io_cpu_ns
    assert 0 < once <= execution.events[0].wall_ns * 1.5

    async def compute():
        sum(work)

    asyncio.run(acall("asynchronous", compute))
    assert execution.io_cpu_ns > once


def test_once_it_is_over_nothing_counts():
    execution = executions.begin("task", "task")
    with executions.enter(execution):
        assert call("name", lambda: 5) == 5
        assert asyncio.run(acall("name", lambda: asyncio.sleep(0, 6))) == 6
    executions.end(execution)
    assert execution.events == []


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("https", "API.example.org", 443), "https://api.example.org"),
        (("http", "localhost", 8000), "http://localhost:8000"),
        (("", "::1", 25), "[::1]:25"),
        (("http", "::1", 80), "http://[::1]"),
    ],
)
def test_the_name_of_a_host(parts, name):
    assert outside.host(*parts) == name


def test_hosts_are_bounded(monkeypatch):
    monkeypatch.setattr(outside, "_hosts", set())
    names = {outside.bounded(f"host-{number}") for number in range(2 * outside.HOSTS)}
    assert len(names) == outside.HOSTS + 1
    assert outside.bounded("host-1") == "host-1"
