"""Hooks on transactions: commits, rollbacks, and how long each transaction was open."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import calls, capture, faults, snapshots
from nuages.record.clocks import perf_counter_ns
from nuages.record.executions import current
from nuages.record.patches import Patches

KIND = "transaction"
DEFAULT = "default"  # django.db.DEFAULT_DB_ALIAS

COMMITTED, ROLLED_BACK = "committed", "rolled back"
OF_TEST = "of a test case"  # TestCase wraps each test, and each class, in one of its own
OUTSIDE = "outside call inside"
INSIDE = "in transaction"  # of such a call

_here = threading.local()  # .opens: those of this thread's connections, innermost last


class Open:
    """A transaction that is open, or a block that would be one outside of a TestCase."""

    __slots__ = ("database", "depth", "has_outside_call", "is_of_test", "site", "started_ns")

    def __init__(self, database: Any, site: int) -> None:
        self.database = database
        self.site = site
        self.depth = 0  # of the blocks, with its own; 0 for one without a block
        self.is_of_test = False
        self.has_outside_call = False
        self.started_ns = perf_counter_ns()


def _opens() -> list[Open]:
    try:
        opens: list[Open] = _here.opens
    except AttributeError:
        opens = _here.opens = []
    return opens


def _of(database: Any) -> list[Open]:
    """What is open on this connection: a transaction, and maybe a block of a test inside."""
    return [opened for opened in _opens() if opened.database is database]


def hook_connections(wrapper: Any, patches: Patches) -> None:
    """Patch django.db.backends.base.base.BaseDatabaseWrapper."""
    patches.replace(wrapper, "set_autocommit", _setting(wrapper.set_autocommit))
    for name, outcome in (("commit", COMMITTED), ("rollback", ROLLED_BACK)):
        patches.replace(wrapper, name, _ending(getattr(wrapper, name), name, outcome))


def hook_blocks(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.transaction."""
    patches.replace(module.Atomic, "__enter__", _entering(module.Atomic.__enter__))
    patches.replace(module.Atomic, "__exit__", _leaving(module.Atomic.__exit__))


def _setting(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def set_autocommit(self: Any, autocommit: Any, *args: Any, **kwargs: Any) -> Any:
        was_on = self.autocommit or self.connection is None
        result = original(self, autocommit, *args, **kwargs)
        if was_on and not autocommit:
            _begin(self)
        return result

    return set_autocommit


def _begin(database: Any) -> None:
    try:
        if calls.is_recording and not calls.is_connecting():
            _opens().append(Open(database, capture.place_quickly(sys._getframe(1))[0]))
    except Exception:
        faults.note()


def _entering(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def enter(self: Any) -> Any:
        result = original(self)
        try:
            opened = _around(self)
            if opened is not None:
                _note_block(self, opened)
        except Exception:
            faults.note()
        return result

    return enter


def _around(block: Any) -> Open | None:
    """What is open on the connection of a block, without the 3 µs that Django takes to find it."""
    alias = block.using or DEFAULT
    for opened in reversed(_opens()):
        if opened.database.alias == alias:
            return opened
    return None


def _note_block(block: Any, opened: Open) -> None:
    """A project's outermost block inside a TestCase's own is as good as a transaction."""
    blocks = opened.database.atomic_blocks
    if len(blocks) > 1 and blocks[-2]._from_testcase and not block._from_testcase:
        _begin(opened.database)
        opened = _opens()[-1]
    elif len(blocks) > 1:
        return
    if not opened.depth:
        opened.depth = len(blocks)
        opened.is_of_test = block._from_testcase


def _leaving(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def leave(self: Any, exc_type: Any, exc_value: Any, traceback: Any) -> Any:
        opened, outcome = None, ROLLED_BACK
        try:
            opened = _around(self)
            if exc_type is None and opened is not None and not opened.database.needs_rollback:
                outcome = COMMITTED
        except Exception:
            faults.note()
        try:
            return original(self, exc_type, exc_value, traceback)
        finally:
            if opened is not None:
                _end_block(opened, outcome)

    return leave


def _end_block(opened: Open, outcome: str) -> None:
    """End what no commit has ended: a block that was a savepoint."""
    try:
        database = opened.database
        if len(database.atomic_blocks) < opened.depth and opened in _of(database)[1:]:
            _end(opened, outcome)
    except Exception:
        faults.note()


def _ending(original: Callable[..., Any], operation: str, outcome: str) -> Callable[..., Any]:
    def describe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> calls.Description:
        return args[0].alias, operation, ()

    timed = calls.timing(original, KIND, describe)

    @wraps(original)
    def end(self: Any) -> Any:
        result = timed(self)
        end_all(self, outcome)
        return result

    return end


def end_all(database: Any, outcome: str = ROLLED_BACK) -> None:
    """End what is open on a connection; what is when it is closed, the database rolls back."""
    try:
        for opened in reversed(_of(database)):
            _end(opened, outcome)
    except Exception:
        faults.note()


def _end(opened: Open, outcome: str) -> None:
    _opens().remove(opened)
    if not calls.is_recording:
        return
    outcomes = (
        outcome,
        *((OF_TEST,) if opened.is_of_test else ()),
        *((OUTSIDE,) if opened.has_outside_call else ()),
    )
    execution = current()
    wall_ns = perf_counter_ns() - opened.started_ns
    key = (KIND, opened.database.alias, "open", opened.site)
    execution.call(key, opened.started_ns, wall_ns, outcomes)
    if execution.kind != "request":
        snapshots.touch()


def _note_outside(kind: str) -> tuple[str, ...]:
    """A connection belongs to its thread: what is open here waits for a call made here."""
    if kind != "outside":
        return ()
    opens = _opens()
    for opened in opens:
        opened.has_outside_call = True
    return (INSIDE,) if any(not opened.is_of_test for opened in opens) else ()


calls.on_end.append(_note_outside)
