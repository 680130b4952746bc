"""Journeys are read from a file, and what cannot be meant is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from nuages.stateless.journeys import Journey, JourneyError, Step, read

TOLD = """
[[journey]]
user = "ann"
steps = [
  "GET /login/",
  { submit = { username = "ann" }, to = "/login/" },
  "FOLLOW",
  { post = "/items/", json = { name = "tea" }, keep = { id = "item.id" } },
  "GET /items/{id}/",
  { put = "/items/{id}/", form = { n = 1 }, headers = { "X-App" = "1" } },
  { post = "/upload/", files = { photo = "a.txt" } },
]
"""


def test_every_kind_of_step(tmp_path: Path) -> None:
    (tmp_path / "j.toml").write_text(TOLD)
    assert read(tmp_path / "j.toml") == [Journey(user="ann", steps=[
        Step(path="/login/"),
        Step(kind="submit", method="POST", path="/login/", form={"username": "ann"}),
        Step(kind="follow"),
        Step(method="POST", path="/items/", json={"name": "tea"}, keep={"id": "item.id"}),
        Step(path="/items/{id}/"),
        Step(method="PUT", path="/items/{id}/", form={"n": "1"}, headers={"X-App": "1"}),
        Step(method="POST", path="/upload/", files={"photo": "a.txt"}),
    ])]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no \\[\\[journey\\]\\]"),
        ("x = [", "cannot be read"),
        ("[[journey]]\nsteps = []", "journey 1 has no steps"),
        ("[[journey]]\nsteps = ['/']", "step 1: expected a method and a path"),
        ("[[journey]]\nsteps = [{path = '/'}]", "step 1: no method"),
        (
            "[[journey]]\nsteps = ['GET /', {get = '/', json = {}, what = 1}]",
            "step 2: unknown what",
        ),
        ("[[journey]]\nsteps = [{post = '/', form = 1}]", "expected a table"),
        ("[[journey]]\nsteps = [3]", "expected a string or a table"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "j.toml").write_text(text)
    with pytest.raises(JourneyError, match=said):
        read(tmp_path / "j.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="cannot be read"):
        read(tmp_path / "none.toml")
