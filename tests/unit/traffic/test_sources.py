"""Requests from what a project, or its users, have already written down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.traffic.destructive import why_excluded
from nuages.traffic.forms import forms
from nuages.traffic.grouping import Seen, grouped, skew_of
from nuages.traffic.locust_file import read_locust
from nuages.traffic.openapi import document_in, requests_of
from nuages.traffic.rest import accepted, keys_of_rows

HOSTS = frozenset({"testserver"})
LOCUST = """
import random
from locust import HttpUser, between, task

class Reader(HttpUser):
    wait_time = between(1, 5)
    weight = 3

    @task(4)
    def page(self):
        self.client.get(f"/posts/{random.randint(1, 30)}/", name="/posts/[id]")
        self.client.get("/")

    @task
    def unknown(self):
        self.client.get(self.next_page)

    def not_a_task(self):
        self.client.get("/never/")

class Member(HttpUser):
    def on_start(self):
        self.client.post("/login/", data={"username": "a"})

    @task
    def write(self):
        self.client.post("/comments/", data={"text": "hello"})
        self.client.put("/api/x/", json={"a": 1})
        self.client.request("PATCH", "/api/y/", json={"b": 2})
"""
OPENAPI = {
    "openapi": "3.0.0",
    "servers": [{"url": "https://shop.example/api"}],
    "paths": {
        "/books/{id}/": {
            "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}],
            "get": {"operationId": "book"},
        },
        "/tags/{slug}/": {
            "get": {"parameters": [{"name": "slug", "in": "path", "example": "new"}]},
        },
        "/lost/{uuid}/": {"get": {"parameters": [{"name": "uuid", "in": "path"}]}},
        "/orders/": {
            "post": {
                "security": [{"token": []}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/x/Order"}}}},
            },
            "get": {
                "parameters": [
                    {"name": "size", "in": "query", "required": True, "schema": {"default": 5}}
                ]
            },
        },
    },
    "x": {
        "Order": {
            "type": "object",
            "required": ["email", "id", "lines", "parent"],
            "properties": {
                "email": {"type": "string", "format": "email"},
                "id": {"type": "integer", "readOnly": True},
                "lines": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
                "parent": {"$ref": "#/x/Order"},
            },
        }
    },
}


def test_a_locust_file_is_read_and_never_run(tmp_path: Path) -> None:
    file = tmp_path / "locustfile.py"
    file.write_text("raise SystemExit('it ran')\n" + LOCUST)
    told = read_locust(file)
    paths = {seen.path for seen in told.requests}
    assert {"/", "/posts/1/", "/posts/30/", "/comments/"} <= paths
    assert "/never/" not in paths
    assert sum(s.count for s in told.requests if s.path.startswith("/posts/")) == pytest.approx(12)
    assert next(s for s in told.requests if s.path == "/comments/").form == {"text": "hello"}
    assert next(s for s in told.requests if s.path == "/api/x/").json == {"a": 1}
    assert next(s for s in told.requests if s.path == "/comments/").actor == "user"
    assert next(s for s in told.requests if s.path == "/api/y/").method == "PATCH"
    assert [each.route for each in told.left_out] == ["GET self.next_page"]
    assert told.think_seconds == 3.0


def test_an_openapi_document(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(OPENAPI))
    seen, left_out = requests_of(file, {"/api/books/<int:pk>/": ["/api/books/3/", "/api/books/9/"]})
    asked = {f"{each.method} {each.path}": each for each in seen}
    assert set(asked) == {
        "GET /api/books/3/", "GET /api/books/9/", "GET /api/tags/new/", "POST /api/orders/",
        "GET /api/orders/?size=5",
    }  # fmt: skip
    order = asked["POST /api/orders/"]
    assert order.actor == "user"
    assert order.json["email"] == "visitor@example.com"
    assert order.json["lines"] == [1]
    assert "id" not in order.json
    assert [each.route for each in left_out] == ["GET /api/lost/{uuid}/"]


def test_routes_of_rest_framework_have_expressions_for_arguments(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text(json.dumps(OPENAPI))
    known = {"/api/books/(?P<pk>[^/.]+)/$": ["/api/books/3/"]}
    assert "/api/books/3/" in {each.path for each in requests_of(file, known)[0]}


@pytest.mark.parametrize(
    "text", [json.dumps(OPENAPI), "openapi: 3.0.3\npaths: {}", '{"swagger": "2.0", "paths": {}}']
)
def test_a_document_that_the_site_serves_is_known(text: str) -> None:
    assert document_in(text) is not None


@pytest.mark.parametrize(
    "text", ["", "<html>openapi: 3</html>", '{"openapi": 3', "openapi: 3", '{"results": []}']
)
def test_other_answers_are_no_document(text: str) -> None:
    assert document_in(text) is None


@pytest.mark.parametrize("text", ["", "[]", "openapi: 3", "{", "paths: []"])
def test_what_is_no_openapi_document(tmp_path: Path, text: str) -> None:
    file = tmp_path / "schema.yaml"
    file.write_text(text)
    with pytest.raises(NuagesError, match=r"schema\.yaml"):
        requests_of(file)


PAGE = """<form method="POST" action="add/">
<input type="hidden" name="csrfmiddlewaretoken" value="x">
<input type="hidden" name="post" value="3"><input name="title" maxlength="80">
<input type="email" name="mail"><input name="short" maxlength="3"><input type="submit" name="go">
<select name="kind"><option value="">-</option><option value="a">A</option></select>
<input type="radio" name="size" value="s"><input type="radio" name="size" value="l" checked>
<input type="checkbox" name="agree" required><input type="checkbox" name="spam">
<textarea name="text"></textarea></form>
<form><input name="q"></form><form method=post action="https://elsewhere.example/"></form>
<form method=post action="/in/"><input type=password name=p></form>"""


def test_forms_are_filled_in_as_a_visitor_would() -> None:
    found = forms("/posts/3/", {"Content-Type": "text/html"}, PAGE, HOSTS)
    add, _search, login = found
    assert (add.action, add.method) == ("/posts/3/add/", "POST")
    assert add.fields == {
        "post": "3", "title": "text {unique}", "mail": "visitor{unique}@example.com",
        "short": "tex", "kind": "a", "size": "l", "agree": "on", "text": "text {unique}",
    }  # fmt: skip
    assert login.why_not


def test_what_an_endpoint_of_rest_framework_says_it_accepts() -> None:
    fields = {
        "id": {"type": "integer", "required": False, "read_only": True},
        "name": {"type": "string", "required": True, "max_length": 100},
        "code": {"type": "string", "required": True, "max_length": 3},
        "kind": {"type": "choice", "required": True, "choices": [{"value": "b"}]},
        "note": {"type": "string", "required": False},
        "shop": {"type": "nested object", "required": True,
                 "children": {"city": {"type": "string", "required": True}}},
    }  # fmt: skip
    assert accepted(json.dumps({"actions": {"POST": fields}})) == {
        "name": "text {unique}", "code": "tex", "kind": "b", "shop": {"city": "text {unique}"}
    }  # fmt: skip
    assert accepted("{}") is None
    assert accepted("<html>") is None


def test_relations_are_filled_with_keys_of_rows() -> None:
    related = keys_of_rows({"/api/posts/(?P<pk>[^/.]+)/$": ["/api/posts/7/"], "/a/": ["/a/"],
                            "/categories/<slug:slug>/": ["/categories/red/"]})  # fmt: skip
    assert related == {"post": "7", "category": "red"}
    names = ("post", "parent_post", "category_id", "shop")
    fields = {name: {"type": "field", "required": True} for name in names}
    assert accepted(json.dumps({"actions": {"POST": fields}}), related) == {
        "post": "7", "parent_post": "7", "category_id": "red", "shop": "1"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("DELETE", "/api/x/1/", ""), ("GET", "/logout/", ""), ("GET", "/posts/1/delete/", ""),
        ("POST", "/checkout/", ""), ("POST", "/x/", "payment"), ("POST", "/a/send-email/", ""),
        ("GET", "/x/", "account_logout"), ("POST", "/newsletter/", ""),
    ],
)  # fmt: skip
def test_what_destroys_pays_or_tells_is_not_sent(method: str, path: str, name: str) -> None:
    assert why_excluded(method, path, name)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/checkout/"), ("POST", "/comments/"), ("GET", "/undeleted/"), ("POST", "/payroll/"),
     ("PATCH", "/api/users/1/"), ("GET", "/blog/logouts-explained/")],
)  # fmt: skip
def test_what_does_none_of_it_is_sent(method: str, path: str) -> None:
    assert not why_excluded(method, path)


def test_concrete_requests_become_templates() -> None:
    asked = [Seen(path=f"/posts/{n}/?page=1", route="/posts/<int:pk>/", count=1 / n)
             for n in range(1, 50)]  # fmt: skip
    asked += [Seen(path="/about/"), Seen(path="/posts/1/delete/", route="/posts/<int:pk>/delete/")]
    templates, excluded = grouped(asked)
    posts = next(t for t in templates if "<int:pk>" in t.route)
    assert posts.path == "/posts/{pk}/?page=1"
    assert [row["pk"] for row in posts.arguments[:3]] == ["1", "2", "3"]
    assert posts.skew == pytest.approx(1.0, abs=0.05)
    assert [each.route for each in excluded] == ["GET /posts/<int:pk>/delete/"]
    assert grouped(asked, include=["delete"])[1] == ()


def test_zipfs_exponent_of_counts() -> None:
    assert skew_of([1000 / n for n in range(1, 60)]) == pytest.approx(1.0, abs=0.01)
    assert skew_of([5] * 60) == 0.0
    assert skew_of([3, 1]) == 0.0
