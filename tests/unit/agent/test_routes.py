"""Routes named and described without starting a project."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from nuages.agent import arguments, lookups, routes


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["posts/", "<int:pk>/"], "posts/<int:pk>/"),
        (["api/", "", "^items/$"], "api/items/$"),
        (["", "^items/$"], "^items/$"),
        (["^a/", "^b/$"], "^a/b/$"),
    ],
)
def test_joined_as_django_joins_them(parts: list[str], expected: str) -> None:
    assert routes.joined(parts) == expected


def test_a_view_is_found_below_its_decorators() -> None:
    def view(request: object) -> None: ...

    @functools.wraps(view)
    def decorated(*args: object) -> None: ...

    assert list(routes.unwrapped(functools.partial(decorated, 1)))[-1] is view
    assert routes.dotted(decorated).endswith(
        "test_a_view_is_found_below_its_decorators.<locals>.view"
    )


def test_methods_of_a_decorated_view_are_known() -> None:
    def require_http_methods(request_method_list: list[str]) -> Any:
        def inner(request: object) -> list[str]:
            return request_method_list

        return inner

    assert routes.methods(require_http_methods(["POST", "PUT"])) == ("POST", "PUT")
    assert routes.methods(lambda request: None) is None


def test_methods_of_a_viewset_are_its_actions() -> None:
    def view(request: object) -> None: ...

    view.actions = {"get": "list", "post": "create"}  # type: ignore[attr-defined]
    assert routes.methods(view) == ("GET", "POST")


@pytest.mark.parametrize(
    ("plural", "expected"),
    [
        ("posts", "post"),
        ("categories", "category"),
        ("addresses", "address"),
        ("branches", "branch"),
        ("boxes", "box"),
        ("news", "new"),
        ("class", "class"),
    ],
)
def test_singular(plural: str, expected: str) -> None:
    assert arguments.singular(plural) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("pk", "pk"),
        ("self.kwargs['slug']", "slug"),
        ("kwargs.get('slug')", "slug"),
        ("int(pk)", "pk"),
        ("request.GET['q']", None),
        ("pk + 1", None),
    ],
)
def test_the_argument_behind_an_expression(source: str, expected: str | None) -> None:
    import ast

    assert lookups.argument(ast.parse(source, mode="eval").body) == expected
