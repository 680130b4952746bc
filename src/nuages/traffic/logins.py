"""Signs an actor in on a page with a form, as the traffic file says, before a run."""

from __future__ import annotations

import http.client
import ssl
from contextlib import closing
from dataclasses import replace
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from nuages.errors import NuagesError
from nuages.traffic.forms import CSRF_FIELD
from nuages.traffic.mix import Actor

SECONDS = 30.0


def signed_in(actor: Actor, url: str, *, verify: bool = True) -> Actor:
    """The actor with the cookies of a session; as it is where nothing says how to sign in."""
    if not actor.login_path:
        return actor
    parts = urlsplit(url)
    path = parts.path.rstrip("/") + actor.login_path
    with closing(_connection(parts.scheme, parts.netloc, verify)) as connection:
        cookies = dict(actor.cookies)
        status, found = _asked(connection, "GET", path, cookies)
        cookies |= found
        form = dict(actor.login_form)
        headers = {"Referer": f"{parts.scheme}://{parts.netloc}{path}"}
        if actor.csrf_cookie in cookies:
            form[CSRF_FIELD] = cookies[actor.csrf_cookie]
            headers[actor.csrf_header] = cookies[actor.csrf_cookie]
        status, found = _asked(connection, "POST", path, cookies, urlencode(form), headers)
    if status >= 400 or not found:
        raise NuagesError(
            f"{actor.name} could not sign in at {actor.login_path}: answered {status}",
            hint=f"look at actors.{actor.name}.login in the traffic file",
            slug="traffic",
        )
    return replace(actor, cookies={**cookies, **found})


def _connection(scheme: str, place: str, verify: bool) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(place, timeout=SECONDS)
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(place, timeout=SECONDS, context=context)


def _asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    cookies: dict[str, str],
    body: str = "",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str]]:
    told = {"Cookie": "; ".join(f"{n}={v}" for n, v in cookies.items()), **(headers or {})}
    if body:
        told["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body or None, {n: v for n, v in told.items() if v})
    answer = connection.getresponse()
    answer.read()
    set_: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie") or ():
        set_.load(line)
    return answer.status, {name: morsel.value for name, morsel in set_.items()}
