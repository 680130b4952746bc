"""Routes: the pattern of the URL configuration that a request belongs to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

from nuages.record import executions, faults
from nuages.record.patches import Patches

KNOWN = 1_000  # paths that a middleware answered


class Route(NamedTuple):
    """A pattern as Django spells it, None where none matches, and the path of its view."""

    pattern: str | None
    view: str


NO_ROUTE = Route(None, "")

_known: dict[tuple[Any, str], Route] = {}


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.core.handlers.base: what matches nothing is not looked up a second time."""
    handler = module.BaseHandler
    patches.replace(handler, "resolve_request", _resolving(handler.resolve_request))


def _resolving(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def resolve_request(self: Any, request: Any) -> Any:
        try:
            return original(self, request)
        except Exception:
            _note_unmatched()
            raise

    return resolve_request


def _note_unmatched() -> None:
    try:
        executions.current().is_unmatched = True
    except Exception:
        faults.note()


def of_request(request: Any, *, is_unmatched: bool) -> Route:
    """The route that Django has found, or would have, had a middleware not answered."""
    match = getattr(request, "resolver_match", None)
    if match is not None:
        return _named(match)
    return NO_ROUTE if is_unmatched else _found(getattr(request, "urlconf", None), request)


def _named(match: Any) -> Route:
    return Route(str(match.route or ""), getattr(match, "_func_path", "") or "")


def _found(urlconf: Any, request: Any) -> Route:
    from django.conf import settings

    urlconf = urlconf or getattr(settings, "ROOT_URLCONF", None)
    if urlconf is None:  # nothing can be looked up, as in a test that deletes the setting
        return NO_ROUTE
    key = urlconf, request.path_info
    route = _known.get(key)
    if route is None:
        if len(_known) >= KNOWN:
            _known.clear()
        route = _known[key] = _resolve(*key)
    return route


def _resolve(urlconf: Any, path: str) -> Route:
    """A converter of the project's may ask the database; the recorder doesn't."""
    from django.db import connections
    from django.urls import get_resolver

    try:
        with ExitStack() as stack:
            for connection in connections.all(initialized_only=True):
                stack.enter_context(connection.execute_wrapper(_refuse))
            return _named(get_resolver(urlconf).resolve(path))
    except Exception:  # no such path, or a URL configuration that fails
        return NO_ROUTE


def _refuse(*_: Any) -> NoReturn:
    raise LookupError("The recorder asks nothing.")
