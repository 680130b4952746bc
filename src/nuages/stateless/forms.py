"""The forms of a page, and what a browser would send for one that nobody has filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

TEXT = "nuages"
BY_TYPE: Mapping[str, str] = {
    "email": "nuages@example.com", "number": "1", "range": "1", "tel": "5550100",
    "url": "https://example.com/", "date": "2026-01-02", "time": "12:00",
    "datetime-local": "2026-01-02T12:00", "month": "2026-01", "week": "2026-W01",
    "color": "#336699", "password": "nuages-scratch-only",
}  # fmt: skip
NOT_SENT = frozenset({"submit", "button", "image", "reset"})


@dataclass(kw_only=True)
class Form:
    """One form: where it goes, and its fields with their values."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    @property
    def names(self) -> frozenset[str]:
        """Of all its fields."""
        return frozenset({*self.fields, *self.files})


def forms(page: str) -> list[Form]:
    """The forms of an HTML page, in its order."""
    parser = _Parser()
    parser.feed(page)
    return parser.found


def chosen(found: Sequence[Form], path: str, names: frozenset[str]) -> Form | None:
    """The form that goes to `path`, else the one that has these fields, else the only one."""
    if path:
        return next((form for form in found if form.action == path), None)
    posted = [form for form in found if form.method == "POST"]
    fitting = (form for form in posted if names <= form.names)
    return next(fitting, posted[0] if posted else None)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(
                action=told.get("action", ""), method=told.get("method", "GET").upper()
            )
            self.found.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, told)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            if self._form is not None and self._area:
                self._form.fields[self._area] = self._form.fields[self._area] or TEXT
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.fields[self._area] += data.lstrip("\n")

    def _field(self, form: Form, tag: str, told: Mapping[str, str]) -> None:
        name = told.get("name", "")
        if tag == "option" and self._select:
            value = told.get("value", "")
            if "selected" in told or (value and not form.fields.get(self._select)):
                form.fields[self._select] = value
        elif not name or "disabled" in told:
            return
        elif tag == "select":
            self._select = name
            form.fields.setdefault(name, "")
        elif tag == "textarea":
            self._area = name
            form.fields[name] = ""
        elif tag == "input":
            _input(form, name, told)


def _input(form: Form, name: str, told: Mapping[str, str]) -> None:
    kind = told.get("type", "text").lower()
    value = told.get("value", "")
    if kind in NOT_SENT:
        return
    if kind == "file":
        form.files.append(name)
    elif kind in ("checkbox", "radio"):
        needed = "checked" in told or ("required" in told and name not in form.fields)
        if needed:
            form.fields[name] = value or "on"
    elif kind == "hidden" or value:
        form.fields[name] = value
    else:
        longest = int(told["maxlength"]) if told.get("maxlength", "").isdigit() else None
        form.fields[name] = BY_TYPE.get(kind, TEXT)[:longest]
