from __future__ import annotations

import pytest

from nuages.stack.home import StackError
from nuages.topology import Service
from nuages.up.preparing import expression, is_routed, resolved

LISTED = [
    {"name": "shop:cart", "expression": r"shop/cart/\Z"},
    {"name": "shop:item", "expression": r"shop/(?P<pk>[0-9]+)/\Z"},
    {"name": "home", "expression": r"\Z"},
    {"name": "", "expression": r"old/\Z"},
]


def service(*routes: str) -> Service:
    return Service(name="api", routes=routes)


def test_a_prefix_stays_as_it_is():
    assert resolved(service("/api/"), LISTED) == ("/api/",)


def test_a_name_becomes_the_expression_of_its_pattern():
    assert resolved(service("shop:item"), LISTED) == (r"^/shop/(?P<pk>[0-9]+)/\z",)


def test_a_star_takes_every_name_of_a_namespace():
    assert len(resolved(service("shop:*"), LISTED)) == 2


def test_a_name_that_nobody_has_is_refused():
    with pytest.raises(StackError, match="'shop:till', and no URL pattern has that name"):
        resolved(service("shop:till"), LISTED)


def test_what_the_balancer_cannot_match_is_refused():
    with pytest.raises(StackError, match="looks ahead or behind"):
        expression(r"(?!admin)[a-z]+/\Z")


@pytest.mark.parametrize(
    ("pattern", "routed"),
    [
        (r"media/(?P<path>.+)\Z", True),
        (r"^media/(?P<path>.*)$", True),
        (r"me\-dia/\Z", False),
        (r"mediation/\Z", False),
        (r"^.*$", False),  # a page of the browser's application, for whatever is not a file
    ],
)
def test_a_view_of_the_projects_own_shows_uploads_itself(pattern, routed):
    assert is_routed("media", [{"name": "", "expression": pattern}]) is routed
