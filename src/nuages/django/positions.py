"""How far a database has written, how far its replica has followed, and what a client needs."""

from __future__ import annotations

import asyncio
import functools
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.db import Error, connections

PIN_SECONDS = 10.0  # of reads on the primary where positions cannot be compared
LASTS_SECONDS = 3600  # a replica that is further behind than this serves stale reads after all
REST_SECONDS = 5.0  # for which a replica that cannot be reached is left alone
_PIN = re.compile(r"([\w-]{1,64}):([0-9A-F]{1,16}):([0-9]{1,12})")

_READS = ("SELECT", "SHOW", "EXPLAIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "FETCH",
          "DECLARE", "CLOSE")  # fmt: skip
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Pin:
    """What a client has written to one database."""

    position: int  # of the write-ahead log; 0 where there is none
    at: int  # seconds since the epoch

    @property
    def is_over(self) -> bool:
        """Whether it no longer binds by its age alone."""
        lasts = LASTS_SECONDS if self.position else PIN_SECONDS
        return not -60 <= time.time() - self.at < lasts


@dataclass(kw_only=True)
class Reading:
    """One request's, or one block's, say about where it reads."""

    on_primary: bool = False  # whatever it reads: it may write what it has read
    wrote: set[str] = field(default_factory=set)  # primaries that it wrote to
    pins: dict[str, Pin] = field(default_factory=dict)  # by primary, of the client's past writes
    caught_up: dict[str, bool] = field(default_factory=dict)  # by replica, once it was asked


# One variable, whose value is changed in place: threads that a request's context is copied to
# share it. Unset: a command, a task, a thread of the project's own; they read the primary.
_reading: ContextVar[Reading | None] = ContextVar("nuages_reading", default=None)
_rests: dict[str, float] = {}  # replica → when it may be tried again


def current() -> Reading | None:
    """What has been said in this context; None: read from the primary only."""
    return _reading.get()


@contextmanager
def reading(told: Reading | None = None) -> Iterator[Reading]:
    """Let what runs in the block read from replicas as far as `told` allows."""
    told = told or Reading()
    token = _reading.set(told)
    try:
        yield told
    finally:
        _reading.reset(token)


@functools.cache
def replicas() -> Mapping[str, list[str]]:
    """Aliases of the replicas of each primary: NUAGES_REPLICAS, else by TEST's MIRROR."""
    told = getattr(settings, "NUAGES_REPLICAS", None)
    if told is not None:
        return {primary: list(aliases) for primary, aliases in told.items()}
    found: dict[str, list[str]] = {}
    for alias in connections:
        if mirror := connections.settings[alias].get("TEST", {}).get("MIRROR"):
            found.setdefault(mirror, []).append(alias)
    return found


def _forget_replicas(*, setting: str, **_: Any) -> None:
    """Tests change settings."""
    if setting in ("NUAGES_REPLICAS", "DATABASES"):
        replicas.cache_clear()


setting_changed.connect(_forget_replicas)


def may_serve(told: Reading, primary: str, replica: str) -> bool:
    """Whether a replica can be reached and has all that this client has written."""
    if _in_event_loop():  # nothing can be asked here; its queries run elsewhere, later
        return primary not in told.pins
    if time.monotonic() < _rests.get(replica, 0.0):
        return False
    pin = told.pins.get(primary)
    try:
        if pin is None or pin.is_over:
            connections[replica].ensure_connection()
            return True
        if replica not in told.caught_up:
            told.caught_up[replica] = _has_reached(replica, pin.position)
        return told.caught_up[replica]
    except Error:
        _rests[replica] = time.monotonic() + REST_SECONDS
        connections[replica].close()
        return False


def _has_reached(replica: str, position: int) -> bool:
    connection = connections[replica]
    if not position or connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') >= %s", [position])
        return bool(cursor.fetchone()[0])


def written(primary: str) -> Pin:
    """Where the log of a primary is now: to be asked after the commit."""
    position = 0
    connection = connections[primary]
    if connection.vendor == "postgresql":
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
                position = int(cursor.fetchone()[0])
        except Error:  # the client's time has to do
            position = 0
    return Pin(position=position, at=int(time.time()))


def to_text(pins: Mapping[str, Pin]) -> str:
    """Pins as a cookie takes them without quotes."""
    told = (f"{alias}:{pin.position:X}:{pin.at}" for alias, pin in pins.items())
    return "+".join(told)


def from_text(text: str) -> dict[str, Pin]:
    """The pins of a cookie that still bind; what is no pin is left out."""
    found = {
        match[1]: Pin(position=int(match[2], 16), at=int(match[3]))
        for match in map(_PIN.fullmatch, text.split("+")[:16])
        if match
    }
    return {alias: pin for alias, pin in found.items() if not pin.is_over}


def watch_raw_sql(connection: Any, **_: Any) -> None:
    """Notice writes that no router is asked about: SQL of the project's own."""
    if _notice not in connection.execute_wrappers:
        connection.execute_wrappers.append(_notice)


def _notice(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    told = _reading.get()
    if told is not None and not _only_reads(sql):
        told.wrote.add(context["connection"].alias)
    return execute(sql, params, many, context)


def _only_reads(sql: Any) -> bool:
    text = str(sql).lstrip("( \n\t")
    if text[:4].upper() == "WITH":
        return _WRITES.search(text) is None
    return text[:16].upper().startswith(_READS)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
