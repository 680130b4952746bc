"""Requests from an OpenAPI document: its paths, with the examples and defaults that it gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from nuages.errors import NuagesError
from nuages.traffic.grouping import Seen
from nuages.traffic.mix import Excluded

METHODS = ("get", "head", "post", "put", "patch", "delete")
DEEPEST = 6  # levels of a schema; some refer to themselves
_TEXTS = {
    "date": "2026-01-15", "date-time": "2026-01-15T12:00:00Z", "email": "visitor@example.com",
    "uuid": "00000000-0000-4000-8000-000000000001", "uri": "https://example.com/",
}  # fmt: skip
_MISSING: Any = object()
_GROUP = re.compile(r"\(\?P<\w+>(?:[^()\[\]]|\[[^\]]*\])*\)")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast


def requests_of(
    path: Path, known: Mapping[str, list[str]] | None = None
) -> tuple[list[Seen], list[Excluded]]:
    """What a document's file lets one ask, as `requests_in` tells."""
    return requests_in(_read(path), known)


def requests_in(
    document: Mapping[str, Any], known: Mapping[str, list[str]] | None = None
) -> tuple[list[Seen], list[Excluded]]:
    """What a document lets one ask; `known` has real paths by route, from the project's own data.

    A path whose arguments have no example and no data behind them is left out.
    """
    prefix = _prefix(document)
    seen: list[Seen] = []
    left_out: list[Excluded] = []
    for template, entry in (document.get("paths") or {}).items():
        for method in METHODS:
            operation = entry.get(method) if isinstance(entry, Mapping) else None
            if not isinstance(operation, Mapping):
                continue
            parameters = [
                _resolved(each, document)
                for each in [*(entry.get("parameters") or ()), *(operation.get("parameters") or ())]
            ]
            told = _Operation(document, prefix + template, method.upper(), operation, parameters)
            found = list(told.requests(known or {}))
            seen += found
            if not found:
                why = "no example of its arguments in the document, and no data of the project's"
                left_out.append(Excluded(route=f"{method.upper()} {prefix}{template}", why=why))
    return seen, left_out


class _Operation:
    def __init__(
        self,
        document: Mapping[str, Any],
        path: str,
        method: str,
        operation: Mapping[str, Any],
        parameters: list[Mapping[str, Any]],
    ) -> None:
        self._document, self._path, self._method = document, path, method
        self._operation, self._parameters = operation, parameters

    def requests(self, known: Mapping[str, list[str]]) -> Iterator[Seen]:
        query = self._query()
        form, body = self._body()
        actor = "user" if self._operation.get("security", self._document.get("security")) else ""
        for path in self._paths(known):
            yield Seen(
                path=path + (f"?{query}" if query else ""),
                method=self._method,
                actor=actor or "anonymous",
                form=form,
                json=body,
                name=str(self._operation.get("operationId", "")),
            )

    def _paths(self, known: Mapping[str, list[str]]) -> list[str]:
        shape = _shape(self._path)
        for route, paths in known.items():
            if _shape(route) == shape and paths:
                return paths
        values = {
            str(each.get("name")): _example(each, self._document)
            for each in self._parameters
            if each.get("in") == "path"
        }
        path = self._path
        for name, value in values.items():
            if value in (_MISSING, None, ""):
                return []
            path = path.replace(f"{{{name}}}", str(value))
        return [] if "{" in path else [path]

    def _query(self) -> str:
        pairs = {}
        for each in self._parameters:
            if each.get("in") == "query" and each.get("required"):
                value = _example(each, self._document)
                if value is _MISSING:
                    value = _of_schema(_schema(each, self._document), self._document)
                pairs[str(each.get("name"))] = value
        return urlencode(pairs)

    def _body(self) -> tuple[Mapping[str, str] | None, Any]:
        told = _resolved(self._operation.get("requestBody") or {}, self._document)
        content = told.get("content") or {}
        for kind, media in content.items():
            example = _example(media, self._document)
            if example is _MISSING:
                example = _of_schema(_schema(media, self._document), self._document)
            if "json" in kind:
                return None, example
            if "form" in kind and isinstance(example, Mapping):
                return {str(k): str(v) for k, v in example.items()}, None
        return None, None


def document_in(text: str) -> Mapping[str, Any] | None:
    """An answer of the site that is an OpenAPI document, such as that of drf-spectacular."""
    start = text.lstrip()[:200]
    if not re.match(r"""(\{\s*)?["']?(openapi|swagger)["']?\s*:""", start):
        return None
    try:
        document = json.loads(text) if start.startswith("{") else yaml.load(text, _Loader)
    except (ValueError, yaml.YAMLError):
        return None
    is_one = isinstance(document, Mapping) and isinstance(document.get("paths"), Mapping)
    return document if is_one else None


def _shape(path: str) -> tuple[str, ...]:
    """Its parts, with arguments as stars; groups of a regular expression may have a / in them."""
    plain = _GROUP.sub("{}", path).removesuffix("$")
    return tuple("*" if "{" in part or "<" in part else part for part in plain.split("/"))


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text("utf-8")
        document = json.loads(text) if path.suffix == ".json" else yaml.load(text, _Loader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise NuagesError(
            f"{path} cannot be read: {' '.join(str(error).split())[:200]}", slug="traffic"
        ) from error
    if not isinstance(document, Mapping) or not isinstance(document.get("paths"), Mapping):
        raise NuagesError(f"{path} is no OpenAPI document: it has no `paths`", slug="traffic")
    return document


def _prefix(document: Mapping[str, Any]) -> str:
    servers = document.get("servers") or [{"url": document.get("basePath", "")}]
    return urlsplit(str(servers[0].get("url", ""))).path.rstrip("/")


def _resolved(value: Any, document: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(DEEPEST):
        if not (isinstance(value, Mapping) and isinstance(value.get("$ref"), str)):
            break
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            part = part.replace("~1", "/").replace("~0", "~")
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        value = found
    return value if isinstance(value, Mapping) else {}


def _schema(holder: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    return _resolved(holder.get("schema") or {}, document)


def _example(holder: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """What the document itself gives as a value."""
    if "example" in holder:
        return holder["example"]
    for each in (holder.get("examples") or {}).values():
        if isinstance(each, Mapping) and "value" in each:
            return each["value"]
    schema = _schema(holder, document)
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    return _MISSING


def _of_schema(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int = 0) -> Any:
    """The smallest value that fits a schema, with its required properties."""
    schema = _resolved(schema, document)
    told = _example({"schema": schema}, document)
    if told is not _MISSING or depth > DEEPEST:
        return None if told is _MISSING else told
    for key in ("allOf", "oneOf", "anyOf"):
        if schema.get(key):
            parts = [_of_schema(part, document, depth + 1) for part in schema[key]]
            if key == "allOf" and all(isinstance(part, Mapping) for part in parts):
                return {name: value for part in parts for name, value in part.items()}
            return parts[0]
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        properties = schema.get("properties") or {}
        wanted = [n for n in schema.get("required") or () if n in properties]
        return {
            name: _of_schema(properties[name], document, depth + 1)
            for name in wanted
            if not _resolved(properties[name], document).get("readOnly")
        }
    if kind == "array":
        least = int(schema.get("minItems", 0) > 0)
        return [_of_schema(schema.get("items") or {}, document, depth + 1)] * least
    return _plain(kind, schema)


def _plain(kind: Any, schema: Mapping[str, Any]) -> Any:
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    text = _TEXTS.get(str(schema.get("format")), "text {unique}")
    return text[: schema.get("maxLength") or None]
