"""A project with state in every place it can be: what the overlay mends, and what is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nuages.stack import valkey

PROJECT = Path(__file__).parent / "project"
JOURNEYS = """
[[journey]]
user = "ann"
steps = [
  "LOGIN user", "GET /me/", "GET /cart/", { submit = { item = "tea" } }, "GET /cart/",
  "GET /note/new/", { submit = { text = "buy jam" } }, "FOLLOW",
  "GET /photo/", { submit = {} }, "GET /photo/",
  "GET /draft/", { submit = { draft = "dear" } }, "GET /draft/", "GET /draft/",
]

[[journey]]
user = "bob"
steps = ["GET /hits/", "GET /hits/", "GET /seen/", "GET /seen/", "GET /seen/"]
"""


def stateless(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "-m", "nuages", "stateless", PROJECT, "--python", sys.executable,
               "--rows", "3", "--json", *arguments]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def outcomes(told: dict[str, Any]) -> dict[str, str]:
    return {route["route"]: route["outcome"] for route in told["routes"]}


@pytest.fixture(scope="module")
def journeys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if valkey.find() is None:
        pytest.skip("no Valkey is installed")
    path = tmp_path_factory.mktemp("journeys") / "journeys.toml"
    path.write_text(JOURNEYS)
    return path


@pytest.mark.slow
def test_what_the_stack_mends_and_what_is_left(journeys: Path) -> None:
    code, told = stateless("--journeys", journeys, "--replicas", "2")
    assert code == 1
    found = outcomes(told)
    assert {route for route, outcome in found.items() if outcome == "different"} == {
        "GET /seen/", "GET /draft/",
    }  # fmt: skip
    assert {route for route, outcome in found.items() if outcome == "same"} >= {
        "GET /me/", "GET /cart/", "GET /hits/", "GET /photo/", "GET /note/<int:pk>/",
        "POST /cart/",
    }  # fmt: skip
    assert {each["user"] for each in told["differences"]} == {"ann", "bob"}


@pytest.mark.slow
def test_what_was_refused_shows(journeys: Path) -> None:
    keep = ("--keep", "CACHES", "--keep", "SESSION_ENGINE")
    _, told = stateless("--journeys", journeys, "--replicas", "2", *keep)
    different = {route for route, outcome in outcomes(told).items() if outcome == "different"}
    assert different >= {"GET /hits/", "GET /me/", "GET /cart/", "GET /seen/", "GET /draft/"}


@pytest.mark.slow
def test_journeys_are_found_where_none_are_told() -> None:
    if valkey.find() is None:
        pytest.skip("no Valkey is installed")
    _, told = stateless("--replicas", "2")
    found = outcomes(told)
    assert {route for route, outcome in found.items() if outcome == "different"} == {
        "GET /seen/", "GET /draft/",
    }  # fmt: skip
    assert found["POST /note/new/"] == found["POST /photo/"] == "same"
