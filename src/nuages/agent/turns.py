"""One migrating process at a time, however many were started."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

KEY = "nuages migrate"


@contextmanager
def taken(aliases: Iterable[str]) -> Iterator[None]:
    """Wait until no other process migrates any of these databases, and keep others waiting.

    The lock is PostgreSQL's own (advisory, of a session), on a connection beside the one that
    migrates: a command may close that one. It goes with the process, whatever its end. It must not
    be asked through a pool of transactions. Other databases are not shared between hosts: SQLite
    locks its file by itself.
    """
    from django.db import connections

    with ExitStack() as stack:
        for alias in sorted(aliases):  # everybody in the same order, or two wait for each other
            if connections[alias].vendor == "postgresql":
                stack.enter_context(_locked(connections[alias]))
        yield


@contextmanager
def _locked(connection: Any) -> Iterator[None]:
    beside = connection.copy()
    try:
        with beside.cursor() as cursor:
            cursor.execute("SET idle_session_timeout = 0" if _since_14(beside) else "SELECT 1")
            cursor.execute("SELECT pg_advisory_lock(%s)", [_number()])
            cursor.fetchone()
        yield
    finally:
        beside.close()


def _since_14(connection: Any) -> bool:
    return bool(connection.pg_version >= 140000)


def _number() -> int:
    """A key of 63 bits that is no other application's by accident."""
    return int.from_bytes(hashlib.sha256(KEY.encode()).digest()[:8], "big") >> 1
