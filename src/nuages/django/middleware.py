"""Read-your-writes across requests: what a client has written stands in a cookie of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db.backends.signals import connection_created

from nuages.django import positions
from nuages.django.positions import LASTS_SECONDS, Pin, Reading

COOKIE = "nuages_wrote"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

connection_created.connect(positions.watch_raw_sql, dispatch_uid="nuages.positions")


class ReadYourWrites:
    """First in MIDDLEWARE, so that it sees what the others write: sessions, above all.

    Clients without cookies that send an `Authorization` header are known by it; what they wrote is
    kept in the default cache.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        if self._is_async:
            return self._answer(request)
        pins = _pins(request) or _kept_pins(_key(request))
        with positions.reading(_reading(request, pins)) as told:
            response = self._get_response(request)
            _remember(request, response, told)
        return response

    async def _answer(self, request: Any) -> Any:
        pins = _pins(request)
        if not pins and (key := _key(request)):
            pins = await sync_to_async(_kept_pins)(key)
        with positions.reading(_reading(request, pins)) as told:
            get_response: Callable[[Any], Awaitable[Any]] = self._get_response
            response = await get_response(request)
            if told.wrote or told.pins:
                await sync_to_async(_remember)(request, response, told)
        return response


def _reading(request: Any, pins: dict[str, Pin]) -> Reading:
    """Where a request may read: nowhere but on the primary when it is one that changes things."""
    return Reading(on_primary=request.method not in SAFE, pins=pins)


def _pins(request: Any) -> dict[str, Pin]:
    return positions.from_text(request.COOKIES.get(COOKIE, ""))


def _kept_pins(key: str) -> dict[str, Pin]:
    """What a client without cookies has written."""
    if not key:
        return {}
    try:
        return positions.from_text(cache.get(key) or "")
    except Exception:  # a cache that is gone costs freshness, not the answer
        return {}


def _remember(request: Any, response: Any, told: Reading) -> None:
    """Tell the client what it has written; take back what every replica has by now."""
    primaries = positions.replicas()
    pins = {alias: pin for alias, pin in told.pins.items() if not _is_served(alias, told)}
    pins |= {alias: positions.written(alias) for alias in sorted(told.wrote) if alias in primaries}
    if pins == told.pins:
        return
    _set_cookie(response, pins)
    if key := _key(request):
        with suppress(Exception):
            cache.set(key, positions.to_text(pins), LASTS_SECONDS)


def _is_served(primary: str, told: Reading) -> bool:
    """Whether every replica has what the client wrote; asked of all once one of them has."""
    copies = positions.replicas().get(primary, [])
    if not any(told.caught_up.get(alias) for alias in copies):
        return False
    return all(positions.may_serve(told, primary, alias) for alias in copies)


def _set_cookie(response: Any, pins: dict[str, Pin]) -> None:
    place = {"path": settings.SESSION_COOKIE_PATH, "domain": settings.SESSION_COOKIE_DOMAIN}
    if not pins:
        response.delete_cookie(COOKIE, samesite="Lax", **place)
        return
    response.set_cookie(
        COOKIE, positions.to_text(pins), max_age=LASTS_SECONDS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE, **place,
    )  # fmt: skip


def _key(request: Any) -> str:
    """Of the cache, for a client that is known by its `Authorization`; else empty."""
    if not positions.replicas():
        return ""
    sent = request.headers.get("Authorization", "")
    return f"nuages:wrote:{hashlib.sha256(sent.encode()).hexdigest()}" if sent else ""
