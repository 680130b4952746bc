"""Which requests of a mix are compared."""

from __future__ import annotations

import pytest

from nuages.prove.measuring import MOST_REQUESTS, plan
from nuages.traffic.mix import Actor, Mix, Template

ACTORS = ("anonymous", "user")


def page(name: str, weight: float = 1.0, method: str = "GET") -> Template:
    return Template(route=f"{method} /{name}/", path=f"/{name}/", method=method, weight=weight)


def posts(weight: float = 1.0) -> Template:
    rows = tuple({"pk": str(n)} for n in range(1, 30))
    return Template(route="GET /posts/<pk>/", path="/posts/{pk}/", weight=weight, skew=1.0,
                    arguments=rows, actors=ACTORS)  # fmt: skip


def mix(*templates: Template) -> Mix:
    actors = (Actor(name="anonymous", share=0.6), Actor(name="user", share=0.4))
    return Mix(templates=templates, actors=actors)


def test_every_route_comes_before_the_second_request_of_any() -> None:
    many = [page(f"page{n}") for n in range(MOST_REQUESTS - 1)]
    planned = plan(mix(posts(), *many), ACTORS)
    assert len(planned) == MOST_REQUESTS
    assert {each.route for each in planned} >= {"GET /posts/<pk>/", "GET /page0/"}


def test_a_request_stands_for_those_of_its_template_that_are_not_sent() -> None:
    planned = plan(mix(posts(3.0), page("about"), page("comments", 0.5, "POST")), ACTORS)
    shares: dict[str, float] = {}
    for each in planned:
        shares[each.route] = shares.get(each.route, 0.0) + each.weight
    assert shares["GET /posts/<pk>/"] == pytest.approx(3 / 4.5)
    assert shares["GET /about/"] == pytest.approx(1 / 4.5)
    assert sum(each.weight for each in planned) == pytest.approx(1.0)


def test_reads_come_before_writes() -> None:
    planned = plan(mix(page("comments", 9.0, "POST"), page("about"), posts()), ACTORS)
    assert [each.template.writes for each in planned] == [False] * (len(planned) - 1) + [True]


def test_who_is_not_known_asks_for_nothing() -> None:
    assert {each.request.actor for each in plan(mix(posts()), ("user",))} == {"user"}
