"""Links of a response, and which of them are better left alone."""

from __future__ import annotations

import json

import pytest

from nuages.traffic.links import destructive, links, local_path

HOSTS = frozenset({"testserver"})


def of(kind: str, body: str, path: str = "/posts/1/") -> list[str]:
    return links(path, {"Content-Type": kind}, body, HOSTS)


def test_anchors_of_a_page() -> None:
    page = """
      <a href="/a/">a</a> <a href="b/?q=1#top">b</a> <a href="?page=2">next</a> <a href="#x">x</a>
      <a href="https://elsewhere.example/">e</a> <a href="mailto:a@b.c">m</a> <a>none</a>
      <a href="http://testserver/c/">c</a> <a href="/d/" data-method="post">d</a>
      <a href="/a/">a</a>
      <form action="/f/"><input></form>
    """
    assert of("text/html; charset=utf-8", page) == ["/a/", "/posts/1/b/?q=1", "/posts/1/?page=2",
                                                    "/c/"]  # fmt: skip


def test_urls_and_paths_in_json() -> None:
    page = {"next": "http://testserver/api/?page=2", "url": "/api/1/", "n": 3}
    body = page | {"ratio": "1/2", "in": ["/x"]}
    assert of("application/json", json.dumps(body)) == ["/api/?page=2", "/api/1/", "/x"]


def test_locations_of_a_sitemap() -> None:
    body = "<urlset><url><loc>http://testserver/a/</loc></url></urlset>"
    assert of("application/xml", body) == ["/a/"]


def test_nothing_in_what_is_no_document() -> None:
    assert of("image/png", '<a href="/a/">') == []
    assert of("application/json", "{") == []


@pytest.mark.parametrize("link", ["http://[", "javascript:void(0)", "ftp://testserver/x", ""])
def test_what_leads_nowhere(link: str) -> None:
    assert local_path(link, "/", HOSTS) is None


@pytest.mark.parametrize(
    "path",
    [
        "/logout/",
        "/accounts/log-out",
        "/posts/1/delete/",
        "/unsubscribe?id=1",
        "/users/remove/3/",
    ],
)
def test_what_looks_destructive(path: str) -> None:
    assert destructive(path)


@pytest.mark.parametrize("path", ["/blog/logs/", "/deleted-scenes/", "/?next=/logout/", "/login/"])
def test_what_does_not(path: str) -> None:
    assert not destructive(path)
