"""Links to the same site in a response: HTML anchors, URLs in JSON, locations in XML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

LIMIT = 200  # links taken of one response
_LOCATION = re.compile(r"<(?:loc|link)>\s*([^<\s]+)\s*</(?:loc|link)>")
_PATH = re.compile(r"^/[^\s/][^\s]*$|^/$")
_DESTRUCTIVE = re.compile(
    r"(^|[/_.-])(log-?_?out|sign-?_?out|log-?off|delete|remove|destroy|unsubscribe|purge|wipe|"
    r"erase|drop|terminate|deactivate|revoke)([/_.?-]|$)", re.I)  # fmt: skip


def links(path: str, headers: Mapping[str, str], body: str, hosts: frozenset[str]) -> list[str]:
    """Paths (with their query) on the same site that a response points to, in its order."""
    kind = next((v for k, v in headers.items() if k.lower() == "content-type"), "").lower()
    if "html" in kind:
        found: Iterator[str] = _of_html(body)
    elif "json" in kind:
        found = _of_json(body)
    elif "xml" in kind:
        found = iter(_LOCATION.findall(body))
    else:
        return []
    local = (local_path(link, path, hosts) for link in found)
    return list(dict.fromkeys(link for link in local if link))[:LIMIT]


def local_path(link: str, base: str, hosts: frozenset[str]) -> str | None:
    """A link as a path of this site; None when it leads elsewhere or nowhere."""
    link = urldefrag(link.strip())[0]
    if not link or link.split(":")[0].lower() in ("mailto", "javascript", "tel", "data", "sms"):
        return None
    try:
        parts = urlsplit(urljoin(base, link))
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https") or (host and host not in hosts):
        return None
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def destructive(path: str) -> bool:
    """Whether a GET of this path looks as if it changed something for good."""
    return bool(_DESTRUCTIVE.search(urlsplit(path).path))


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            return
        values = dict(attrs)
        href = values.get("href")
        if href and "data-method" not in values:
            self.found.append(href)


def _of_html(body: str) -> Iterator[str]:
    parser = _Anchors()
    parser.feed(body)
    yield from parser.found


def _of_json(body: str) -> Iterator[str]:
    try:
        yield from _strings(json.loads(body))
    except (ValueError, RecursionError):
        return


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(("http://", "https://")) or _PATH.match(value):
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
