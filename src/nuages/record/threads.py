"""Work handed to other threads stays in its scope, and is blamed on who handed it over."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import Context
from functools import partial, wraps
from types import FrameType, ModuleType
from typing import Any

from nuages.record import capture, executions, faults, landmarks
from nuages.record.execution import Execution
from nuages.record.patches import Patches

Caller = tuple[int, Any]


def hook_pool(module: ModuleType, patches: Patches) -> None:
    """Patch concurrent.futures.thread."""
    pool = module.ThreadPoolExecutor
    patches.replace(pool, "submit", _submitting(pool.submit))


def hook_threading(module: ModuleType, patches: Patches) -> None:
    """Patch threading."""
    patches.replace(module.Thread, "start", _starting(module.Thread.start))


def hook_asgiref(module: ModuleType, patches: Patches) -> None:
    """Patch asgiref.sync."""
    wrapper = _calling(module.SyncToAsync.__call__)
    patches.replace(module.SyncToAsync, "__call__", wrapper)
    landmarks.add(module.SyncToAsync.thread_handler, landmarks.THREAD)


def work(execution: Execution, caller: Caller, function: Callable[..., Any], /, *args: Any,
         **kwargs: Any) -> Any:  # fmt: skip
    """Run in the scope that the work was handed over in."""
    if execution.is_ended:
        return function(*args, **kwargs)
    token = capture.caller.set(caller)
    try:
        with executions.enter(execution):
            return function(*args, **kwargs)
    finally:
        capture.caller.reset(token)


landmarks.add(work, landmarks.THREAD)


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        execution = executions.active()
        # asgiref's jobs carry a context of their own, scope included.
        if execution is None or _carries_context(fn):
            return original(self, fn, *args, **kwargs)
        caller = _caller(sys._getframe(1))
        within = _within_context(fn, execution, caller)
        if within is not None:
            return original(self, within, *args, **kwargs)
        return original(self, work, execution, caller, fn, *args, **kwargs)

    return submit


def _carries_context(function: Any) -> bool:
    try:
        inner = getattr(function, "func", function)
        owner = type(getattr(inner, "__self__", None))
        return owner.__name__ == "SyncToAsync" and owner.__module__.startswith("asgiref")
    except Exception:  # an object of the project's own may answer any question in its way
        faults.note()
        return True


def _within_context(function: Any, execution: Execution, caller: Caller) -> Any:
    """What asyncio.to_thread() makes, with the work inside of its context: it sees nothing that is
    set around it. None where it is something else.
    """
    try:
        if type(function) is not partial or not function.args:
            return None
        run = function.func
        if type(getattr(run, "__self__", None)) is not Context or run.__name__ != "run":
            return None
        inner, *arguments = function.args
        return partial(run, work, execution, caller, inner, *arguments, **function.keywords)
    except Exception:
        faults.note()
        return None


def _starting(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def start(self: Any) -> None:
        try:
            _follow(self, sys._getframe(1))
        except Exception:
            faults.note()
        original(self)

    return start


def _follow(thread: Any, frame: FrameType) -> None:
    """Let a thread run in the scope that it is started in."""
    execution = executions.active()
    # A pool's threads outlive the scope that made the pool grow; its jobs bring their own.
    if execution is not None and "run" not in vars(thread) and not _is_pool(frame):
        thread.run = partial(_run_once, thread, execution, _caller(frame), thread.run)


def _is_pool(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).startswith("concurrent.futures")


def _run_once(thread: Any, execution: Execution, caller: Caller, run: Callable[[], None]) -> None:
    vars(thread).pop("run", None)
    work(execution, caller, run)


def _caller(frame: FrameType) -> Caller:
    try:
        return capture.hand_over(frame)
    except Exception:
        faults.note()
        return 0, None


def _calling(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        execution = executions.active()
        if execution is None:
            return await original(self, *args, **kwargs)
        copy = self
        try:
            copy = _following(self, execution, sys._getframe(1))
        except Exception:
            faults.note()
        return await original(copy, *args, **kwargs)

    return call


def _following(call: Any, execution: Execution, frame: FrameType) -> Any:
    """One SyncToAsync may be called for several requests at once, so a copy is changed."""
    copy = object.__new__(type(call))
    vars(copy).update(vars(call))
    copy.func = partial(work, execution, _caller(frame), call.func)
    return copy
