"""What lets an actor in over the network: cookies, tokens, and how the site guards its forms."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any

from django.conf import settings

from nuages.agent.actors import Actor, Actors, served_host

_SHARED_SESSIONS = ("db", "cached_db", "signed_cookies", "file")


def credentials(actors: Actors) -> dict[str, Any]:
    """{"host", "actors": {name: {cookies, headers, csrf_cookie, csrf_header}}, "notes"}."""
    known = {name: _of(actors.get(name)) for name in actors.names()}
    return {"host": served_host(), "actors": known, "notes": _notes()}


def _of(actor: Actor) -> dict[str, Any]:
    headers = _told_headers(actor)
    if actor.user is not None and "Authorization" not in headers:
        headers |= _token(actor.user)
    return {
        "cookies": {name: morsel.value for name, morsel in actor.factory.cookies.items()},
        "headers": headers | _session_csrf(actor),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "csrf_header": _as_header(settings.CSRF_HEADER_NAME),
    }


def _told_headers(actor: Actor) -> dict[str, str]:
    """What a project's own way in set on the test client."""
    usual = ("HTTP_USER_AGENT", "HTTP_ACCEPT")
    return {
        _as_header(name): str(value)
        for name, value in actor.factory.defaults.items()
        if name.startswith("HTTP_") and name not in usual
    }


def _as_header(name: str) -> str:
    return name.removeprefix("HTTP_").replace("_", "-").title()


def _session_csrf(actor: Actor) -> dict[str, str]:
    """The token that is kept in the session where the site keeps it there."""
    from django.middleware.csrf import CSRF_SESSION_KEY

    morsel = actor.factory.cookies.get(settings.SESSION_COOKIE_NAME)
    if not settings.CSRF_USE_SESSIONS or morsel is None:
        return {}
    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore(morsel.value)
    store[CSRF_SESSION_KEY] = store.get(CSRF_SESSION_KEY) or "n" * 32
    store.save()
    return {_as_header(settings.CSRF_HEADER_NAME): store[CSRF_SESSION_KEY]}


def _token(user: Any) -> dict[str, str]:
    """A token of REST framework or a JWT, where the project's API takes them."""
    from django.apps import apps

    with suppress(Exception):
        if apps.is_installed("rest_framework.authtoken"):
            model = apps.get_model("authtoken", "Token")
            return {"Authorization": f"Token {model._base_manager.get_or_create(user=user)[0].key}"}
    with suppress(Exception):
        if _takes("JWTAuthentication"):
            tokens = importlib.import_module("rest_framework_simplejwt.tokens")
            return {"Authorization": f"Bearer {tokens.AccessToken.for_user(user)}"}
    return {}


def _takes(name: str) -> bool:
    told = importlib.import_module("rest_framework.settings").api_settings
    return any(each.__name__ == name for each in told.DEFAULT_AUTHENTICATION_CLASSES)


def _notes() -> list[str]:
    engine = str(getattr(settings, "SESSION_ENGINE", "")).rpartition(".")[2]
    if engine in _SHARED_SESSIONS or not engine:
        return []
    return [
        f"sessions are kept in a {engine}, which servers here do not share: nobody is logged in"
    ]
