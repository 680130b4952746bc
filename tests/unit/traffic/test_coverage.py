"""A route's state is the best that any actor got, with the reason where it was not reached."""

from __future__ import annotations

from typing import Any

from nuages.answers import Answer, Request
from nuages.model import RouteCoverage
from nuages.traffic.coverage import Reached, coverage


def answer(status: int, **more: Any) -> Answer:
    actor = more.pop("actor", "anonymous")
    more.setdefault("rows", 0)
    request = Request(path="/posts/", actor=actor)
    return Answer(request=request, status=status, route="GET /posts/", **more)


def of(*answers: Answer, reason: str = "", counted: bool = True) -> RouteCoverage:
    reached = Reached(
        answers=answers, reasons={"/posts/": reason} if reason else {}, rows_counted=counted
    )
    (told,) = coverage([{"route": "/posts/"}], reached).routes
    return told


def test_reached_needs_rows() -> None:
    assert of(answer(200, rows=1)).state == "reached"
    assert of(answer(200)).state == "empty"
    assert of(answer(200), counted=False).state == "reached"


def test_the_best_actor_counts() -> None:
    told = of(answer(403), answer(200), answer(200, rows=3), answer(500))
    assert told.state == "reached"
    assert told.statuses == {"403": 1, "200": 2, "500": 1}
    assert (told.requests, told.rows) == (4, 3)


def test_a_redirect_to_a_login_is_a_denial() -> None:
    told = of(answer(302, headers={"Location": "/accounts/login/?next=/posts/"}))
    assert (told.state, told.reason) == ("denied", "anonymous is sent to log in")
    assert of(answer(301, headers={"Location": "/articles/"})).state == "redirected"


def test_a_form_that_was_taken_answers_with_a_redirect() -> None:
    def posted(location: str, *, path: str = "/posts/", method: str = "POST") -> str:
        request = Request(path=path, method=method, actor="user")
        sent = Answer(
            request=request,
            status=302,
            route=f"{method} /posts/",
            headers={"Location": location},
        )
        return of(sent).state

    assert posted("/posts/7/") == "reached"
    assert posted("/", path="/accounts/login/") == "reached"
    assert posted("/accounts/login/?next=/posts/") == "denied"
    assert posted("/posts/7/", method="HEAD") == "redirected"


def test_a_path_that_names_accounts_is_no_login_page() -> None:
    request = Request(path="/admin/accounts/user/1/", actor="user")
    sent = Answer(
        request=request,
        status=302,
        route="GET /posts/",
        headers={"Location": "/admin/login/?next=/admin/accounts/user/1/"},
    )
    assert of(sent).state == "denied"


def test_a_denial_says_that_the_others_were_not_asked() -> None:
    told = of(answer(403), reason="the crawl stopped at 500 requests")
    assert told.reason == "403 for anonymous; the crawl stopped at 500 requests"


def test_denied_and_failed_say_why() -> None:
    assert of(answer(401)).reason == "401 for anonymous"
    assert of(answer(404)).reason == "404: not found with the arguments tried"
    told = of(answer(500, exception="views.py:3 in home\nKeyError: 'x'"))
    assert (told.state, told.reason) == ("failed", "500: KeyError: 'x'")


def test_a_route_that_answers_no_get() -> None:
    told = of(answer(405, headers={"Allow": "POST, OPTIONS"}))
    assert (told.state, told.route) == ("not driven", "POST /posts/")
    assert of(reason="answers only POST, PUT").route == "POST /posts/"


def test_not_driven_gives_the_reason() -> None:
    assert of(reason="looks destructive").reason == "looks destructive"
    assert of().reason == "no link led to it and no path was found"


def test_routes_of_another_language_are_told_too() -> None:
    french = Answer(request=Request(path="/fr/"), status=200, route="GET /fr/", rows=1)
    lost = Answer(request=Request(path="/x"), status=404, route="GET (unmatched)")
    told = coverage([{"route": "/en/"}], Reached(answers=[french, lost])).routes
    assert [(c.route, c.state) for c in told] == [
        ("GET /en/", "not driven"),
        ("GET /fr/", "reached"),
    ]
