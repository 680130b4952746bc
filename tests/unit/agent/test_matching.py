"""Regular expressions read the other way."""

from __future__ import annotations

import random
import re

import pytest

from nuages.agent import matching


@pytest.mark.parametrize(
    "pattern",
    [
        r"^M-\d{6}$",
        r"^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$",
        r"^\+?1?\d{9,15}$",
        r"^#(?:[0-9a-f]{3}){1,2}$",
        r"^[^\W\d_]+\.[a-z]+$",
        r"^(?P<a>x|yy)-(?P=a)$",
        r"^[^/]+/\S+\s\w*$",
        "^(GET|POST)$",
    ],
)
def test_an_example_matches(pattern: str) -> None:
    made = matching.example(pattern, random.Random(3))
    assert made is not None
    assert re.search(pattern, made)


def test_what_is_no_expression_has_no_example() -> None:
    assert matching.example("(", random.Random(1)) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"posts/(?P<pk>\d+)/$", ("posts/%(pk)s/", ("pk",))),
        (r"a/(\d+)/b/(\w+)$", ("a/%(_0)s/b/%(_1)s", ("_0", "_1"))),
        (r"p/(?:(?P<page>\d+)/)?$", ("p/%(page)s/", ("page",))),
        (r"p/(?:(?P<page>\d+)/)?$", ("p/", ())),
        (r"x\.(?P<format>[a-z0-9]+)/?$", ("x.%(format)s", ("format",))),
        (r"(?P<lang>en|fr)/(old|new)/$", ("%(lang)s/old/", ("lang",))),
        (r"100%/$", ("100%%/", ())),
    ],
)
def test_templates_leave_the_groups_open(pattern: str, expected: matching.Template) -> None:
    assert expected in matching.templates(pattern)


def test_templates_with_most_groups_come_first() -> None:
    assert len(matching.templates(r"a/(?:(?P<x>\d+)/)?$")[0][1]) == 1


@pytest.mark.parametrize(
    ("pattern", "group", "expected"),
    [
        (r"^list/(?P<mode>grid|rows)/$", "mode", ["grid", "rows"]),
        (r"^(?P<act>default_for_(billing|shipping))/$", "act",
         ["default_for_billing", "default_for_shipping"]),
        (r"^(?P<slug>[\w-]+)/$", "slug", []),
        (r"^(?P<pk>\d+)/$", "pk", []),
        (r"^x/$", "pk", []),
    ],
)  # fmt: skip
def test_words_of_a_closed_group(pattern: str, group: str, expected: list[str]) -> None:
    assert matching.words(pattern, group) == expected
