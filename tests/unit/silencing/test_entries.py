"""`[tool.nuages] ignore`: rules, in files, on routes."""

from __future__ import annotations

import pytest

from nuages.code import Code
from nuages.errors import NuagesError
from nuages.silencing import silence

from .findings import at, diagnosed, found, reached

POST = "POST /posts/"
FINDING = found(at(3, "shop/admin/views.py"), routes=("GET /posts/", "GET /posts/<int:pk>/"))


def silenced(*ignore: str, finding=FINDING) -> bool:
    return not silence(diagnosed(finding), code=Code(), ignore=ignore).findings


@pytest.mark.parametrize(
    "ignore",
    [
        "n-plus-one",
        "n-plus-one:shop/admin/views.py",
        "n-plus-one:shop/*",
        "*:*/admin/*",
        "n-plus-one:GET /posts/*",
        "n-plus-one: GET /posts/* ",
    ],
)
def test_what_it_speaks_of_is_silenced(ignore):
    assert silenced("over-fetch", ignore)


@pytest.mark.parametrize(
    "ignore",
    [
        "over-fetch",
        "n-plus-one:shop/models.py",
        "n-plus-one:GET /posts/",
        "n-plus-one:POST *",
        "n-plus-one:shop",
        "n-plus-one:shop/admin/views.p[xy]",
    ],
)
def test_all_else_is_not(ignore):
    assert not silenced(ignore)


def test_a_route_that_is_left_speaks_on():
    finding = found(at(3), routes=("GET /posts/", POST))
    assert not silenced("n-plus-one:GET *", finding=finding)
    assert silenced("n-plus-one:*/posts/", finding=finding)


def test_a_finding_without_routes_is_no_routes():
    assert not silenced("n-plus-one:GET *", finding=found(at(3), routes=()))


@pytest.mark.parametrize(
    ("ignore", "hint"),
    [("n-plus-1", "did you mean n-plus-one?"), ("*", "nuages rules lists them"), ("", "nuages")],
)
def test_an_unknown_rule_is_told_with_its_key(ignore, hint):
    with pytest.raises(NuagesError) as error:
        silenced("over-fetch", ignore)
    assert error.value.message == f"tool.nuages.ignore[1]: there is no rule {ignore!r}."
    assert hint in error.value.hint


def test_what_silenced_nothing_where_it_was_reached_is_stale():
    ignore = (
        "n-plus-one",
        "over-fetch",
        "over-fetch:shop/*",
        "over-fetch:GET /posts/*",
        "over-fetch:legacy/*",
        "over-fetch:POST *",
    )
    result = silence(
        diagnosed(FINDING), code=Code(), ignore=ignore, recording=reached(at(1, "shop/x.py"))
    )
    assert [stale.text for stale in result.stale] == list(ignore[1:4])
    assert result.stale[0].where == "tool.nuages.ignore[1]"
    assert result.silenced == {"configuration": 1}
