"""The traffic file: YAML that a user can read and edit."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from nuages.errors import NuagesError
from nuages.traffic.mix import Actor, Excluded, Login, Mix, Template

VERSION = 1
HEAD = """\
# What visitors ask for, as `nuages load` and `nuages prove` send it. Edit it freely.
#   weight     relative frequency          skew  Zipf's exponent over the arguments; 0: all alike
#   arguments  values of the {{names}} in a path or body, the most popular first; the first value
#              of one name goes with the first of the others
#   {{unique}}   another number in every request; ${{NAME}} is taken from the environment
# {source}
"""
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_KEYS = {
    "": ("schema", "think_seconds", "actors", "requests", "excluded"),
    "actors": ("share", "cookies", "headers", "login", "csrf_cookie", "csrf_header"),
    "login": ("path", "form", "json", "token", "scheme"),
    "requests": ("route", "path", "method", "weight", "actors", "arguments", "skew", "headers",
                 "form", "json", "body", "content_type", "expect"),
}  # fmt: skip


def read(path: Path) -> Mix:
    """A traffic file; errors name the key."""
    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise _fault(path, "", f"cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise _fault(path, "", f"is no YAML: {' '.join(str(error).split())}") from error
    return _Reader(path).mix(told)


def write(mix: Mix, path: Path) -> None:
    """Write a mix; credentials are never written, what a user typed into the file stays."""
    path.write_text(as_text(mix), "utf-8")


def as_text(mix: Mix) -> str:
    """A mix as YAML; the same mix gives the same text."""
    document: dict[str, Any] = {"schema": VERSION, "think_seconds": mix.think_seconds}
    document["actors"] = {actor.name: _actor(actor) for actor in mix.everybody()}
    document["requests"] = [_template(template) for template in mix.templates]
    document["excluded"] = [{"route": each.route, "why": each.why} for each in mix.excluded]
    head = HEAD.format(source=f"Source: {mix.source or 'written by hand'}.")
    return head + yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )


class _Dumper(yaml.SafeDumper):
    """Lists of plain values and small mappings in one line."""


def _short(dumper: yaml.SafeDumper, value: Any) -> yaml.Node:
    inner = value.values() if isinstance(value, Mapping) else value
    flat = all(isinstance(each, str | int | float | bool | None) for each in inner)
    if isinstance(value, Mapping):
        return dumper.represent_mapping("tag:yaml.org,2002:map", value, flow_style=flat)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flat)


class _Row(dict[str, Any]):
    """A mapping for one line."""


_Dumper.add_representer(_Row, _short)
_Dumper.add_representer(list, _short)


def _actor(actor: Actor) -> dict[str, Any]:
    told: dict[str, Any] = _Row({"share": actor.share})
    if actor.headers:
        told["headers"] = _Row(actor.headers)
    return told


def _template(template: Template) -> dict[str, Any]:
    usual = Template(route="", path="")
    told: dict[str, Any] = {"route": template.route, "path": template.path}
    for name in _KEYS["requests"][2:]:
        value = getattr(template, name)
        if value != getattr(usual, name):
            told[name] = value
    told["actors"] = list(template.actors)
    if template.arguments:
        names = template.arguments[0]
        told["arguments"] = {n: [row.get(n, "") for row in template.arguments] for n in names}
    for name in ("form", "headers"):
        if name in told:
            told[name] = dict(told[name])
    told["weight"] = float(f"{template.weight:.4g}")
    return told


class _Reader:
    """Turns a document into values, and says which key is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def mix(self, told: Any) -> Mix:
        self._mapping(told, "", _KEYS[""])
        if told.get("schema", VERSION) != VERSION:
            raise self._fault("schema", f"is {told['schema']}, this nuages reads {VERSION}")
        actors = self._mapping(told.get("actors") or {}, "actors")
        requests = told.get("requests")
        if not isinstance(requests, list) or not requests:
            raise self._fault("requests", "is a list of requests")
        return Mix(
            templates=tuple(self._template(each, i) for i, each in enumerate(requests)),
            actors=tuple(self._actor(n, entry) for n, entry in actors.items())
            or (Actor(name="anonymous"),),
            think_seconds=self._number(told, "think_seconds", 5.0),
            excluded=tuple(
                Excluded(route=str(entry.get("route", "")), why=str(entry.get("why", "")))
                for entry in told.get("excluded") or ()
                if isinstance(entry, Mapping)
            ),
            source=str(self._path),
        )

    def _actor(self, name: str, told: Any) -> Actor:
        key = f"actors.{name}"
        entry = self._mapping({"share": told} if isinstance(told, int | float) else told or {}, key,
                              _KEYS["actors"])  # fmt: skip
        usual = Actor(name=name)
        return Actor(
            name=str(name),
            share=self._number(entry, "share", 1.0, key),
            cookies=self._texts(entry, "cookies", key),
            headers=self._texts(entry, "headers", key),
            login=self._login(entry["login"], f"{key}.login") if entry.get("login") else None,
            csrf_cookie=str(entry.get("csrf_cookie", usual.csrf_cookie)),
            csrf_header=str(entry.get("csrf_header", usual.csrf_header)),
        )

    def _login(self, told: Any, key: str) -> Login:
        entry = self._mapping(told, key, _KEYS["login"])
        path, json = entry.get("path"), entry.get("json")
        if not isinstance(path, str) or not path.startswith("/"):
            raise self._fault(f"{key}.path", "is a path that begins with /")
        return Login(
            path=path,
            form=self._texts(entry, "form", key),
            json=self._texts(entry, "json", key) if json is not None else None,
            token=str(entry.get("token") or ""),
            scheme=str(entry.get("scheme", "Bearer")),
        )

    def _template(self, told: Any, number: int) -> Template:
        key = f"requests[{number}]"
        entry = self._mapping(told, key, _KEYS["requests"])
        path, method = entry.get("path"), str(entry.get("method", "GET")).upper()
        if not isinstance(path, str) or not path.startswith("/"):
            raise self._fault(f"{key}.path", "is a path that begins with /")
        if method not in _METHODS:
            raise self._fault(f"{key}.method", f"is one of {', '.join(_METHODS)}")
        return Template(
            route=str(entry.get("route") or f"{method} {path.partition('?')[0]}"),
            path=path,
            method=method,
            weight=self._number(entry, "weight", 1.0, key),
            actors=tuple(map(str, entry.get("actors") or ("anonymous",))),
            arguments=self._rows(entry.get("arguments") or {}, f"{key}.arguments"),
            skew=self._number(entry, "skew", 0.0, key),
            headers=self._texts(entry, "headers", key),
            form=self._texts(entry, "form", key) if entry.get("form") is not None else None,
            json=entry.get("json"),
            body=str(entry.get("body") or ""),
            content_type=str(entry.get("content_type") or ""),
            expect=self._status(entry, key),
        )

    def _rows(self, told: Any, key: str) -> tuple[Mapping[str, str], ...]:
        columns = {str(n): _listed(values) for n, values in self._mapping(told, key).items()}
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise self._fault(key, "has as many values of one name as of each other")
        rows = zip(*columns.values(), strict=True)
        return tuple(dict(zip(columns, map(str, row), strict=True)) for row in rows)

    def _mapping(self, told: Any, key: str, known: tuple[str, ...] = ()) -> Mapping[str, Any]:
        if not isinstance(told, Mapping):
            raise self._fault(key, "is not a mapping")
        unknown = [str(name) for name in told if known and name not in known]
        if unknown:
            raise self._fault(f"{key}.{unknown[0]}".lstrip("."), f"is none of {', '.join(known)}")
        return told

    def _number(self, told: Mapping[str, Any], name: str, usual: float, key: str = "") -> float:
        value = told.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self._fault(f"{key}.{name}".lstrip("."), "is a number, 0 or more")
        return float(value)

    def _status(self, told: Mapping[str, Any], key: str) -> int | None:
        value = told.get("expect")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self._fault(f"{key}.expect", "is a status, such as 404")
        return value

    def _texts(self, told: Mapping[str, Any], name: str, key: str) -> dict[str, str]:
        values = self._mapping(told.get(name) or {}, f"{key}.{name}")
        return {str(k): self._expanded(str(v), f"{key}.{name}.{k}") for k, v in values.items()}

    def _expanded(self, text: str, key: str) -> str:
        def value(found: re.Match[str]) -> str:
            if found[1] not in os.environ:
                raise self._fault(key, f"takes ${{{found[1]}}} from the environment: not set")
            return os.environ[found[1]]

        return _VARIABLE.sub(value, text)

    def _fault(self, key: str, what: str) -> NuagesError:
        return _fault(self._path, key, what)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fault(path: Path, key: str, what: str) -> NuagesError:
    where = f"{path}: `{key}`" if key else str(path)
    return NuagesError(
        f"{where} {what}",
        hint="docs/reference/traffic.md lists the keys; `nuages traffic` writes a file",
        slug="traffic",
    )
