"""Plausible text that fits its column."""

from __future__ import annotations

import random

import pytest

from nuages.agent.fill import types, words


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("contact_email", "email"),
        ("username", "login"),
        ("first_name", "first"),
        ("name", "title"),
        ("sku", "code"),
        ("body", "text"),
        ("website", "url"),
    ],
)
def test_a_columns_name_tells_its_kind(column: str, kind: str) -> None:
    assert words.kind_of(column) == kind


@pytest.mark.parametrize("limit", [1, 3, 5, 12, 40])
def test_unique_values_stay_unique_when_they_are_cut(limit: int) -> None:
    rng = random.Random(1)
    rows = range(1, min(30, 36**limit))
    made = {words.fitted(words.text("slug", n, rng), limit, n, unique=True) for n in rows}
    assert len(made) == len(rows)
    assert all(len(text) <= limit for text in made)


def test_the_picture_is_a_picture() -> None:
    picture = types.png()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND\xaeB`\x82")
