"""Passings: a request on its way in and out through the layers of its handler."""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any

from nuages.record import faults
from nuages.record.changes import MISSING, ContextPicture, RequestPicture, ResponsePicture
from nuages.record.clocks import perf_counter_ns
from nuages.record.execution import Execution
from nuages.record.executions import current
from nuages.record.sampling import Sample

# Of the sampled executions: a layer costs 20 µs then, folding included, and else 0.15 µs.
sample = Sample(first=64, every=4)
LOAD = "load"  # the operation of what a middleware was merely the first to ask for

running: ContextVar[Passage | None] = ContextVar("nuages_passage", default=None)


class Layer:
    """One middleware of a handler, the view inside of them all, or a hop between two."""

    __slots__ = ("is_middleware", "is_outermost", "key")

    def __init__(self, path: str, operation: str = "") -> None:
        self.key = ("middleware", path, operation, 0)
        self.is_middleware = bool(path) and not operation
        self.is_outermost = False


class Passage:
    """One request in all layers: how it looked when the part of the last of them was over."""

    __slots__ = (
        "_context", "_events", "_request", "_response", "execution", "is_loading", "passings",
        "token", "visit",
    )  # fmt: skip

    def __init__(self, execution: Execution, request: Any) -> None:
        self.execution = execution
        self.passings: list[Passing] = []  # running, innermost last
        self.token: Token[Passage | None] | None = None
        self.visit: Visit | None = None
        self.is_loading = False
        self._request = RequestPicture(request)
        self._response: ResponsePicture | None = None
        self.look_around()

    def goes_in(self, passing: Passing, request: Any) -> None:
        """A layer calls the next: its own part on the way in is over."""
        if not passing.is_answering:  # it did so before
            self._request = RequestPicture(request)
            self.look_around()
            return
        passing.is_answering = False
        if passing.layer.is_middleware:
            is_same, is_changed = self._request.compared_with(request)
            if is_changed:
                passing.outcomes.add("changed request")
            if not is_same:
                self._request = RequestPicture(request)
            self.note_what_else(passing)

    def comes_out(self, passing: Passing, response: Any) -> None:
        """A layer returns: its own part on the way out is over; None for a response: it raised."""
        before = self._response
        is_same = before is not None and before.is_same(response)
        if not is_same:
            self._response = ResponsePicture(response)
        outcomes = passing.outcomes
        if not passing.layer.is_middleware or "raised" in outcomes:  # the response is Django's own
            self.look_around()
            return
        self.note_what_else(passing)
        if response is None:
            outcomes.add("raised")
        elif passing.is_answering:
            outcomes.add("answered")
        elif before is None or (not is_same and before.differs_from(response)):
            outcomes.add("changed response")

    def look_around(self) -> None:
        """What happens from now on is of the next to be asked."""
        self._context = ContextPicture()
        self.forget_calls()

    def forget_calls(self) -> None:
        self._events = self.execution.happened()

    def asking(self, lazy: Any) -> Passing | None:
        """The middleware that runs, if it was given this object by another."""
        if self.is_loading or not self.passings:
            return None
        passing, picture = self.passings[-1], self._request
        if self.visit is not None:
            passing, picture = self.visit.passing, self.visit.request
        is_given = passing.layer.is_middleware and picture.holds(lazy)
        return passing if is_given else None

    def note_what_else(self, passing: Passing) -> None:
        is_same, is_changed = self._context.compared()
        if is_changed:
            passing.outcomes.add("changed context")
        if not is_same:
            self._context = ContextPicture()
        events = self.execution.happened()
        if events != self._events:
            passing.outcomes.add("made calls")
            self._events = events


class Passing:
    """One request in one layer: the time that is the layer's own, and what it did with it."""

    __slots__ = (
        "_entered_ns", "_inner_ns", "_loaded_ns", "_passage", "_started_ns", "is_answering",
        "layer", "outcomes",
    )  # fmt: skip

    def __init__(self, passage: Passage, layer: Layer, request: Any) -> None:
        self._entered_ns = perf_counter_ns()
        self._passage = passage
        self.layer = layer
        self.outcomes = {"sampled"}
        self.is_answering = True  # unless it calls the next
        self._inner_ns = 0
        self._loaded_ns = 0
        if passage.passings:
            passage.goes_in(passage.passings[-1], request)
        passage.passings.append(self)
        self._started_ns = perf_counter_ns()

    def shift(self, wall_ns: int) -> None:
        """Count time to it that was spent beside it; less than 0: leave it out."""
        self._inner_ns -= wall_ns

    def loaded(self, wall_ns: int) -> None:
        """Leave out what it was the first to ask for: who comes after it does not pay again."""
        self._loaded_ns += wall_ns
        self.shift(-wall_ns)

    def end(self, response: Any) -> None:
        """The layer is left; None for a response: by an exception."""
        wall_ns = perf_counter_ns() - self._started_ns - self._inner_ns
        try:
            passage = self._passage
            self._leave(passage)
            passage.comes_out(self, response)
            self._count(passage.execution, max(wall_ns, 0))
            passage.forget_calls()
            if passage.passings:
                passage.passings[-1].shift(self._entered_ns - perf_counter_ns())
        except Exception:
            faults.note()

    def _leave(self, passage: Passage) -> None:
        passings = passage.passings
        if self in passings:
            del passings[passings.index(self) :]  # with what was abandoned inside
        token = passage.token
        if not passings and token is not None:
            passage.token = None  # what was abandoned inside may end after this
            try:
                running.reset(token)
            except ValueError:  # left in another context, as an abandoned coroutine is
                pass

    def _count(self, execution: Execution, wall_ns: int) -> None:
        key = self.layer.key
        if key[1]:
            execution.call(key, self._started_ns, wall_ns, tuple(self.outcomes))
            if self._loaded_ns:
                key = (*key[:2], LOAD, 0)
                execution.call(key, self._started_ns, self._loaded_ns, ("sampled",))
        else:
            execution.count("view_executions")
            execution.count("view_ns", wall_ns)


def begin(layer: Layer, request: Any) -> Passing | None:
    """A request enters a layer; None when it is not measured."""
    passage = running.get()
    if layer.is_outermost:
        execution = current()
        if passage is not None:  # of what surrounds this, or abandoned
            running.set(None)
        if not execution.is_sampled or not sample.takes_next():
            return None
        passage = Passage(execution, request)
        passing = Passing(passage, layer, request)
        passage.token = running.set(passage)
        return passing
    return Passing(passage, layer, request) if passage is not None else None


class Visit:
    """One call of a middleware's process_view, process_exception or process_template_response."""

    __slots__ = ("_before", "_passage", "_response", "_started_ns", "passing", "request")

    def __init__(self, passage: Passage, passing: Passing, request: Any, response: Any) -> None:
        self._passage = passage
        self.passing = passing
        self.request = RequestPicture(request)
        self._before, passage.visit = passage.visit, self
        self._response = None if response is MISSING else ResponsePicture(response)
        passage.look_around()
        self._started_ns = perf_counter_ns()

    def end(self, request: Any, result: Any) -> None:
        """It is over; MISSING for a result: by an exception."""
        wall_ns = perf_counter_ns() - self._started_ns
        try:
            passage, passing = self._passage, self.passing
            passage.visit = self._before
            passing.shift(wall_ns)
            passage.passings[-1].shift(-wall_ns)  # the view's layer is the one that is running
            passage.note_what_else(passing)
            if self.request.compared_with(request)[1]:
                passing.outcomes.add("changed request")
            self._judge(result)
        except Exception:
            faults.note()

    def _judge(self, result: Any) -> None:
        outcomes = self.passing.outcomes
        if result is MISSING:
            outcomes.add("raised")
        elif self._response is None:
            if result is not None:
                outcomes.add("answered")
        elif self._response.differs_from(result):
            outcomes.add("changed response")


def visit(layer: Layer, request: Any, response: Any) -> Visit | None:
    """A middleware's method is called beside the layers; None when that is not measured."""
    passage = running.get()
    if passage is not None:
        for passing in passage.passings:
            if passing.layer is layer:
                return Visit(passage, passing, request, response)
    return None


def raised() -> None:
    """The layer that runs has raised an exception, of which Django makes a response."""
    passage = running.get()
    if passage is not None and passage.passings:
        passing = passage.passings[-1]
        if passing.layer.is_middleware:
            passage.note_what_else(passing)
        passing.outcomes.add("raised")


class Loading:
    """A user, a session or the like is loaded, by whichever middleware was the first to ask."""

    __slots__ = ("_passage", "_passing", "_started_ns")

    def __init__(self, passage: Passage, passing: Passing) -> None:
        self._passage = passage
        self._passing = passing
        passage.is_loading = True
        self._started_ns = perf_counter_ns()

    def end(self) -> None:
        """It is there, or could not be loaded."""
        self._passing.loaded(perf_counter_ns() - self._started_ns)
        self._passage.is_loading = False


def load(lazy: Any) -> Loading | None:
    """What a request was given before is loaded now; None when that is nobody's to leave out."""
    passage = running.get()
    if passage is None:
        return None
    passing = passage.asking(lazy)
    return None if passing is None else Loading(passage, passing)
