"""Who asks: nobody, an ordinary user and a member of staff, logged in without a password."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any

from django.conf import settings
from django.test import RequestFactory

from nuages.agent.users import POWERS, chosen_user, user_model

NAMES = ("anonymous", "user", "staff")


class EnvironFactory(RequestFactory):
    """Django's request factory, stopped before the request: the handler makes its own."""

    def request(self, **request: Any) -> dict[str, Any]:
        environ: dict[str, Any] = self._base_environ(**request)
        return environ


class Actor:
    """A user with the cookies and headers that speak for them."""

    def __init__(self, name: str, user: Any = None) -> None:
        self.name = name
        self.user = user
        self.factory = EnvironFactory(HTTP_USER_AGENT="Mozilla/5.0 (nuages)", HTTP_ACCEPT="*/*")
        self.factory.defaults["SERVER_NAME"] = served_host()
        self._session: str | None = None
        self._rights = self._held_rights() if user is not None else {}

    def environ(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        body: str,
        content_type: str,
        secure: bool,
    ) -> dict[str, Any]:
        extra = {"HTTP_" + name.upper().replace("-", "_"): text for name, text in headers.items()}
        environ: dict[str, Any] = self.factory.generic(
            method, path, body, content_type=content_type, secure=secure, **extra
        )
        return environ

    def log_in(self) -> None:
        """A session of the project's own engine that says this user is logged in."""
        from django.contrib import auth

        if self.user is None or not _has_sessions():
            return
        engine = importlib.import_module(settings.SESSION_ENGINE)
        session = engine.SessionStore()
        session[auth.SESSION_KEY] = self.user._meta.pk.value_to_string(self.user)
        session[auth.BACKEND_SESSION_KEY] = _backend()
        session[auth.HASH_SESSION_KEY] = self.user.get_session_auth_hash()
        session.save()
        self._session = session.session_key
        self.factory.cookies[settings.SESSION_COOKIE_NAME] = self._session

    def _held_rights(self) -> dict[str, Any]:
        names = {field.name for field in self.user._meta.concrete_fields}
        known = [name for name in (*POWERS, "is_active", "password") if name in names]
        rows = type(self.user)._base_manager.filter(pk=self.user.pk)
        return dict(rows.values(*known).first() or {}) if known else {}

    def restore_rights(self) -> None:
        """Give back what a page took away: some change the user's rights by a GET."""
        from django.db import Error

        if not self._rights:
            return
        with suppress(Error):
            if self._held_rights() != self._rights:
                type(self.user)._base_manager.filter(pk=self.user.pk).update(**self._rights)
                self.log_in()

    def authenticate(self, request: Any) -> None:
        """What Django REST framework's own test client does, for APIs that know no sessions."""
        if self.user is not None and _wants_forced(request):
            request._force_auth_user = self.user
            request._force_auth_token = None

    def keep(self, cookies: list[str]) -> None:
        """Take the response's cookies as a browser does; a lost login is renewed."""
        jar = self.factory.cookies
        for line in cookies:
            with suppress(Exception):
                for name, morsel in SimpleCookie(line).items():
                    if morsel["max-age"] == "0" or morsel["max-age"] == 0 or not morsel.value:
                        jar.pop(name, None)
                    else:
                        jar[name] = morsel.value
        if self._session is not None and settings.SESSION_COOKIE_NAME not in jar:
            self.log_in()


class Actors:
    """The actors of a run by name, chosen or made when first asked for."""

    def __init__(self) -> None:
        self._known: dict[str, Actor] = {}
        self.missing: dict[str, str] = {}  # name → why there is none

    def get(self, name: str) -> Actor:
        if not self._known:
            self.prepare()
        return self._known[name]

    def names(self) -> list[str]:
        if not self._known:
            self.prepare()
        return list(self._known)

    def users(self) -> tuple[Any, ...]:
        """The users behind the actors, the ordinary one first."""
        if not self._known:
            self.prepare()
        return tuple(actor.user for actor in self._known.values() if actor.user is not None)

    def prepare(self, functions: Mapping[str, str] | None = None) -> list[str]:
        """Make them all; `functions` ("package.module:name" by actor) log some in their own way."""
        ways = dict(functions or {})
        _have_a_site()
        self._known, self.missing = {}, {}
        for name in (*NAMES, *(name for name in ways if name not in NAMES)):
            try:
                self._known[name] = _made(name, ways.get(name))
            except Exception as error:
                self.missing[name] = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return list(self._known)


def _made(name: str, function: str | None) -> Actor:
    user = chosen_user(staff=name == "staff") if name in ("user", "staff") else None
    actor = Actor(name, user)
    actor.log_in()
    if function:
        _log_in_by(function, actor)
    return actor


def _has_sessions() -> bool:
    from django.apps import apps

    return (
        bool(getattr(settings, "SESSION_ENGINE", ""))
        and any("SessionMiddleware" in name for name in settings.MIDDLEWARE)
        and (
            not settings.SESSION_ENGINE.endswith(".db")
            or apps.is_installed("django.contrib.sessions")
        )
    )


def _backend() -> str:
    """The first backend that can fetch a user by key; those of passwords and tokens all can."""
    from django.contrib.auth import load_backend

    for path in settings.AUTHENTICATION_BACKENDS:
        if hasattr(load_backend(path), "get_user"):
            return str(path)
    raise LookupError("no backend of AUTHENTICATION_BACKENDS has get_user()")


def _wants_forced(request: Any) -> bool:
    """Whether the view is REST framework's and its authentication does not look at sessions."""
    from django.urls import Resolver404, resolve

    from nuages.agent.routes import view_class

    try:
        cls = view_class(resolve(request.path_info).func)
    except Resolver404:
        return False
    classes = getattr(cls, "authentication_classes", None)
    if classes is None:
        return False
    return not any("SessionAuthentication" in k.__name__ for c in classes for k in c.__mro__)


def _log_in_by(function: str, actor: Actor) -> None:
    """The project's own way in: `function(client)`, or `function(user, client)`, may log the test
    client in and set its cookies and its headers (`client.defaults`)."""
    from django.test import Client

    module, _, name = function.partition(":")
    way = getattr(importlib.import_module(module), name)
    client = Client(raise_request_exception=False, **actor.factory.defaults)
    client.cookies.update(actor.factory.cookies)
    wants_user = len(inspect.signature(way).parameters) > 1
    returned = way(actor.user, client) if wants_user else way(client)
    client = returned if isinstance(returned, Client) else client
    actor.factory.cookies = client.cookies
    actor.factory.defaults.update(client.defaults)
    actor.user = actor.user or _logged_in(client)


def _logged_in(client: Any) -> Any:
    """The user whose session a client holds, so that their rows can be found; None without."""
    from django.contrib import auth

    with suppress(Exception):
        return user_model()._base_manager.get(pk=client.session[auth.SESSION_KEY])
    return None


def _have_a_site() -> None:
    """A Site for the host that is asked, where the project finds its site by the host."""
    from django.apps import apps
    from django.db import Error

    if apps.is_installed("django.contrib.sites") and not getattr(settings, "SITE_ID", None):
        sites = apps.get_model("sites", "Site")._base_manager
        with suppress(Error):
            sites.get_or_create(domain=served_host(), defaults={"name": "nuages"})


def served_host() -> str:
    """A host name that ALLOWED_HOSTS lets in."""
    from django.http.request import validate_host

    allowed = list(settings.ALLOWED_HOSTS)
    if not allowed and settings.DEBUG:
        return "localhost"
    for host in ("testserver", "localhost"):
        if validate_host(host, allowed):
            return host
    return next((host.lstrip(".") for host in allowed if "*" not in host), "testserver")
