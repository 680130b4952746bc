"""The project's URL patterns, flattened, named as `resolver_match.route` names them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

READ = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, kw_only=True)
class Route:
    """One URL pattern with everything above it."""

    pattern: str  # as resolver_match.route, without the leading slash
    parts: tuple[Any, ...]  # Django's pattern objects, from the root's first include down
    callback: Any
    name: str = ""  # with its namespaces

    @property
    def route(self) -> str:
        return "/" + self.pattern

    @property
    def expression(self) -> str:
        """The whole pattern as one regular expression, without its start."""
        return "".join(part.regex.pattern.removeprefix("^") for part in self.parts)

    def converters(self) -> dict[str, Any]:
        """Argument name → converter object; None for a group of a regular expression."""
        found: dict[str, Any] = {}
        for part in self.parts:
            own = getattr(part, "converters", None) or {}
            groups = part.regex.groupindex if hasattr(part, "regex") else {}
            found.update({name: own.get(name) for name in groups})
            found.update(own)
        return found


def all_routes(urlconf: Any = None) -> list[Route]:
    """Every pattern in resolving order, in the site's own language."""
    from django.conf import settings
    from django.urls import get_resolver
    from django.utils import translation

    with translation.override(settings.LANGUAGE_CODE):
        return list(_walk(get_resolver(urlconf), (), ()))


def _walk(resolver: Any, parts: tuple[Any, ...], spaces: tuple[str, ...]) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        below = (*parts, entry.pattern)
        if hasattr(entry, "url_patterns"):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from _walk(entry, below, inner)
        else:
            name = ":".join((*spaces, entry.name)) if entry.name else ""
            yield Route(
                pattern=joined([str(part) for part in below]),
                parts=below,
                callback=entry.callback,
                name=name,
            )


def joined(parts: list[str]) -> str:
    """As URLResolver._join_route: the second route loses its `^`, unless it comes first."""
    route = parts[-1]
    for above in reversed(parts[:-1]):
        if above:
            route = above + route.removeprefix("^")
    return route


def unwrapped(callback: Any) -> Iterator[Any]:
    """The view and everything that decorators wrapped, outermost first."""
    seen = 0
    while callback is not None and seen < 30:
        yield callback
        seen += 1
        if isinstance(callback, functools.partial):
            callback = callback.func
        else:
            callback = getattr(callback, "__wrapped__", None)


def view_class(callback: Any) -> Any:
    """The class behind `as_view()`, Django's or Django REST framework's; None for a function."""
    for layer in unwrapped(callback):
        found = getattr(layer, "view_class", None) or getattr(layer, "cls", None)
        if isinstance(found, type):
            return found
    return None


def model_admin(callback: Any) -> Any:
    """The ModelAdmin whose page this is, which Django hangs on the wrapped view."""
    for layer in unwrapped(callback):
        found = getattr(layer, "model_admin", None)
        if found is not None:
            return found
        owner = getattr(layer, "__self__", None)
        if owner is not None and hasattr(owner, "admin_site") and hasattr(owner, "model"):
            return owner
    return None


def methods(callback: Any) -> tuple[str, ...] | None:
    """The HTTP methods a view answers, upper case; None when nothing tells."""
    actions = getattr(callback, "actions", None)
    if isinstance(actions, dict):
        return tuple(sorted(method.upper() for method in actions))
    for layer in unwrapped(callback):
        allowed = _closed_over(layer, "request_method_list")
        if allowed:
            return tuple(sorted(str(method).upper() for method in allowed))
    cls = view_class(callback)
    names = getattr(cls, "http_method_names", None)
    if names is None:
        return None
    offered = {name.upper() for name in names if hasattr(cls, name) and name != "options"}
    return tuple(sorted(offered)) or None


def _closed_over(function: Any, name: str) -> Any:
    """A variable of a closure: how `require_GET` and its like keep their list."""
    code = getattr(function, "__code__", None)
    if code is None or name not in code.co_freevars:
        return None
    try:
        return function.__closure__[code.co_freevars.index(name)].cell_contents
    except (ValueError, IndexError):
        return None


def dotted(callback: Any) -> str:
    """The dotted path of the class, or of the innermost function, behind a route."""
    target = view_class(callback)
    if target is None:
        target = list(unwrapped(callback))[-1]
        if not hasattr(target, "__qualname__"):
            target = type(target)
    return f"{target.__module__}.{target.__qualname__}"


def described(route: Route) -> dict[str, Any]:
    """A route as the tool gets it."""
    arguments = [
        {"name": name, "converter": type(converter).__name__ if converter else None}
        for name, converter in route.converters().items()
    ]
    allowed = methods(route.callback)
    return {
        "route": route.route,
        "pattern": route.pattern,
        "expression": route.expression,
        "name": route.name,
        "view": dotted(route.callback),
        "methods": list(allowed) if allowed is not None else None,
        "arguments": arguments,
        "admin": any(is_admin(layer) for layer in unwrapped(route.callback)),
    }


def is_admin(view: Any) -> bool:
    """Whether a view belongs to an admin site, a ModelAdmin's own pages included."""
    return hasattr(view, "model_admin") or hasattr(view, "admin_site")


# rest_framework.urlpatterns.format_suffix_patterns, of re_path() and of path()
_FORMAT_SUFFIX = re.compile(r"\(\?P<format>[^)]*\)/\?\$$|<drf_format_suffix\w*:format>$")


def undrivable(route: Route) -> str:
    """Why a GET to this route is no use; empty when it may be driven."""
    allowed = methods(route.callback)
    if allowed is not None and not set(allowed) & {"GET", "HEAD"}:
        return "answers only " + ", ".join(allowed)
    if _FORMAT_SUFFIX.search(route.pattern):
        return "the same view as without the format suffix"
    return ""
