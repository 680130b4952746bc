"""One request through the project's own WSGI application, as a server would hand it over."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

_application: Any = None


def send(
    method: str, target: str, headers: Mapping[str, str], body: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Status, headers and body (base64, as `body` is) of the answer, and the route that gave it.

    Nothing is made easier: the client's own cookies, CSRF token and host are all that speak.
    """
    from django.conf import settings
    from django.utils import translation

    from nuages.agent import targets

    content = base64.b64decode(body)
    told: dict[str, Any] = {}

    def start_response(status: str, sent: Sequence[tuple[str, str]], *_: Any) -> None:
        told["status"], told["headers"] = int(status.split()[0]), list(sent)

    response = _ready()(_environ(method, target, headers, content), start_response)
    try:
        told["body"] = base64.b64encode(b"".join(response)).decode()
    finally:
        getattr(response, "close", lambda: None)()
    with translation.override(settings.LANGUAGE_CODE):
        told["route"] = targets.resolved(target)
    return told


def log_in(actor: Any) -> dict[str, str]:
    """The cookies and headers of somebody who has just logged in, in this very process."""
    actor.log_in()
    cookies = {name: morsel.value for name, morsel in actor.factory.cookies.items()}
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").title(): str(value)
        for name, value in actor.factory.defaults.items()
        if name.startswith("HTTP_")
    }
    return {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def _ready() -> Any:
    """WSGI_APPLICATION with what the project wraps around Django, made once."""
    global _application
    if _application is None:
        from django.core.servers.basehttp import get_internal_wsgi_application

        _application = get_internal_wsgi_application()
    return _application


def _environ(
    method: str, target: str, headers: Mapping[str, str], body: bytes
) -> dict[str, Any]:  # fmt: skip
    parts = urlsplit(target)
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    kind = sent.pop("HTTP_CONTENT_TYPE", "")
    return {
        **sent,
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "QUERY_STRING": parts.query,
        "PATH_INFO": unquote_to_bytes(parts.path).decode("latin-1"),
        "SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": kind,
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(), "wsgi.multithread": False, "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }  # fmt: skip
