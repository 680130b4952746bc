"""Forms in pages, filled in as a visitor would: what a site lets one write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from nuages.traffic.links import local_path

CSRF_FIELD = "csrfmiddlewaretoken"  # sent as a header instead, with the token of who asks
_IGNORED = frozenset(("submit", "button", "image", "reset", "file"))
_TEXTS = {
    "email": "visitor{unique}@example.com", "number": "1", "range": "1", "date": "2026-01-15",
    "datetime-local": "2026-01-15T12:00", "time": "12:00", "month": "2026-01", "week": "2026-W03",
    "tel": "0123456789", "url": "https://example.com/", "color": "#336699",
}  # fmt: skip


@dataclass(kw_only=True)
class Form:
    """One form of a page."""

    action: str  # path on the same site
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    asks_password: bool = False
    takes_files: bool = False

    @property
    def why_not(self) -> str:
        """Why it cannot be sent as it is; "" when it can."""
        if self.asks_password:
            return "its form asks for a password"
        return "its form uploads files" if self.takes_files else ""


def forms(path: str, headers: Mapping[str, str], body: str, hosts: frozenset[str]) -> list[Form]:
    """The forms of an HTML answer that lead to the same site, filled in."""
    kind = next((v for k, v in headers.items() if k.lower() == "content-type"), "").lower()
    if "html" not in kind or "<form" not in body.lower():
        return []
    parser = _Forms(path, hosts)
    parser.feed(body)
    parser.close()
    return parser.found


class _Forms(HTMLParser):
    def __init__(self, path: str, hosts: frozenset[str]) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._path, self._hosts = path, hosts
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._begin(told)
        elif self._form is None:
            return
        elif tag == "input":
            self._input(told)
        elif tag == "select":
            self._select = told.get("name") if "disabled" not in told else None
        elif tag == "option" and self._select:
            self._option(told)
        elif tag == "textarea" and told.get("name"):
            self._area = told["name"]
            self._form.fields[self._area] = ""

    def _begin(self, told: dict[str, str]) -> None:
        action = local_path(told.get("action") or self._path, self._path, self._hosts)
        method = told.get("method", "get").upper()
        self._form = Form(action=action or "", method=method if method == "POST" else "GET")
        if action is not None and method != "DIALOG":
            self.found.append(self._form)

    def _input(self, told: dict[str, str]) -> None:
        form, kind, name = self._form, told.get("type", "text").lower(), told.get("name", "")
        assert form is not None
        form.asks_password |= kind == "password"
        form.takes_files |= kind == "file" and "required" in told
        if not name or name == CSRF_FIELD or kind in _IGNORED or "disabled" in told:
            return
        if kind in ("checkbox", "radio"):
            chosen = "checked" in told or "required" in told
            if chosen or (kind == "radio" and name not in form.fields):
                form.fields[name] = told.get("value") or "on"
        elif told.get("value") or kind == "hidden":
            form.fields[name] = told.get("value", "")
        else:
            form.fields[name] = _made(kind, told)

    def _option(self, told: dict[str, Any]) -> None:
        assert self._form is not None
        assert self._select is not None
        value = told.get("value", "")
        if value and ("selected" in told or not self._form.fields.get(self._select)):
            self._form.fields[self._select] = value

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.fields[self._area] += data.strip()

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._form is not None and self._area:
            self._form.fields[self._area] = self._form.fields[self._area] or "text {unique}"
            self._area = None


def _made(kind: str, told: Mapping[str, str]) -> str:
    if kind in ("number", "range"):
        return told.get("min") or "1"
    text = _TEXTS.get(kind, "text {unique}")
    most = told.get("maxlength", "")
    fits = not most.isdigit() or len(text) + 12 <= int(most)  # {unique} is longer when filled in
    return text if fits else "text"[: int(most)]
