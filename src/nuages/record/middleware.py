"""Middleware: the time each spends itself, and whether it ever changes what passes through it.

Only a sample of the executions is measured, so a call of this kind is one passing of a sampled
request: of all of them it took as much again as there are requests to a call.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from types import ModuleType
from typing import Any

from nuages.record import faults, landmarks, passings
from nuages.record.changes import MISSING
from nuages.record.passings import Layer, Passing, Visit
from nuages.record.patches import Patches

Handler = Callable[..., Any]

# Lists of a handler that hold methods of middleware: whether those of an asynchronous handler are
# coroutine functions, and where the middleware that is being loaded has put its own.
METHODS = (
    ("_view_middleware", True, 0),
    ("_template_response_middleware", True, -1),
    ("_exception_middleware", False, -1),
)
HOP = "hop"  # the operation of a change between threads on the way to or from a middleware

is_recording = False  # a handler keeps its layers when it is over


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.core.handlers.base."""
    patches.replace(sys.modules[__name__], "is_recording", True)
    handler = module.BaseHandler
    patches.replace(handler, "load_middleware", _loading(handler.load_middleware))
    patches.replace(handler, "adapt_method_mode", _adapting(handler.adapt_method_mode))
    patches.replace(module, "import_string", _importing(module.import_string))
    convert = _converting(module.convert_exception_to_response)
    patches.replace(module, "convert_exception_to_response", convert)


def hook_exceptions(module: ModuleType, patches: Patches) -> None:
    """Patch django.core.handlers.exception."""
    patches.replace(module, "response_for_exception", _answering(module.response_for_exception))


class _Chain:
    """What is known of a handler's middleware while it is loaded, the innermost first."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.path = ""  # of the middleware that is being loaded; "" for the view
        self.is_async = False
        self._counts = [0] * len(METHODS)
        self.outermost: Layer | None = None
        self._layers: dict[int, Handler] = {}
        self._odd = ""

    def layer(self, inner: Handler) -> Handler:
        """What stands in for a middleware that is loaded, and for its methods."""
        is_async = iscoroutinefunction(inner)
        layer = Layer(self.path)
        if self.path:
            self._take_methods(layer)
        else:
            self.is_async = is_async
        outer = around(inner, layer, is_async=is_async)
        self.outermost = layer
        self._layers[id(outer)] = outer
        return outer

    def _take_methods(self, layer: Layer) -> None:
        for number, (name, may_be_async, place) in enumerate(METHODS):
            methods = getattr(self.handler, name)
            if len(methods) > self._counts[number]:
                self._counts[number] = len(methods)
                is_async = self.is_async and may_be_async
                is_given_response = name == "_template_response_middleware"
                methods[place] = beside(
                    methods[place], layer, is_async=is_async, is_given_response=is_given_response
                )

    def hop(self, method: Handler, adapted: Handler, *, is_async: bool) -> Handler:
        """What stands in for a layer in the other mode.

        To blame is the first middleware, from the view outwards, that has not the handler's mode:
        those around it that know both modes take its.
        """
        if id(method) not in self._layers:
            return adapted
        if is_async != self.is_async:
            self._odd = self.path
        self.outermost = Layer(self._odd, HOP)
        return around(adapted, self.outermost, is_async=is_async)


class _Loading(threading.local):
    chain: _Chain | None = None


_state = _Loading()


def _loading(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def load_middleware(self: Any, *args: Any, **kwargs: Any) -> Any:
        before = _state.chain
        chain = _state.chain = _new_chain(self)
        try:
            result = original(self, *args, **kwargs)
        finally:
            _state.chain = before
        if chain is not None and chain.outermost is not None:
            chain.outermost.is_outermost = True
        return result

    return load_middleware


def _new_chain(handler: Any) -> _Chain | None:
    try:
        return _Chain(handler)
    except Exception:
        faults.note()
        return None


def _importing(original: Callable[[str], Any]) -> Callable[[str], Any]:
    @wraps(original)
    def import_string(dotted_path: str) -> Any:
        if _state.chain is not None:
            _state.chain.path = dotted_path
        return original(dotted_path)

    return import_string


def _converting(original: Callable[[Handler], Handler]) -> Callable[[Handler], Handler]:
    @wraps(original)
    def convert_exception_to_response(get_response: Handler) -> Handler:
        handler = original(get_response)
        try:
            return handler if _state.chain is None else _state.chain.layer(handler)
        except Exception:
            faults.note()
            return handler

    return convert_exception_to_response


def _adapting(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def adapt_method_mode(self: Any, is_async: bool, method: Any, *args: Any, **kwargs: Any) -> Any:
        adapted = original(self, is_async, method, *args, **kwargs)
        try:
            if _state.chain is None or adapted is method:
                return adapted
            return _state.chain.hop(method, adapted, is_async=is_async)
        except Exception:
            faults.note()
            return adapted

    return adapt_method_mode


def _answering(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def response_for_exception(*args: Any, **kwargs: Any) -> Any:
        try:
            passings.raised()
        except Exception:
            faults.note()
        return original(*args, **kwargs)

    return response_for_exception


def around(inner: Handler, layer: Layer, *, is_async: bool) -> Handler:
    """A handler as Django calls it, with its time counted to a layer.

    What is not measured pays for a Python call and a look at a variable of the context.
    """
    running = passings.running

    @wraps(inner)
    def handle(request: Any) -> Any:
        if running.get() is None and not layer.is_outermost:
            return inner(request)
        passing = _begin(layer, request)
        if passing is None:
            return inner(request)
        response = None
        try:
            response = inner(request)
            return response
        finally:
            passing.end(response)

    @wraps(inner)
    async def handle_async(request: Any) -> Any:
        passing = _begin(layer, request)
        if passing is None:
            return await inner(request)
        response = None
        try:
            response = await inner(request)
            return response
        finally:
            passing.end(response)

    return handle_async if is_async else handle


def _begin(layer: Layer, request: Any) -> Passing | None:
    try:
        return passings.begin(layer, request) if is_recording else None
    except Exception:
        faults.note()
        return None


def beside(original: Handler, layer: Layer, *, is_async: bool, is_given_response: bool) -> Handler:
    """A method of a middleware as Django calls it, with its time counted to its layer."""

    @wraps(original)
    def method(request: Any, *args: Any) -> Any:
        visit = _visit(layer, request, args[0] if is_given_response else MISSING)
        if visit is None:
            return original(request, *args)
        result = MISSING
        try:
            result = original(request, *args)
            return result
        finally:
            visit.end(request, result)

    @wraps(original)
    async def method_async(request: Any, *args: Any) -> Any:
        visit = _visit(layer, request, args[0] if is_given_response else MISSING)
        if visit is None:
            return await original(request, *args)
        result = MISSING
        try:
            result = await original(request, *args)
            return result
        finally:
            visit.end(request, result)

    wrapper = method_async if is_async else method
    if hasattr(original, "__self__"):  # Django names the middleware by it in an error's message
        vars(wrapper)["__self__"] = original.__self__
    return wrapper


def _visit(layer: Layer, request: Any, response: Any) -> Visit | None:
    try:
        return passings.visit(layer, request, response) if is_recording else None
    except Exception:
        faults.note()
        return None


for _code in landmarks.inner_codes(around, "handle", "handle_async"):
    landmarks.add(_code, landmarks.STOP)
