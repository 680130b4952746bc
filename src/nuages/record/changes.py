"""What a middleware changes: shallow pictures of a request, a response and the context.

A picture holds references, never values: nothing is evaluated that is lazy, read that is streamed,
or compared by code of the project's. It lasts while one middleware runs its own part.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import copy_context
from operator import is_
from types import FunctionType
from typing import Any

MISSING = object()
CONTAINERS = ("META", "COOKIES", "GET")  # dictionaries whose items are looked at one by one
PLAIN = frozenset({bool, int, str, bytes, type(None)})
# What reading a request leaves behind on it: HttpRequest.body, .POST and .FILES, and
# django.contrib.auth's request.user.
READ = frozenset({
    "_body", "_cached_user", "_acached_user", "_files", "_post_parse_error", "_read_started",
    "_stream",
})  # fmt: skip
# Variables that say nothing: set by who is first to look, by asgiref when it changes threads, by
# the recorder.
NOT_A_CHANGE = (
    "decimal_context", "deadlock_context", "thread_sensitive_context",
    "async_single_thread_context", "nuages_",
)  # fmt: skip
LOCAL = "asgiref.local"

Attributes = dict[str, Any]


def attributes_of(target: Any) -> Attributes:
    """The attributes of an instance, without a look behind a proxy that is lazy."""
    try:
        found = object.__getattribute__(target, "__dict__")
    except AttributeError:  # it has slots only
        return {}
    return found if isinstance(found, dict) else {}


class RequestPicture:
    """A request as a middleware was given it."""

    __slots__ = ("_attributes", "_containers", "_request", "_session")

    def __init__(self, request: Any) -> None:
        self._request = request
        found = attributes_of(request)
        self._attributes = found.copy()
        self._containers = [
            (name, list(value.values()))
            for name in CONTAINERS
            if (value := found.get(name)) is not None and issubclass(type(value), dict)
        ]
        self._session = _is_modified(found)

    def compared_with(self, request: Any) -> tuple[bool, bool]:
        """Whether it looks the same by now, and whether it was written to or is another one."""
        if request is not self._request:
            return False, True
        now = attributes_of(request)
        is_same = _are_same(self._attributes, now)
        is_written = not is_same and _is_written(request, self._attributes, now)
        return is_same, is_written or self._session != _is_modified(now) or self._has_items(now)

    def holds(self, value: Any) -> bool:
        """Whether this very object was one of the request's attributes."""
        return any(value is held for held in self._attributes.values())

    def _has_items(self, attributes: Attributes) -> bool:
        """Whether items were set or deleted."""
        for name, before in self._containers:
            now = attributes.get(name)
            if now is None or len(now) != len(before) or not all(map(is_, before, now.values())):
                return True
        return False


def _is_modified(attributes: Attributes) -> bool:
    """Whether the session was written to; a session that was read is the same."""
    session = attributes.get("session")
    return session is not None and bool(attributes_of(session).get("modified"))


def _are_same(before: Mapping[Any, Any], now: Mapping[Any, Any]) -> bool:
    """Whether both hold the same objects in the same order: 1.5 µs for 60 items."""
    return len(before) == len(now) and all(map(is_, before.values(), now.values()))


def _changed(target: Any, before: Attributes, now: Attributes) -> set[str]:
    """Names of the attributes that were set to something else, or deleted."""
    names = {
        name
        for name, value in now.items()
        if (past := before.get(name, MISSING)) is not value
        and not _is_equal(_declared(target, name) if past is MISSING else past, value)
    }
    if len(now) < len(before) + len(names):
        names.update(before.keys() - now.keys())
    return names


def _declared(target: Any, name: str) -> Any:
    """What the class says of an attribute."""
    for cls in type(target).__mro__:
        if name in vars(cls):
            return vars(cls)[name]
    return MISSING


def _is_equal(before: Any, now: Any) -> bool:
    """Whether they are as good as identical; no method of the project's is called."""
    return type(before) is type(now) and type(now) in PLAIN and bool(before == now)


def _is_written(request: Any, before: Attributes, now: Attributes) -> bool:
    """Whether attributes differ by more than what comes of reading them."""
    names = _changed(request, before, now)
    if "_files" in names:  # both are set when the form is read
        names.discard("_post")
    names -= READ
    return any(name in before or not _is_cached_property(request, name) for name in names)


def _is_cached_property(target: Any, name: str) -> bool:
    """Whether the class computes it on first access and keeps the value in the instance."""
    found = type(_declared(target, name))
    return hasattr(found, "__get__") and not hasattr(found, "__set__") and found is not FunctionType


class ResponsePicture:
    """A response as it came from inside."""

    __slots__ = ("_attributes", "_content", "_cookies", "_headers", "_response")

    def __init__(self, response: Any) -> None:
        self._response = response
        found = attributes_of(response)
        self._attributes = found.copy()
        self._headers = _headers(found)
        self._cookies = _cookies(found)
        self._content = _content(found)

    def is_same(self, response: Any) -> bool:
        """Whether it looks the same by now; quick, and right when it says so."""
        if response is not self._response:
            return False
        now = attributes_of(response)
        return _are_same(self._attributes, now) and not self._is_refilled(now)

    def differs_from(self, response: Any) -> bool:
        """Whether it is another one by now, or has been written to."""
        if response is not self._response:
            return True
        now = attributes_of(response)
        return bool(_changed(response, self._attributes, now)) or self._is_refilled(now)

    def _is_refilled(self, attributes: Attributes) -> bool:
        content = _content(attributes)
        return (
            self._headers != _headers(attributes)
            or self._cookies != _cookies(attributes)
            or len(self._content) != len(content)
            or not all(map(is_, self._content, content))
        )


def _headers(attributes: Attributes) -> dict[str, tuple[str, str]]:
    store = attributes_of(attributes.get("headers")).get("_store")
    return store.copy() if type(store) is dict else {}


def _cookies(attributes: Attributes) -> str:
    cookies = attributes.get("cookies")
    return cookies.output() if cookies else ""


def _content(attributes: Attributes) -> tuple[Any, ...]:
    """The pieces of a body that is there; a stream is an attribute of the response."""
    container = attributes.get("_container")
    return tuple(container) if type(container) is list else ()


class ContextPicture:
    """The variables of the context as they stood."""

    __slots__ = ("_context", "_values")

    def __init__(self) -> None:
        self._context = copy_context()
        self._values = list(self._context.values())

    def compared(self) -> tuple[bool, bool]:
        """Whether it looks the same by now, and whether any variable was set: a language, a time
        zone, who asks.
        """
        now, before = copy_context(), self._context
        if len(now) == len(self._values) and all(map(is_, self._values, now.values())):
            return True, False
        return False, any(
            (past := before.get(variable, MISSING)) is not value
            and not variable.name.startswith(NOT_A_CHANGE)
            and (variable.name != LOCAL or _is_set(past, value))
            for variable, value in now.items()
        )


def _is_set(before: Any, now: Any) -> bool:
    """Whether an asgiref.local.Local was written to, be it with what it held already.

    Its attributes are copied whenever one is set; what holds them also when the thread changes.
    """
    attributes = getattr(now, "data", now)
    if getattr(before, "data", before) is attributes:
        return False
    values = attributes.values() if type(attributes) is dict else (attributes,)
    return any(not type(value).__module__.startswith("asgiref.") for value in values)
