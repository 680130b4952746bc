"""Requests as scopes: from Django's handler to the last byte of a stream."""

from __future__ import annotations

import threading
from asyncio import CancelledError
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import audiences, bodies, executions, faults, landmarks, routes
from nuages.record.execution import Execution
from nuages.record.patches import Patches

METHODS = frozenset({
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
})  # fmt: skip
UNMATCHED = "(unmatched)"
FAILED = "500"  # the status of a request that was left by an exception
LEFT = "499"  # of one whose client did not wait for the answer, as nginx has it

_ended = threading.local()
_last: Execution | None = None


def last() -> dict[str, Any]:
    """Figures of the request that ended last in this thread, else anywhere."""
    execution: Execution | None = getattr(_ended, "execution", None) or _last
    if execution is None:
        return {}
    execution.settle()
    return {
        "route": execution.name,
        "view": execution.view,
        "status": next(iter(execution.statuses), ""),
        "queries": execution.queries,
        "rows": execution.rows,
        "db_ns": execution.db_ns,
        "wall_ns": execution.wall_ns,
        "cpu_ns": execution.cpu_ns,
    }


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.core.handlers.base."""
    handler = module.BaseHandler
    for name in ("_get_response", "_get_response_async"):
        landmarks.add(vars(handler)[name], landmarks.STOP)
    sync = _getting(handler.get_response)
    asynchronous = _getting_async(handler.get_response_async)
    patches.replace(handler, "get_response", sync)
    patches.replace(handler, "get_response_async", asynchronous)
    for wrapper in (sync, asynchronous, Stream.__next__, AsyncStream.__anext__):
        landmarks.add(wrapper, landmarks.STOP)


def mark(module: ModuleType) -> None:
    """Make known the frames of django.core.handlers.exception: each middleware runs in one.

    A project's middleware further out only called the next; it is not to blame.
    """
    for code in landmarks.inner_codes(module.convert_exception_to_response, "inner"):
        landmarks.add(code, landmarks.STOP)


def _getting(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get_response(self: Any, request: Any) -> Any:
        execution = _begin(request)
        response = None
        try:
            with executions.enter(execution):
                response = original(self, request)
            return response
        finally:
            _answered(execution, response)

    return get_response


def _getting_async(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def get_response_async(self: Any, request: Any) -> Any:
        execution = _begin(request)
        response, status = None, FAILED
        try:
            response = await _Entered(execution, original(self, request))
            return response
        except (CancelledError, GeneratorExit):
            status = LEFT
            raise
        finally:
            _answered(execution, response, status)

    return get_response_async


class _Entered:
    """A coroutine stepped through with its execution current, so that its CPU time is known."""

    def __init__(self, execution: Execution | None, coroutine: Any) -> None:
        self._execution = execution
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine = self._coroutine
        step: Callable[[], Any] = lambda: coroutine.send(None)  # noqa: E731
        while True:
            try:
                with executions.enter(self._execution):
                    waited_for = step()
            except StopIteration as done:
                return done.value
            try:
                sent = yield waited_for
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as error:
                step = _bound(coroutine.throw, error)
            else:
                step = _bound(coroutine.send, sent)


def _bound(method: Callable[[Any], Any], value: Any) -> Callable[[], Any]:
    return lambda: method(value)


def _begin(request: Any) -> Execution | None:
    try:
        execution = executions.begin("request", _name(request, None))
        if execution is not None:
            execution.request = request
    except Exception:
        faults.note()
        return None
    return execution


def _name(request: Any, route: str | None) -> str:
    method = request.method if request.method in METHODS else "OTHER"
    return f"{method} {UNMATCHED}" if route is None else f"{method} /{route}"


def _answered(execution: Execution | None, response: Any, status: str = FAILED) -> None:
    if execution is None:
        return
    try:
        identify(execution)
        execution.statuses = {str(getattr(response, "status_code", status)): 1}
        execution.is_answered = True
        audiences.note(execution, response)
        if _is_streamed(response):
            _keep_open(execution, response)
        else:
            if response is not None:
                bodies.measure(execution, response)
            _end(execution)
    except Exception:
        faults.note()
        _end(execution)
    execution.request = None


def identify(execution: Execution) -> None:
    """Name an execution by the route of its request, as far as that is resolved."""
    request = execution.request
    route, execution.view = routes.of_request(request, is_unmatched=execution.is_unmatched)
    execution.name = _name(request, route)


def _end(execution: Execution) -> None:
    if execution.is_ended:
        return
    executions.end(execution)
    try:
        _note_last(execution)
    except Exception:
        faults.note()


def _note_last(execution: Execution) -> None:
    global _last
    _ended.execution = _last = execution


def _is_streamed(response: Any) -> bool:
    # A server may send a file without iterating over it: nothing is left to record.
    return bool(getattr(response, "streaming", False)) and not getattr(
        response, "file_to_stream", None
    )


def _keep_open(execution: Execution, response: Any) -> None:
    """Let a stream run in the scope of its request, which ends with it."""
    iterator = response._iterator
    stream = AsyncStream if getattr(response, "is_async", False) else Stream
    sent = bodies.Sent(execution, response)
    response._iterator = stream(iterator, execution, sent)
    response._resource_closers.append(lambda: _end_stream(execution, sent))


def _end_stream(execution: Execution, sent: bodies.Sent) -> None:
    if execution.is_ended:
        return
    try:
        sent.end()
    except Exception:
        faults.note()
    _end(execution)


class Stream:
    """Iterates with an execution current."""

    def __init__(self, iterator: Iterator[Any], execution: Execution, sent: bodies.Sent) -> None:
        self._iterator = iterator
        self._execution = execution
        self._sent = sent

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        try:
            with executions.enter(self._execution):
                piece = next(self._iterator)
        except BaseException:
            _end_stream(self._execution, self._sent)
            raise
        self._sent.add(piece)
        return piece

    def close(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()
        _end_stream(self._execution, self._sent)


class AsyncStream:
    """Iterates asynchronously with an execution current."""

    def __init__(
        self, iterator: AsyncIterator[Any], execution: Execution, sent: bodies.Sent
    ) -> None:
        self._iterator = iterator
        self._execution = execution
        self._sent = sent

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        try:
            piece = await _Entered(self._execution, _anext(self._iterator))
        except BaseException:
            _end_stream(self._execution, self._sent)
            raise
        self._sent.add(piece)
        return piece

    async def aclose(self) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()
        _end_stream(self._execution, self._sent)


async def _anext(iterator: AsyncIterator[Any]) -> Any:
    return await anext(iterator)
