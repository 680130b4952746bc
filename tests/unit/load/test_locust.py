"""The locustfile is Python that carries the whole mix, whatever is in it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from nuages.errors import NuagesError
from nuages.load.locust import command, locustfile, run_locust
from nuages.load.target import Target
from nuages.traffic.mix import Actor, Mix, Template

ODD = 'a"""b\\ \' {not_one} \n ü'
MIX = Mix(
    templates=(
        Template(route="POST /c/", path="/c/{pk}/", method="POST", form={"t": ODD}, weight=2.0,
                 arguments=({"pk": "1"}, {"pk": "2"}), skew=1.0, actors=("user",)),
        Template(route="GET /", path="/", expect=404),
    ),
    actors=(Actor(name="user", share=1.0, cookies={"sessionid": ODD}),),
    source='a "file"\\',
)  # fmt: skip


def literals(text: str) -> dict[str, object]:
    """What the file's `json.loads(r'…')` give, by name."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            assert isinstance(node.targets[0], ast.Name)
            found[node.targets[0].id] = json.loads(ast.literal_eval(node.value.args[0]))
    return found


def test_requests_and_actors_arrive_unchanged() -> None:
    told = literals(locustfile(MIX))
    requests, actors = told["REQUESTS"], told["ACTORS"]
    assert isinstance(requests, list)
    assert isinstance(actors, dict)
    assert requests[0]["form"] == {"t": ODD}
    assert requests[0]["arguments"] == [{"pk": "1"}, {"pk": "2"}]
    assert requests[1]["expect"] == 404
    assert actors["user"]["cookies"] == {"sessionid": ODD}


def test_it_runs_a_worker_for_each_core_without_pages() -> None:
    target = Target.of("https://shop.example/app")
    words = command(Path("locustfile.py"), target, users=40, seconds=9.5, processes=2)
    assert "--headless" in words
    assert words[words.index("--processes") + 1] == "2"
    assert words[words.index("--run-time") + 1] == "10s"
    assert words[words.index("--host") + 1] == "https://shop.example/app"


def test_it_cannot_reach_into_the_enclosure() -> None:
    with pytest.raises(NuagesError, match="enclosure") as told:
        run_locust(MIX, Target.of("unix:/tmp/web.sock"), rate=1, seconds=1)
    assert told.value.slug == "target"
