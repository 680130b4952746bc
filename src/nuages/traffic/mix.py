"""A weighted mix of request templates, and who sends them: what a traffic file says."""

from __future__ import annotations

import json as json_
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

UNIQUE = "unique"  # a placeholder that is another number in every request
READING = ("GET", "HEAD", "OPTIONS")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
_IN_PATH = "!$&'()*+,;=:@/%~-._"


@dataclass(frozen=True, kw_only=True)
class Login:
    """A page with a form, or an address that gives tokens."""

    path: str
    form: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    token: str = ""  # what the answer's JSON calls it; "": cookies are what lets in
    scheme: str = "Bearer"  # of the Authorization header


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Somebody who asks; what lets them in is known before a run, and not kept in the file."""

    name: str
    share: float = 1.0
    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    login: Login | None = None  # how to get what lets them in
    csrf_cookie: str = "csrftoken"
    csrf_header: str = "X-CSRFToken"


@dataclass(frozen=True, kw_only=True)
class Template:
    """Requests that differ in their arguments only."""

    route: str  # the name in reports: "GET /posts/<int:pk>/"
    path: str  # with the query; {pk} stands for an argument
    method: str = "GET"
    weight: float = 1.0
    actors: tuple[str, ...] = ("anonymous",)
    arguments: tuple[Mapping[str, str], ...] = ()  # values that belong together, by name
    skew: float = 0.0  # Zipf's exponent over `arguments`, in their order; 0: all alike
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    json: Any = None
    body: str = ""
    content_type: str = ""
    expect: int | None = None  # the status of a good answer; None: any below 400

    @property
    def writes(self) -> bool:
        return self.method not in READING

    def shares(self) -> list[float]:
        """Relative frequencies of the rows of arguments."""
        return [1.0 / (rank**self.skew) for rank in range(1, len(self.arguments) + 1)]

    def is_good(self, status: int) -> bool:
        """Whether a status is an answer and not an error."""
        return status < 400 if self.expect is None else status == self.expect

    def filled(self, row: Mapping[str, str], unique: int = 0) -> Sent:
        """One request: path and body with the arguments in their places."""
        values = {**row, UNIQUE: str(unique)}
        body, kind = self._body(values)
        path = _fill(self.path, {k: quote(str(v), safe=_IN_PATH) for k, v in values.items()})
        return Sent(template=self, path=path, body=body, content_type=kind)

    def _body(self, values: Mapping[str, str]) -> tuple[bytes, str]:
        if self.form is not None:
            pairs = {name: _fill(text, values) for name, text in self.form.items()}
            return urlencode(pairs).encode(), "application/x-www-form-urlencoded"
        if self.json is not None:
            return json_.dumps(_fill_all(self.json, values)).encode(), "application/json"
        return _fill(self.body, values).encode(), self.content_type if self.body else ""

    @property
    def is_unique(self) -> bool:
        """Whether no two of its requests are alike."""
        told = f"{self.path}{self.form}{self.json}{self.body}"
        return f"{{{UNIQUE}}}" in told


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request of a template."""

    template: Template
    path: str
    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Excluded:
    """A route that is not sent, and why."""

    route: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Mix:
    """All of it."""

    templates: tuple[Template, ...]
    actors: tuple[Actor, ...] = (Actor(name="anonymous"),)
    think_seconds: float = 5.0  # between two requests of one user, in the mean
    excluded: tuple[Excluded, ...] = ()
    source: str = ""  # where it comes from, said in the file's head

    def actor(self, name: str) -> Actor:
        return next((actor for actor in self.actors if actor.name == name), Actor(name=name))

    def reading(self) -> Mix:
        """Without what writes."""
        return replace(self, templates=tuple(t for t in self.templates if not t.writes))

    def with_actors(self, known: Iterable[Actor]) -> Mix:
        """With credentials; who has none is asked for as the file says."""
        by_name = {actor.name: actor for actor in known}
        return replace(
            self, actors=tuple(_let_in(a, by_name.get(a.name)) for a in self.everybody())
        )

    def everybody(self) -> Sequence[Actor]:
        """All actors, also those whom only a request names."""
        told = {actor.name: actor for actor in self.actors}
        named = dict.fromkeys(name for template in self.templates for name in template.actors)
        return [told.get(name, Actor(name=name)) for name in dict.fromkeys([*told, *named])]


def rights(actor: str) -> int:
    """Who may see least comes first."""
    return {"anonymous": 0, "staff": 2}.get(actor, 1)


def _let_in(actor: Actor, credentials: Actor | None) -> Actor:
    if credentials is None:
        return actor
    return replace(
        credentials,
        share=actor.share,
        cookies={**credentials.cookies, **actor.cookies},
        headers={**credentials.headers, **actor.headers},
    )


def _fill(text: str, values: Mapping[str, str]) -> str:
    if "{" not in text:
        return text
    return PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), text)


def _fill_all(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _fill(value, values)
    if isinstance(value, Mapping):
        return {name: _fill_all(inner, values) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_fill_all(inner, values) for inner in value]
    return value
