"""Writes a traffic mix as a locustfile, and runs Locust with it: a master, a worker each core."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nuages.errors import NuagesError
from nuages.load.target import Target
from nuages.traffic.mix import Actor, Mix, Template

FILE = '''\
"""The traffic of {source}, for Locust. Written by nuages; runs alone: locust -f {name} -H URL"""

import json
import random
import string

from locust import FastHttpUser, between, task

ACTORS = json.loads(r"""
{actors}
""")
REQUESTS = json.loads(r"""
{requests}
""")


def filled(value, row):
    """A text, or what holds texts, with {{names}} replaced by the values of a row."""
    if isinstance(value, str):
        for name, text in row.items():
            value = value.replace("{{" + name + "}}", text)
        return value
    if isinstance(value, dict):
        return {{name: filled(inner, row) for name, inner in value.items()}}
    return [filled(inner, row) for inner in value] if isinstance(value, list) else value


class Visitor(FastHttpUser):
    """One of the actors, by their shares, who pauses as long as the traffic says."""

    wait_time = between({least}, {most})

    def on_start(self):
        names = list(ACTORS)
        self.actor = ACTORS[random.choices(names, [ACTORS[n]["share"] for n in names])[0]]
        self.requests = [r for r in REQUESTS if self.actor["name"] in r["actors"]] or REQUESTS
        self.weights = [request["weight"] for request in self.requests]
        self.cookies = dict(self.actor["cookies"])
        self.cookies.setdefault(
            self.actor["csrf_cookie"], "".join(random.choices(string.ascii_letters, k=32))
        )

    @task
    def ask(self):
        request = random.choices(self.requests, self.weights)[0]
        rows = request["arguments"] or [{{}}]
        shares = [1 / (rank ** request["skew"]) for rank in range(1, len(rows) + 1)]
        row = {{**random.choices(rows, shares)[0], "unique": str(random.getrandbits(48))}}
        headers = {{**self.actor["headers"], **request["headers"]}}
        headers["Cookie"] = "; ".join(f"{{n}}={{v}}" for n, v in self.cookies.items())
        body = {{}}
        if request["method"] not in ("GET", "HEAD", "OPTIONS"):
            csrf = self.actor["csrf_cookie"]
            headers.setdefault(self.actor["csrf_header"], self.cookies[csrf])
        if request["form"] is not None:
            body["data"] = filled(request["form"], row)
        elif request["json"] is not None:
            body["json"] = filled(request["json"], row)
        elif request["body"]:
            body["data"] = filled(request["body"], row)
        if request["content_type"]:
            headers["Content-Type"] = request["content_type"]
        with self.client.request(
            request["method"], filled(request["path"], row), name=request["route"],
            headers=headers, catch_response=True, allow_redirects=False, **body
        ) as answer:
            expected = request["expect"]
            good = answer.status_code == expected if expected else 0 < answer.status_code < 400
            if good:
                answer.success()
            else:
                answer.failure(f"status {{answer.status_code}}")
'''


def locustfile(mix: Mix, *, name: str = "locustfile.py") -> str:
    """The text of a locustfile that sends a mix; with credentials, where the mix has them."""
    return FILE.format(
        source=mix.source.replace('"', "'").replace("\\", "/") or "a traffic file",
        name=name,
        actors=_json({actor.name: _actor(actor) for actor in mix.actors}),
        requests=_json([_template(template) for template in mix.templates]),
        least=round(mix.think_seconds * 0.5, 3),
        most=round(mix.think_seconds * 1.5, 3),
    )


def _json(value: Any) -> str:
    """JSON for a raw string of Python: no three quotes can occur in it."""
    return json.dumps(value, indent=1).replace('"""', '\\"\\"\\"')


def _actor(actor: Actor) -> Mapping[str, Any]:
    return {k: v for k, v in asdict(actor).items() if not k.startswith("login")}


def _template(template: Template) -> Mapping[str, Any]:
    return asdict(template)


def command(file: Path, target: Target, *, users: int, seconds: float, processes: int) -> list[str]:
    """What runs Locust without its pages."""
    return [
        sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary",
        "--host", target.url, "--users", str(users), "--spawn-rate", str(max(users / 2, 1)),
        "--run-time", f"{math.ceil(seconds)}s", "--processes", str(processes),
    ]  # fmt: skip


def run_locust(mix: Mix, target: Target, *, rate: float, seconds: float) -> int:
    """Run as many users as make up a rate; Locust's exit code."""
    if target.socket:
        raise NuagesError(
            "Locust cannot reach a project that nuages serves in its enclosure.",
            hint="start the server yourself, and name its address: nuages load --locust http://…",
            slug="target",
        )
    if importlib.util.find_spec("locust") is None:
        raise NuagesError(
            "Locust is not installed.", hint="pip install 'nuages[locust]'", slug="locust"
        )
    users = max(1, math.ceil(rate * mix.think_seconds))
    processes = min(os.cpu_count() or 1, users)
    with tempfile.TemporaryDirectory(prefix="nuages-") as folder:
        file = Path(folder) / "locustfile.py"
        file.touch(mode=0o600)  # it holds credentials
        file.write_text(locustfile(mix), "utf-8")
        words = command(file, target, users=users, seconds=seconds, processes=processes)
        return subprocess.run(words, check=False).returncode
