"""Jobs of queues and schedulers that have no signals for them: patched where one is performed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutine
from types import ModuleType
from typing import Any

from nuages.record import executions, faults, landmarks, snapshots
from nuages.record.execution import Execution
from nuages.record.patches import Patches

Hook = Callable[[ModuleType, Patches], None]
SUCCESS, FAILURE = "success", "failure"


def _begin(name_of: Callable[[Any], Any], job: Any) -> Execution | None:
    try:
        name = str(name_of(job)) or "task"
    except Exception:  # a job that cannot be read: who performs it will say so
        faults.note()
        name = "task"
    return executions.begin("task", name)


def _performing(original: Callable[..., Any], name_of: Callable[[Any], Any]) -> Callable[..., Any]:
    @wraps(original)
    def perform(self: Any, *args: Any, **kwargs: Any) -> Any:
        execution = _begin(name_of, self)
        status = FAILURE
        try:
            with executions.enter(execution):
                result = original(self, *args, **kwargs)
            if iscoroutine(result):
                execution, awaited = None, execution
                return _awaiting(awaited, result)
            status = SUCCESS
            return result
        finally:
            executions.end(execution, status)

    return perform


async def _awaiting(execution: Execution | None, coroutine: Any) -> Any:
    status = FAILURE
    try:
        with executions.enter(execution):
            result = await coroutine
        status = SUCCESS
        return result
    finally:
        executions.end(execution, status)


landmarks.add(_awaiting, landmarks.STOP)


def _hook(cls: str, method: str, name_of: Callable[[Any], Any]) -> Hook:
    """Patch the method by which jobs of a class perform themselves; it raises when they fail."""

    def hook(module: ModuleType, patches: Patches) -> None:
        owner = getattr(module, cls)
        _replace(owner, method, _performing(getattr(owner, method), name_of), patches)

    return hook


def _replace(owner: Any, name: str, wrapper: Any, patches: Patches) -> None:
    landmarks.add(wrapper, landmarks.STOP)
    patches.replace(owner, name, wrapper)


def _name_of_function(function: Any) -> str:
    function = getattr(function, "func", function)  # of a partial
    return f"{function.__module__}.{function.__qualname__}"


def hook_rq_worker(module: ModuleType, patches: Patches) -> None:
    """Patch rq.worker, whose forked processes end by os._exit() after each job."""
    owner = next(cls for cls in module.Worker.__mro__ if "perform_job" in vars(cls))
    original = owner.perform_job

    @wraps(original)
    def perform_job(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            if os.getpid() != getattr(self, "pid", None):
                snapshots.flush()

    patches.replace(owner, "perform_job", perform_job)


def hook_huey(module: ModuleType, patches: Patches) -> None:
    """Patch huey.api, which keeps a task's exceptions to itself and tells of them by signals."""
    running: dict[int, str] = {}
    _replace(module.Huey, "_execute", _executing(module.Huey._execute, running), patches)
    emit = module.Huey._emit

    @wraps(emit)
    def emitting(self: Any, signal: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
        if id(task) in running:
            running[id(task)] = str(signal)
        return emit(self, signal, task, *args, **kwargs)

    patches.replace(module.Huey, "_emit", emitting)


def _executing(original: Callable[..., Any], running: dict[int, str]) -> Callable[..., Any]:
    @wraps(original)
    def execute(self: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
        execution = _begin(lambda task: f"{type(task).__module__}.{task.name}", task)
        running[id(task)] = ""
        try:
            with executions.enter(execution):
                return original(self, task, *args, **kwargs)
        finally:
            executions.end(execution, running.pop(id(task), ""))

    return execute


RUN_JOB, RUN_COROUTINE_JOB = "run_job", "run_coroutine_job"
EXECUTORS = ("pool", "asyncio", "debug", "gevent", "tornado", "twisted")


def hook_apscheduler(module: ModuleType, patches: Patches) -> None:
    """Patch apscheduler.executors.base; its functions are pickled by their names."""
    _replace(module, RUN_JOB, _running(module.run_job), patches)
    if hasattr(module, RUN_COROUTINE_JOB):
        _replace(module, RUN_COROUTINE_JOB, _running_coroutine(module.run_coroutine_job), patches)


def hook_executor(module: ModuleType, patches: Patches) -> None:
    """Patch a module that has taken names of apscheduler.executors.base for its own."""
    base = sys.modules["apscheduler.executors.base"]
    for name in (RUN_JOB, RUN_COROUTINE_JOB):
        wrapper = getattr(base, name, None)
        if wrapper is not None and hasattr(module, name):
            # One that was imported after the base was patched must not keep the wrapper for good.
            setattr(module, name, wrapper.__wrapped__)
            patches.replace(module, name, wrapper)


def _running(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def run_job(job: Any, *args: Any, **kwargs: Any) -> Any:
        execution = _begin(_name_of_scheduled, job)
        events: Any = None
        try:
            with executions.enter(execution):
                events = original(job, *args, **kwargs)
            return events
        finally:
            executions.end(execution, _status(events))

    return run_job


def _running_coroutine(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def run_coroutine_job(job: Any, *args: Any, **kwargs: Any) -> Any:
        execution = _begin(_name_of_scheduled, job)
        events: Any = None
        try:
            with executions.enter(execution):
                events = await original(job, *args, **kwargs)
            return events
        finally:
            executions.end(execution, _status(events))

    return run_coroutine_job


def _name_of_scheduled(job: Any) -> str:
    return str(job.func_ref).replace(":", ".") if job.func_ref else _name_of_function(job.func)


def _status(events: Any) -> str:
    try:
        failed = any(getattr(event, "exception", None) is not None for event in events)
        return FAILURE if failed else SUCCESS
    except Exception:
        return FAILURE


HOOKS: tuple[tuple[str, Hook], ...] = (
    ("rq.job", _hook("Job", "perform", lambda job: job.func_name)),
    ("rq.worker", hook_rq_worker),
    ("dramatiq.actor", _hook("Actor", "__call__", lambda actor: _name_of_function(actor.fn))),
    ("procrastinate.tasks", _hook("Task", "__call__", lambda task: _name_of_function(task.func))),
    ("schedule", _hook("Job", "run", lambda job: _name_of_function(job.job_func))),
    ("huey.api", hook_huey),
    ("apscheduler.executors.base", hook_apscheduler),
    *((f"apscheduler.executors.{name}", hook_executor) for name in EXECUTORS),
)
