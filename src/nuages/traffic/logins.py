"""Signs an actor in before a run, as the traffic file says: by a form, or for a token."""

from __future__ import annotations

import http.client
import json
import re
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from nuages.errors import NuagesError
from nuages.traffic.forms import CSRF_FIELD
from nuages.traffic.mix import Actor, Login

SECONDS = 30.0
_HIDDEN = re.compile(rf"<input\b[^>]*\bname=[\"']?{CSRF_FIELD}\b[^>]*>", re.I)
_VALUE = re.compile(r"\bvalue=[\"']([^\"']*)[\"']", re.I)


def signed_in(actor: Actor, url: str, *, verify: bool = True) -> Actor:
    """The actor with a session's cookies, or a token; as it is where nothing says how."""
    if actor.login is None:
        return actor
    with closing(_Visit(actor, url, verify)) as visit:
        return visit.for_a_token(actor.login) if actor.login.token else visit.by_form(actor.login)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    body: str
    cookies: dict[str, str] = field(default_factory=dict)


class _Visit:
    """One connection, and the cookies of who uses it."""

    def __init__(self, actor: Actor, url: str, verify: bool) -> None:
        parts = urlsplit(url)
        self._actor, self._cookies = actor, dict(actor.cookies)
        self._prefix = parts.path.rstrip("/")
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._connection = _connection(parts.scheme, parts.netloc, verify)

    def close(self) -> None:
        self._connection.close()

    def by_form(self, login: Login) -> Actor:
        """As a browser does: the page first, for its CSRF token, then its form."""
        page = self._ask("GET", login.path)
        form, headers = dict(login.form), {}
        token = _token_in(page.body) or self._cookies.get(self._actor.csrf_cookie)
        if token:
            form[CSRF_FIELD] = token
            headers[self._actor.csrf_header] = token
        before = dict(self._cookies)
        kind = "application/x-www-form-urlencoded"
        answer = self._ask("POST", login.path, urlencode(form), kind, headers)
        # The form again, with what was wrong, is answered 200, and often with a CSRF cookie.
        new = {n for n, v in answer.cookies.items() if before.get(n) != v}
        if answer.status >= 400 or not new - {self._actor.csrf_cookie}:
            raise self._fault(f"answered {answer.status}, and no session began")
        return replace(self._actor, cookies=self._cookies)

    def for_a_token(self, login: Login) -> Actor:
        """For an API: what the answer calls by a name goes into the Authorization header."""
        body, kind = (urlencode(login.form), "application/x-www-form-urlencoded")
        if login.json is not None:
            body, kind = json.dumps(login.json), "application/json"
        answer = self._ask("POST", login.path, body, kind)
        token = _found(answer.body, login.token)
        if answer.status >= 400 or not token:
            raise self._fault(f"answered {answer.status}, without `{login.token}`")
        headers = {**self._actor.headers, "Authorization": f"{login.scheme} {token}".strip()}
        return replace(self._actor, headers=headers, cookies=self._cookies)

    def _ask(
        self,
        method: str,
        path: str,
        body: str = "",
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> _Answer:
        path = self._prefix + path
        told = {
            **self._actor.headers,
            "Cookie": "; ".join(f"{n}={v}" for n, v in self._cookies.items()),
            "Referer": self._origin + path,
            "Content-Type": content_type,
            **(headers or {}),
        }
        self._connection.request(
            method, path, body.encode() or None, {n: v for n, v in told.items() if v}
        )
        answer = self._connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        read: SimpleCookie = SimpleCookie()
        for line in answer.headers.get_all("Set-Cookie") or ():
            read.load(line)
        cookies = {name: morsel.value for name, morsel in read.items()}
        self._cookies |= cookies
        return _Answer(status=answer.status, body=text, cookies=cookies)

    def _fault(self, what: str) -> NuagesError:
        assert self._actor.login is not None
        return NuagesError(
            f"{self._actor.name} could not sign in at {self._actor.login.path}: {what}",
            hint=f"look at actors.{self._actor.name}.login in the traffic file",
            slug="traffic",
        )


def _token_in(page: str) -> str:
    """The CSRF token of a page's form: where sessions keep it, no cookie has it."""
    found = _HIDDEN.search(page)
    value = _VALUE.search(found[0]) if found else None
    return unescape(value[1]) if value else ""


def _found(body: str, name: str) -> str:
    """A text in a JSON answer; `data.access` is one within another."""
    try:
        told: Any = json.loads(body)
    except ValueError:
        return ""
    for part in name.split("."):
        told = told.get(part) if isinstance(told, Mapping) else None
    return told if isinstance(told, str) else ""


def _connection(scheme: str, place: str, verify: bool) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(place, timeout=SECONDS)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(place, timeout=SECONDS, context=context)
