"""Paths for every GET route: URL arguments taken from rows that belong together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

from nuages.agent import matching, popularity, routes
from nuages.agent.arguments import Column, Constant, Meaning, meanings
from nuages.agent.routes import Route
from nuages.agent.spelling import spellings

TRIED = 30  # rows tried per route before it is given up
_SAFE = "!$&'()*+,;=/~:@"  # as django.urls.reverse quotes


def find(limit: int = 3, owners: tuple[Any, ...] = ()) -> dict[str, list[dict[str, str]]]:
    """{"targets": [{route, path}], "unresolved": [{route, reason}]} over all routes."""
    from django.conf import settings
    from django.utils import translation

    popularity.forget()
    with translation.override(settings.LANGUAGE_CODE):
        listed = routes.all_routes()
        found = _absolute_urls({route.pattern for route in listed}, owners)
        unresolved: dict[str, str] = {}
        for route in listed:
            reason = routes.undrivable(route)
            paths = found.setdefault(route.route, []) if not reason else []
            if not reason and len(paths) < limit:
                reason = _extend(paths, route, limit, owners)
            if not paths and reason:
                unresolved.setdefault(route.route, reason)
    targets = [{"route": r, "path": p} for r, paths in found.items() for p in paths[:limit]]
    reasons = [{"route": r, "reason": why} for r, why in unresolved.items() if not found.get(r)]
    return {"targets": targets, "unresolved": reasons}


def resolved(path: str) -> str | None:
    """The route that a path leads to, or None."""
    from django.urls import Resolver404, resolve

    try:
        return "/" + str(resolve(urlsplit(path).path).route)
    except (Resolver404, ValueError):
        return None


def _extend(paths: list[str], route: Route, limit: int, owners: tuple[Any, ...]) -> str:
    """Add paths up to the limit; what was in the way when there are none."""
    try:
        reason = ""
        for path, why in _paths(route, limit, owners):
            reason = why
            if path and path not in paths:
                paths.append(path)
            if len(paths) >= limit:
                break
        return reason or "no path could be made"
    except Exception as error:
        return f"finding its arguments failed: {type(error).__name__}: {error}"


def _paths(route: Route, limit: int, owners: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    names = _argument_names(route)
    if not names:
        yield _checked(route, {}, None)
        return
    spoken = _parameters(route) if names[0] == "_0" else {}
    understood = {name: meanings(route, spoken.get(name, name)) for name in names}
    lost = [name for name, found in understood.items() if not found]
    if lost:
        yield "", f"nothing is known about its argument {spoken.get(lost[0], lost[0])!r}"
        return
    reason = "no rows to take its arguments from"
    for values, instance in itertools.islice(_rows(understood, limit, owners), TRIED):
        path, why = _checked(route, values, instance)
        reason = why or reason
        yield path, reason
    yield "", reason


def _argument_names(route: Route) -> list[str]:
    names = list(route.converters())
    groups = sum(p.regex.groups for p in route.parts if hasattr(p, "regex"))
    if not names and groups:
        return [f"_{index}" for index in range(groups)]
    return names


def _parameters(route: Route) -> dict[str, str]:
    """What a view calls its positional arguments, which the pattern leaves without a name."""
    view = list(routes.unwrapped(route.callback))[-1]
    cls = routes.view_class(route.callback)
    view = getattr(cls, "get", view) if cls is not None else view
    code = getattr(view, "__code__", None)
    taken = list(code.co_varnames[: code.co_argcount]) if code is not None else []
    own = [name for name in taken if name not in ("self", "request")]
    return {f"_{index}": name for index, name in enumerate(own)}


def _rows(
    understood: dict[str, list[Meaning]], limit: int, owners: tuple[Any, ...]
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Argument values that belong together, row by row of the model that knows most of them."""
    anchor, chosen = _anchored(understood)
    loose = {name: found[0] for name, found in understood.items() if name not in chosen}
    fixed = {name: list(_independent(meaning, limit)) for name, meaning in loose.items()}
    if not all(fixed.values()):
        return
    if anchor is None:
        for index in range(max(len(v) for v in fixed.values())):
            yield {name: v[index % len(v)] for name, v in fixed.items()}, None
        return
    for index, instance in enumerate(popularity.samples(anchor, limit, owners)):
        values = {name: follow(instance, path) for name, path in chosen.items()}
        if all(value is not None and value != "" for value in values.values()):
            values |= {name: v[index % len(v)] for name, v in fixed.items()}
            yield values, instance


def _anchored(understood: dict[str, list[Meaning]]) -> tuple[Any, dict[str, str]]:
    """The model whose rows give most arguments, with the lookup path of each."""
    best: tuple[Any, dict[str, str]] = (None, {})
    for found in reversed(list(understood.values())):
        for meaning in found[:4]:
            if not isinstance(meaning, Column):
                continue
            reach = _expressed(meaning.model, understood)
            if len(reach) > len(best[1]):
                best = (meaning.model, reach)
    return best


def _expressed(anchor: Any, understood: dict[str, list[Meaning]]) -> dict[str, str]:
    reach: dict[str, str] = {}
    for name, found in understood.items():
        if any(isinstance(meaning, Constant) for meaning in found[:1]):
            continue
        for meaning in found:
            if not isinstance(meaning, Column):
                continue
            way = next(iter(popularity.ways(anchor, meaning.model)), None)
            if way is not None:
                reach[name] = "__".join((*way, meaning.path))
                break
    return reach


def follow(instance: Any, path: str) -> Any:
    """A value over a lookup path; None where a link is missing."""
    for part in path.split("__"):
        if instance is None:
            return None
        with suppress(Exception):
            instance = getattr(instance, part)
            if hasattr(instance, "first") and hasattr(instance, "filter"):
                instance = instance.order_by("pk").first()
            continue
        return None
    if hasattr(instance, "_meta") and hasattr(instance, "pk"):
        return instance.pk
    return instance


def _independent(meaning: Meaning, limit: int) -> Iterator[Any]:
    if isinstance(meaning, Constant):
        yield from meaning.values
        return
    for instance in popularity.samples(meaning.model, limit):
        value = follow(instance, meaning.path)
        if value not in (None, ""):
            yield value


def _checked(route: Route, values: dict[str, Any], instance: Any) -> tuple[str, str]:
    """(path, "") when the path leads back to this route, else ("", why not)."""
    reason = "no value of its arguments fits the pattern"
    for texts in _spelled(route, values, instance):
        for template, names in _templates(route):
            if any(name not in texts for name in names):
                continue
            path = "/" + quote(template % texts, safe=_SAFE).lstrip("/")
            leads_to = resolved(path)
            if leads_to == route.route:
                return path, ""
            if leads_to is not None:
                reason = f"shadowed by {leads_to}"
    return "", reason


def _templates(route: Route) -> list[matching.Template]:
    """Format strings of a pattern with the arguments they need, most arguments first."""
    return matching.templates(route.expression)


def _spelled(route: Route, values: dict[str, Any], instance: Any) -> Iterator[dict[str, str]]:
    """The values as URL texts, in every combination of their spellings, the likeliest first."""
    options = [
        [(name, text) for text in spellings(route, name, value, instance)]
        for name, value in values.items()
    ]
    for combination in itertools.islice(itertools.product(*options), 24):
        yield dict(combination)


def _absolute_urls(patterns: set[str], owners: tuple[Any, ...]) -> dict[str, list[str]]:
    """Where the models themselves say that their rows are to be seen."""
    from django.apps import apps

    found: dict[str, list[str]] = {}
    for model in apps.get_models():
        if not hasattr(model, "get_absolute_url") or model._meta.swapped:
            continue
        with suppress(Exception):
            for instance in popularity.samples(model, 2, owners)[:4]:
                parts = urlsplit(str(instance.get_absolute_url()))
                route = resolved(parts.path)
                if route is not None and route.removeprefix("/") in patterns:
                    paths = found.setdefault(route, [])
                    if parts.path not in paths:
                        paths.append(parts.path)
    return found
