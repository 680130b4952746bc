"""Sites that keep state in a process are told from those that do not, by route."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from nuages.errors import NuagesError
from nuages.stateless import StartReplicas, StatelessProof, prove
from nuages.stateless.journeys import Journey, Step, step
from nuages.stateless.replicas import HttpReplica, Replica

Site = Callable[["Asked"], tuple[int, dict[str, str], Any]]


class Asked:
    """One request to a site of these tests, with the state that it may use."""

    def __init__(self, handler: Any, local: dict[str, Any], shared: dict[str, Any]) -> None:
        self.method, self.path = handler.command, handler.path
        length = int(handler.headers.get("Content-Length") or 0)
        self.body = handler.rfile.read(length).decode()
        cookies = SimpleCookie(handler.headers.get("Cookie", ""))
        self.session = cookies["sid"].value if "sid" in cookies else ""
        self.local, self.shared = local, shared


def sites(site: Site) -> StartReplicas:
    """Start replicas of a site; what they share is as fresh as they are."""

    @contextmanager
    def start(count: int) -> Iterator[Sequence[Replica]]:
        shared: dict[str, Any] = {}
        servers = [ThreadingHTTPServer(("127.0.0.1", 0), handling(site, shared))
                   for _ in range(count)]  # fmt: skip
        for server in servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield [HttpReplica(f"http://127.0.0.1:{server.server_port}") for server in servers]
        for server in servers:
            server.shutdown()
            server.server_close()

    return start


def handling(site: Site, shared: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    local: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, told = site(Asked(self, local, shared))
            content = told if isinstance(told, str) else json.dumps(told)
            kind = "text/html" if isinstance(told, str) else "application/json"
            self.send_response(status)
            for name, value in {"Content-Type": kind, **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content.encode())

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return Handler


numbers = itertools.count()


def shop(asked: Asked) -> tuple[int, dict[str, str], Any]:
    """Sessions and cart in what all share, but /local/ in the process."""
    carts = asked.shared.setdefault("carts", {})
    if asked.path == "/login/":
        session = f"s{next(numbers)}"
        carts[session] = []
        return 302, {"Set-Cookie": f"sid={session}; Path=/", "Location": "/cart/"}, ""
    if asked.session not in carts:
        return 403, {}, {"who": "nobody"}
    if asked.method == "POST":
        carts[asked.session].append(asked.body)
    if asked.path.startswith("/local/"):
        hits = asked.local["hits"] = asked.local.get("hits", 0) + 1
        return 200, {}, {"hits": hits}
    if asked.path.startswith("/serial/"):
        return 200, {}, {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9,
                         "j": 10, "serial": next(numbers)}  # fmt: skip
    return 200, {}, {"cart": carts[asked.session]}


def local_sessions(asked: Asked) -> tuple[int, dict[str, str], Any]:
    asked.shared = asked.local
    return shop(asked)


def steps(*told: Any) -> list[Step]:
    return [step(each) for each in told]


ANN = Journey(user="ann", steps=steps(
    "GET /login/", "FOLLOW", {"post": "/cart/", "form": {"item": "tea"}}, "GET /serial/",
    "GET /cart/",
))  # fmt: skip
BOB = Journey(user="bob", steps=steps("GET /login/", "GET /cart/", "GET /local/", "GET /local/"))


def outcomes(proof: StatelessProof) -> dict[str, str]:
    return {route.route: route.outcome for route in proof.routes}


def test_a_site_that_shares_its_state() -> None:
    proof = prove([ANN], sites(shop))
    assert proof.holds
    assert proof.differences == ()
    assert set(outcomes(proof).values()) == {"same"}


def test_state_in_a_process_is_told_by_its_route() -> None:
    proof = prove([ANN, BOB], sites(shop))
    assert not proof.holds
    assert {route for route, outcome in outcomes(proof).items() if outcome == "different"} == {
        "GET /local/"
    }
    first = proof.differences[0]
    assert (first.user, first.step) == ("bob", "4. GET /local/")
    assert "hits" in first.excerpt
    assert first.before == "1. GET /login/, 2. GET /cart/, 3. GET /local/"


def test_sessions_of_one_process() -> None:
    proof = prove([ANN], sites(local_sessions), replicas=2)
    assert not proof.holds
    assert "the status was 200, now 403" in {each.reason for each in proof.differences}


def test_refusals_prove_nothing() -> None:
    proof = prove([Journey(user="eve", steps=steps("GET /cart/"))], sites(shop))
    assert not proof.holds
    assert proof.differences == ()
    assert outcomes(proof) == {"GET /cart/": "not comparable"}


def test_a_site_that_says_something_new_each_time_is_not_comparable() -> None:
    def moods(_: Asked) -> tuple[int, dict[str, str], Any]:
        return 200, {}, {"mood": next(numbers)}

    proof = prove([Journey(user="ann", steps=steps("GET /"))], sites(moods))
    assert outcomes(proof) == {"GET /": "not comparable"}


def test_what_is_missing_from_it_shows_all_the_same() -> None:
    def exports(asked: Asked) -> tuple[int, dict[str, str], Any]:
        files = asked.local.setdefault("files", [])
        if asked.method == "POST":
            files.append(next(numbers))
        return 200, {}, {"files": files}

    journey = Journey(user="ann", steps=steps({"post": "/"}, "GET /"))
    proof = prove([journey], sites(exports))
    assert [each.excerpt for each in proof.differences] == ["body/files: '1 items' → '0 items'"]


def test_forms_redirects_and_kept_values() -> None:
    seen: list[str] = []

    def site(asked: Asked) -> tuple[int, dict[str, str], Any]:
        seen.append(f"{asked.method} {asked.path} {asked.body}")
        if asked.path == "/new/" and asked.method == "GET":
            return 200, {}, '<form method="post"><input type="hidden" name="t" value="7">' \
                            '<input name="name"></form>'  # fmt: skip
        if asked.path == "/new/":
            return 302, {"Location": "/items/5/"}, ""
        return 200, {}, {"item": {"id": 5, "tags": ["a", "b"]}}

    journey = Journey(user="ann", steps=steps(
        "GET /new/", {"submit": {"name": "tea"}}, "FOLLOW",
        {"get": "/items/", "keep": {"id": "item.id", "tag": "item.tags.1"}},
        {"post": "/items/{id}/", "json": {"tag": "{tag}"}},
    ))  # fmt: skip
    assert prove([journey], sites(site)).holds
    assert seen[:5] == [
        "GET /new/ ", "POST /new/ t=7&name=tea", "GET /items/5/ ", "GET /items/ ",
        'POST /items/5/ {"tag": "b"}',
    ]  # fmt: skip


def test_nothing_to_walk() -> None:
    with pytest.raises(NuagesError, match="no journey"):
        prove([], sites(shop))


def test_nobody_answers() -> None:
    @contextmanager
    def nowhere(count: int) -> Iterator[Sequence[Replica]]:
        yield [HttpReplica("http://127.0.0.1:9")] * count

    with pytest.raises(NuagesError, match="no replica answered"):
        prove([ANN], nowhere)
