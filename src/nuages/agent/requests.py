"""One request through the project's whole middleware stack, in this process, measured."""

from __future__ import annotations

import base64
import hashlib
import importlib
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception
from django.db import connections
from django.utils import timezone, translation

from nuages.agent import failures
from nuages.agent.actors import Actor

BODY_BYTES = 4 * 1024 * 1024  # a longer body is compared by its digest
SECONDS = 30.0
AGAIN = 3.0  # seconds, after which a request that goes on is interrupted once more


class TimedOut(BaseException):
    """Raised inside a request by the alarm; no `except Exception` of the project catches it."""


class Handler(WSGIHandler):
    """The production handler, which also keeps what happened and knows who asks."""

    actor: Actor
    resolved: Any = None
    error: str = ""

    def get_response(self, request: Any) -> Any:
        request._dont_enforce_csrf_checks = True
        self.actor.authenticate(request)
        try:
            return super().get_response(request)
        finally:
            self.resolved = getattr(request, "resolver_match", None)


class Requests:
    """Sends requests as an actor; the answer to each is a plain dictionary."""

    def __init__(self) -> None:
        from django.conf import settings

        self._secure = bool(getattr(settings, "SECURE_SSL_REDIRECT", False))
        self._handler: Handler | None = None

    def send(
        self,
        actor: Actor,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: str = "",
        content_type: str = "application/json",
        timeout: float = SECONDS,
    ) -> dict[str, Any]:
        """The answer; redirects are not followed, but for one that only asks for https."""

        def once() -> dict[str, Any]:
            environ = actor.environ(
                method,
                path,
                headers=headers or {},
                body=body,
                content_type=content_type,
                secure=self._secure,
            )
            return self._once(actor, environ, timeout)

        answer = once()
        if not self._secure and _asks_for_https(answer, path):
            self._secure = True
            answer = once()
        return answer

    def _once(self, actor: Actor, environ: dict[str, Any], timeout: float) -> dict[str, Any]:
        handler = self._ready()
        handler.actor, handler.resolved, handler.error = actor, None, ""
        got_request_exception.connect(self._note_error)
        try:
            answer = _measured(handler, environ, timeout)
        finally:
            got_request_exception.disconnect(self._note_error)
            _clean()
        actor.keep(answer.pop("cookies"))
        if answer["status"] >= 300:  # a page that takes rights away sends one elsewhere
            actor.restore_rights()
        answer |= _match(handler.resolved)
        if handler.error and "exception" not in answer:
            answer["exception"] = handler.error
        return answer | _figures(answer)

    def _ready(self) -> Handler:
        if self._handler is None:
            self._handler = Handler()
        return self._handler

    def _note_error(self, **_: Any) -> None:
        import sys

        error = sys.exc_info()[1]
        if error is not None and self._handler is not None:
            self._handler.error = failures.brief(error)


def _measured(handler: Handler, environ: dict[str, Any], timeout: float) -> dict[str, Any]:
    started: dict[str, Any] = {"status": 500, "headers": {}, "cookies": []}
    body = _Body()
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    response: Any = None
    try:
        with _alarm(timeout):
            response = handler(environ, _starter(started))
            for chunk in response:
                body.add(chunk if isinstance(chunk, bytes) else str(chunk).encode())
    except TimedOut as error:
        where = failures.innermost(error.__traceback__)
        started |= {"status": 504, "exception": f"{where}\nno answer within {timeout:g} s".strip()}
    except Exception as error:
        started |= {"status": 500, "exception": failures.brief(error)}
    finally:
        with suppress(Exception):
            if response is not None:
                response.close()  # request_finished: connections are closed as in production
    spent = {"wall_ns": time.perf_counter_ns() - wall, "cpu_ns": time.process_time_ns() - cpu}
    streaming = bool(getattr(response, "streaming", False))
    return started | spent | {"streaming": streaming} | body.told(started["headers"])


def _starter(started: dict[str, Any]) -> Any:
    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        started["status"] = int(status.split()[0])
        plain = {name: str(value) for name, value in headers if name != "Set-Cookie"}
        started["headers"] = plain
        started["cookies"] = [value for name, value in headers if name == "Set-Cookie"]

    return start_response


class _Body:
    """A body kept whole up to a limit, and by digest beyond it."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._digest = hashlib.sha256()
        self._length = 0

    def add(self, chunk: bytes) -> None:
        self._length += len(chunk)
        self._digest.update(chunk)
        if self._length <= BODY_BYTES:
            self._kept += chunk

    def told(self, headers: dict[str, str]) -> dict[str, Any]:
        if self._length > BODY_BYTES:
            return {"body": "", "length": self._length, "digest": self._digest.hexdigest()}
        raw = bytes(self._kept)
        charset = _charset(headers)
        with suppress(UnicodeDecodeError, LookupError):
            return {"body": raw.decode(charset), "length": len(raw)}
        return {"body": base64.b64encode(raw).decode(), "base64": True, "length": len(raw)}


def _charset(headers: dict[str, str]) -> str:
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    _, _, charset = kind.partition("charset=")
    return charset.split(";")[0].strip(" \"'") or "utf-8"


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Interrupt the main thread after `seconds`; elsewhere the tool's own timeout has to do.

    And again, should the first be lost: what rings in a finalizer, or while the garbage collector
    tells of itself, is printed and forgotten.
    """
    usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not usable or seconds <= 0:
        yield
        return

    def ring(*_: Any) -> None:
        raise TimedOut

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _clean() -> None:
    """Leave nothing of one request to the next: open transactions, language, time zone."""
    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block or connection.needs_rollback:
            connection.in_atomic_block = False
            connection.needs_rollback = False
            connection.savepoint_ids.clear()
            connection.atomic_blocks.clear()
            connection.run_on_commit = []
            connection.close()
    translation.deactivate()
    timezone.deactivate()


def _match(resolved: Any) -> dict[str, Any]:
    if resolved is None:
        return {"route": None, "view": ""}
    return {"route": "/" + (resolved.route or ""), "view": resolved._func_path}


def _figures(answer: dict[str, Any]) -> dict[str, Any]:
    """The recorder's figures of this request, or nothing but zeroes without a recorder."""
    figures: dict[str, Any] = {"db_ns": 0, "queries": 0, "rows": 0, "recorded": False}
    with suppress(ImportError, AttributeError):
        recorder = importlib.import_module("nuages.record.recorder")
        last = recorder.last_request()
        if last:
            names = ("db_ns", "queries", "rows", "wall_ns", "cpu_ns")
            figures |= {name: last[name] for name in names if name in last}
            figures["recorded"] = True
    return figures


def _asks_for_https(answer: dict[str, Any], path: str) -> bool:
    location = str(answer["headers"].get("Location", ""))
    if answer["status"] not in (301, 302, 307, 308) or not location.startswith("https://"):
        return False
    return location.partition("://")[2].partition("/")[2] == path.lstrip("/")
