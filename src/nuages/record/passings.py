"""Passings: a request on its way in and out through one layer of its handler."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

from nuages.record import faults
from nuages.record.changes import MISSING, ContextPicture, RequestPicture, ResponsePicture
from nuages.record.clocks import perf_counter_ns
from nuages.record.executions import Execution


class Layer:
    """One middleware of a handler, the view inside of them all, or a hop between two."""

    __slots__ = ("is_middleware", "key")

    def __init__(self, path: str, operation: str = "") -> None:
        self.key = ("middleware", path, operation, 0)
        self.is_middleware = bool(path) and not operation


class OwnPart:
    """What a middleware does itself, between being called and calling the next."""

    __slots__ = ("_context", "_events", "_execution")

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._context = ContextPicture()
        self._events = _events(execution)

    def outcomes(self) -> list[str]:
        """What else it did than to change the request or the response."""
        found = []
        if self._context.has_changed():
            found.append("changed context")
        if _events(self._execution) != self._events:
            found.append("made calls")
        return found


def _events(execution: Execution) -> int:
    return len(execution.events) + execution.events_left_out


class Passing:
    """One request in one layer: the time that is the layer's own, and what it did with it."""

    __slots__ = (
        "_entered_ns", "_inner_ns", "_is_answered", "_outcomes", "_outside", "_part", "_request",
        "_response", "_started_ns", "_token", "execution", "layer",
    )  # fmt: skip

    def __init__(self, layer: Layer, execution: Execution, request: Any) -> None:
        self._entered_ns = perf_counter_ns()
        self.layer = layer
        self.execution = execution
        self._inner_ns = 0
        self._outcomes = {"sampled"}
        self._is_answered = True
        self._request: RequestPicture | None = None
        self._response: ResponsePicture | None = None
        outside = running.get()
        self._outside = outside if outside and outside.execution is execution else None
        if self._outside is not None:
            self._outside.goes_in(request)
        if layer.is_middleware:
            self._request = RequestPicture(request)
            self._part = OwnPart(execution)
        self._token: Token[Passing | None] = running.set(self)
        self._started_ns = perf_counter_ns()

    def goes_in(self, request: Any) -> None:
        """The layer inside is called: its own part on the way in is over."""
        self._is_answered = False
        if self.layer.is_middleware:
            if self._request is not None and self._request.differs_from(request):
                self._outcomes.add("changed request")
            self._request = None
            self._outcomes.update(self._part.outcomes())

    def comes_out(self, response: Any, inner_ns: int) -> None:
        """The layer inside has returned: its own part on the way out begins."""
        if self.layer.is_middleware:
            self._response = ResponsePicture(response)
            self._part = OwnPart(self.execution)
        self._inner_ns += inner_ns

    def note(self, *outcomes: str) -> None:
        self._outcomes.update(outcomes)

    def shift(self, wall_ns: int) -> None:
        """Count time to it that was spent beside it; less than 0: leave it out."""
        self._inner_ns -= wall_ns

    def end(self, response: Any) -> None:
        """The layer is left; None for a response: by an exception."""
        wall_ns = perf_counter_ns() - self._started_ns - self._inner_ns
        try:
            self._leave()
            if self.layer.is_middleware:
                self._judge(response)
            self._count(max(wall_ns, 0))
            if self._outside is not None:
                self._outside.comes_out(response, perf_counter_ns() - self._entered_ns)
        except Exception:
            faults.note()

    def _leave(self) -> None:
        try:
            running.reset(self._token)
        except ValueError:  # left in another context, as an abandoned coroutine is
            pass

    def _judge(self, response: Any) -> None:
        self._outcomes.update(self._part.outcomes())
        if response is None:
            self.note("raised")
        elif "raised" in self._outcomes:
            pass  # the response is Django's own
        elif self._is_answered:
            self.note("answered")
        elif self._response is not None and self._response.differs_from(response):
            self.note("changed response")

    def _count(self, wall_ns: int) -> None:
        if self.layer.key[1]:
            outcomes = tuple(self._outcomes)
            self.execution.call(self.layer.key, self._started_ns, wall_ns, outcomes)
        else:
            self.execution.count("view_executions")
            self.execution.count("view_ns", wall_ns)

    def around(self, layer: Layer) -> Passing | None:
        """The passing of the same request through a layer further out."""
        passing: Passing | None = self
        while passing is not None and passing.layer is not layer:
            passing = passing._outside
        return passing


running: ContextVar[Passing | None] = ContextVar("nuages_passing", default=None)


class Visit:
    """One call of a middleware's process_view, process_exception or process_template_response."""

    __slots__ = ("_inside", "_part", "_passing", "_request", "_response", "_started_ns")

    def __init__(self, inside: Passing, passing: Passing, request: Any, response: Any) -> None:
        self._inside = inside  # the layer that is really running: the view's
        self._passing = passing
        self._request = RequestPicture(request)
        self._response = None if response is MISSING else ResponsePicture(response)
        self._part = OwnPart(passing.execution)
        self._started_ns = perf_counter_ns()

    def end(self, request: Any, result: Any) -> None:
        """It is over; MISSING for a result: by an exception."""
        wall_ns = perf_counter_ns() - self._started_ns
        try:
            passing = self._passing
            passing.shift(wall_ns)
            self._inside.shift(-wall_ns)
            passing.note(*self._part.outcomes())
            if self._request.differs_from(request):
                passing.note("changed request")
            if result is MISSING:
                passing.note("raised")
            elif self._response is None:
                if result is not None:
                    passing.note("answered")
            elif self._response.differs_from(result):
                passing.note("changed response")
        except Exception:
            faults.note()
