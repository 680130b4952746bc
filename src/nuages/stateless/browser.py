"""One user's browser, which may be told to ask another replica with each request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from nuages.answers import Answer, Request
from nuages.stateless.forms import Form, chosen, forms
from nuages.stateless.journeys import Step
from nuages.stateless.replicas import FAULTS, Replica

BOUNDARY = "nuages-5c1f0e7a"
FILE_TEXT = "a small file\n"
TOKEN_FIELD = "csrfmiddlewaretoken"
MADE_UP = "nuages" + "0" * 26  # 32 letters and figures, as Django wants them
Turn = Callable[[int, Step], int]  # a step's number, and the step → a replica's
PLACE = re.compile(r"\{(\w+)\}")


class Browser:
    """Keeps cookies, the last page and what steps were told to keep; follows nothing by itself."""

    def __init__(self, user: str, replicas: Sequence[Replica], turn: Turn) -> None:
        self.user = user
        self._replicas = replicas
        self._turn = turn
        self._cookies: dict[str, str] = {}
        self._headers: dict[str, str] = {}  # sent with every request from a login on
        self._kept: dict[str, str] = {}
        self._path = "/"
        self._page = ""
        self._location = ""

    def take(self, number: int, step: Step) -> Answer:
        """Take the step at the replica whose turn it is; what fails below HTTP has status 0."""
        replica = self._replicas[self._turn(number, step) % len(self._replicas)]
        request = Request(path=f"{number + 1}. {step.label}", method=step.method, actor=self.user)
        if step.kind == "login":
            self._log_in(replica.log_in(step.path))
            return Answer(request=request, status=204, route="log in")
        try:
            method, path, body, headers = self._composed(step)
            sent = replica.send(method, _target(path), body, self._with_cookies(headers))
        except FAULTS as error:
            return Answer(request=request, status=0, route=f"{step.method} {_plain(step.path)}",
                          exception=f"{type(error).__name__}: {error}")  # fmt: skip
        self._remember(path, sent.headers, sent.body, step)
        told = {name: value for name, value in sent.headers if name.lower() != "set-cookie"}
        route = f"{method} {sent.route or _plain(step.path or path)}"
        return Answer(request=request, status=sent.status, route=route, headers=told,
                      body=sent.body)  # fmt: skip

    def _log_in(self, headers: Mapping[str, str]) -> None:
        told = dict(headers)
        for pair in filter(None, told.pop("Cookie", "").split("; ")):
            name, _, value = pair.partition("=")
            self._cookies[name] = value
        self._headers = told

    def _with_cookies(self, headers: Mapping[str, str]) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        sent = {"Host": "localhost", "Accept": "*/*", "Accept-Encoding": "identity",
                **self._headers, **headers}  # fmt: skip
        return {**sent, "Cookie": cookies} if cookies else sent

    def _composed(self, step: Step) -> tuple[str, str, bytes | None, dict[str, str]]:
        headers = {name: self._filled(value) for name, value in step.headers.items()}
        if step.kind == "follow":
            return "GET", self._location or "/", None, headers
        values = {name: self._filled(value) for name, value in step.form.items()}
        if step.kind == "submit":
            form = chosen(forms(self._page), step.path, frozenset(values))
            return self._submitted(form or Form(action="", method="POST"), values, headers)
        path = self._filled(step.path)
        if step.method in ("GET", "HEAD", "OPTIONS"):
            query = f"{'&' if '?' in path else '?'}{urlencode(values)}" if values else ""
            return step.method, path + query, None, headers
        headers |= self._token()
        if step.json is not None:
            text = self._filled(json.dumps(step.json), quoted=True)
            return step.method, path, text.encode(), {"Content-Type": "application/json", **headers}
        body, kind = _encoded(values, step.files)
        return step.method, path, body, {"Content-Type": kind, **headers}

    def _submitted(
        self, form: Form, values: Mapping[str, str], headers: dict[str, str]
    ) -> tuple[str, str, bytes | None, dict[str, str]]:
        path = urljoin(self._path, form.action or self._path)
        sent = {**form.fields, **values}
        if form.method == "GET":
            return "GET", f"{urlsplit(path).path}?{urlencode(sent)}", None, headers
        body, kind = _encoded(sent, dict.fromkeys(form.files, "nuages.txt"))
        return "POST", path, body, {"Content-Type": kind, **self._token(), **headers}

    def _token(self) -> dict[str, str]:
        """As a page's own script would send it."""
        found = next((form.fields[TOKEN_FIELD] for form in forms(self._page)
                      if TOKEN_FIELD in form.fields), "")  # fmt: skip
        named = (value for name, value in self._cookies.items() if "csrf" in name.lower())
        token = found or next(named, "")
        if not token:  # as a script that has loaded no page makes one up: it only has to be twice
            token = self._cookies["csrftoken"] = MADE_UP
        return {"X-CSRFToken": token}

    def _filled(self, text: str, *, quoted: bool = False) -> str:
        def value(match: re.Match[str]) -> str:
            kept = self._kept.get(match[1])
            return match[0] if kept is None else (json.dumps(kept)[1:-1] if quoted else kept)

        return PLACE.sub(value, text)

    def _remember(
        self, path: str, headers: Sequence[tuple[str, str]], content: bytes, step: Step
    ) -> None:
        told = {name.lower(): value for name, value in headers}
        for name, value in headers:
            if name.lower() == "set-cookie":
                self._set_cookie(value)
        self._location = told.get("location", "")
        self._path = path
        if "html" in told.get("content-type", ""):
            self._page = content.decode("utf-8", "replace")
        if step.keep:
            self._keep(step.keep, content)

    def _set_cookie(self, text: str) -> None:
        pair, *attributes = text.split(";")
        name, _, value = pair.strip().partition("=")
        gone = any(each.strip().lower() in ("max-age=0", "max-age=-1") for each in attributes)
        if gone or value in ("", '""'):
            self._cookies.pop(name, None)
        else:
            self._cookies[name] = value

    def _keep(self, wanted: Mapping[str, str], content: bytes) -> None:
        try:
            answer = json.loads(content)
        except ValueError:
            return
        for name, path in wanted.items():
            found: Any = answer
            for key in path.split("."):
                if isinstance(found, list) and key.isdigit() and int(key) < len(found):
                    found = found[int(key)]
                else:
                    found = found.get(key) if isinstance(found, Mapping) else None
            if found is not None:
                self._kept[name] = str(found)


def _encoded(values: Mapping[str, str], files: Mapping[str, str]) -> tuple[bytes, str]:
    if not files:
        return urlencode(values).encode(), "application/x-www-form-urlencoded"
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values.items()
    ] + [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
        f"Content-Type: text/plain\r\n\r\n{FILE_TEXT}\r\n"
        for name, file in files.items()
    ]
    text = "".join([*parts, f"--{BOUNDARY}--\r\n"])
    return text.encode(), f"multipart/form-data; boundary={BOUNDARY}"


def _target(path: str) -> str:
    parts = urlsplit(path)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _plain(path: str) -> str:
    return urlsplit(path).path
