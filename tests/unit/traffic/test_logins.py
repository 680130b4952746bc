"""Signing in on a real server, as sites of Django and of Django REST framework answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from nuages.errors import NuagesError
from nuages.traffic.logins import signed_in
from nuages.traffic.mix import Actor, Login

FORM = '<form><input type="hidden" value="a&amp;b" name="csrfmiddlewaretoken"></form>'
GOOD = {"username": "ann", "password": "right"}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        cookie = "" if self.path == "/in-session/" else "csrftoken=xyz; Path=/"
        self._answer(200, FORM if not cookie else "", cookie or "sessionid=before")

    def do_POST(self) -> None:
        told = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/token/":
            self._give_token(told)
            return
        form = {name: values[0] for name, values in parse_qs(told).items()}
        token = "a&b" if self.path == "/in-session/" else "xyz"
        if form.get("csrfmiddlewaretoken") != token:
            self._answer(403)
        elif form["password"] == "right":
            self._answer(302, "", "sessionid=s1; HttpOnly; Path=/")
        else:
            self._answer(200, "Please enter a correct password.", "csrftoken=xyz2; Path=/")

    def _give_token(self, text: str) -> None:
        if self.headers["Content-Type"] == "application/json" and json.loads(text) == GOOD:
            self._answer(200, json.dumps({"data": {"access": "t0ken"}}))
        else:
            self._answer(400, "{}")

    def _answer(self, status: int, body: str = "", cookie: str = "") -> None:
        self.send_response(status)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def actor(path: str, password: str = "right", **told: str) -> Actor:
    form = {"username": "ann", "password": password}
    json_ = form if path == "/token/" else None
    return Actor(name="user", login=Login(path=path, form=form, json=json_, **told))


def test_a_form_gives_a_session(url: str) -> None:
    assert signed_in(actor("/login/"), url).cookies["sessionid"] == "s1"


def test_a_token_of_the_page_is_sent_where_no_cookie_has_it(url: str) -> None:
    assert signed_in(actor("/in-session/"), url).cookies["sessionid"] == "s1"


@pytest.mark.parametrize("path", ["/login/", "/in-session/", "/token/"])
def test_a_wrong_password_is_an_error_and_no_visitor_without_a_name(url: str, path: str) -> None:
    with pytest.raises(NuagesError, match=f"user could not sign in at {path}"):
        signed_in(
            actor(path, "wrong", **({"token": "data.access"} if "token" in path else {})), url
        )


def test_a_token_goes_into_the_header(url: str) -> None:
    found = signed_in(actor("/token/", token="data.access", scheme="Token"), url)
    assert found.headers == {"Authorization": "Token t0ken"}


def test_an_answer_without_the_token_is_an_error(url: str) -> None:
    with pytest.raises(NuagesError, match="without `refresh`"):
        signed_in(actor("/token/", token="refresh"), url)


def test_who_has_no_login_stays_as_they_are(url: str) -> None:
    nobody = Actor(name="anonymous")
    assert signed_in(nobody, url) is nobody
