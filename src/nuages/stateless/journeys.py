"""What users do, step by step: read from a file, or put together from pages and their forms."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from nuages.errors import NuagesError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
Kind = Literal["request", "submit", "follow", "login"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request. `{name}` in a path or a value stands for what an earlier step kept."""

    kind: Kind = "request"
    method: str = "GET"
    path: str = ""  # of a submit: the form's, where there are several; of a login: the actor
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    files: Mapping[str, str] = field(default_factory=dict)  # field → name of a small text file
    headers: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)  # name → dotted path in the JSON answer

    @property
    def writes(self) -> bool:
        """Whether it may change something, by its method."""
        return self.kind == "login" or self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def label(self) -> str:
        """What it is called, the same in every walk."""
        if self.kind == "follow":
            return "follow the redirect"
        if self.kind == "login":
            return f"log in as {self.path}"
        if self.kind == "submit":
            return f"submit the form {self.path}".strip()
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Journey:
    """One user's steps, in order."""

    user: str
    steps: Sequence[Step]


class JourneyError(NuagesError):
    """A file of journeys says something that cannot be meant."""

    slug = "journeys"


def read(path: Path) -> list[Journey]:
    """The journeys of a TOML file; JourneyError names the one and the step."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise JourneyError(f"{path} cannot be read: {error}", hint=EXAMPLE) from None
    told = document.get("journey")
    if not isinstance(told, list) or not told:
        raise JourneyError(f"{path} has no [[journey]]", hint=EXAMPLE)
    return [_journey(each, f"{path}: journey {number + 1}") for number, each in enumerate(told)]


def _journey(told: Any, where: str) -> Journey:
    steps = told.get("steps")
    if not isinstance(steps, list) or not steps:
        raise JourneyError(f"{where} has no steps", hint=EXAMPLE)
    return Journey(
        user=str(told.get("user", "somebody")),
        steps=[step(each, f"{where}, step {number + 1}") for number, each in enumerate(steps)],
    )


def step(told: object, where: str = "a step") -> Step:
    """A step as a file has it: "GET /", "FOLLOW", or a table of one method and what it sends."""
    if isinstance(told, str):
        return _short(told, where)
    if not isinstance(told, Mapping):
        raise JourneyError(f"{where}: expected a string or a table, found {told!r}", hint=EXAMPLE)
    rest = dict(told)
    if "submit" in rest:
        form = _texts(rest.pop("submit"), where)
        made = Step(kind="submit", method="POST", path=str(rest.pop("to", "")), form=form)
    else:
        method = next((name for name in rest if name.upper() in METHODS), None)
        if method is None:
            raise JourneyError(f"{where}: no method among {', '.join(rest)}", hint=EXAMPLE)
        path, form = str(rest.pop(method)), _texts(rest.pop("form", {}), where)
        made = Step(method=method.upper(), path=path, form=form, json=rest.pop("json", None))
    more = {name: _texts(rest.pop(name, {}), where) for name in ("files", "headers", "keep")}
    if rest:
        raise JourneyError(f"{where}: unknown {', '.join(rest)}", hint=EXAMPLE)
    return Step(**{**vars(made), **more})


def _short(told: str, where: str) -> Step:
    if told.upper() == "FOLLOW":
        return Step(kind="follow")
    method, _, path = told.partition(" ")
    if method.upper() == "LOGIN" and path:
        return Step(kind="login", path=path)
    if method.upper() not in METHODS or not path.startswith(("/", "{")):
        raise JourneyError(f"{where}: expected a method and a path, found {told!r}", hint=EXAMPLE)
    return Step(method=method.upper(), path=path)


def _texts(told: object, where: str) -> dict[str, str]:
    if not isinstance(told, Mapping):
        raise JourneyError(f"{where}: expected a table, found {told!r}", hint=EXAMPLE)
    return {str(name): str(value) for name, value in told.items()}


EXAMPLE = (
    'for example: [[journey]] user = "ann" steps = ["GET /login/", '
    '{ submit = { username = "ann", password = "…" } }, "FOLLOW", '
    '{ post = "/cart/", form = { item = "1" } }]'
)
