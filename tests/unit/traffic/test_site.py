"""How much the routes of a site that nobody visits yet weigh."""

from __future__ import annotations

import pytest

from nuages.answers import Answer, Request
from nuages.traffic.grouping import Seen
from nuages.traffic.site import _reach, _weighted


def answers(*actors: str) -> list[Answer]:
    return [Answer(request=Request(path="/x/", actor=actor), status=200) for actor in actors]


@pytest.mark.parametrize(
    ("actors", "share"),
    [
        (("anonymous", "user", "staff"), 1.0),
        (("user", "staff", "user"), 0.4),
        (("staff",), 0.05),
        (("anonymous", "user", "staff", "tenant", "partner"), 1.0),
    ],
)
def test_a_route_weighs_as_many_visitors_as_it_lets_in(
    actors: tuple[str, ...], share: float
) -> None:
    assert _reach(answers(*actors)) == pytest.approx(share)


def test_the_admin_weighs_a_twentieth_and_what_was_recorded_weighs_as_recorded() -> None:
    seen = Seen(path="/x/", route="/x/", count=0.5)
    assert _weighted(seen, {"/x/": {"admin": True}}, {"/x/": 1.0}, None).count == 0.025
    assert _weighted(seen, {}, {"/x/": 0.4}, None).count == 0.2
    assert _weighted(seen, {}, {"/x/": 0.4}, {"GET /x/": 30.0}).count == 15.0
    write = Seen(path="/x/", route="/x/", method="POST", count=0.1)
    assert _weighted(write, {}, {}, {"POST /x/": 30.0}).count == 30.0
