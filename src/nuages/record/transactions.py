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
OPEN = "_nuages_open"  # on a DatabaseWrapper: its innermost Open

COMMITTED, ROLLED_BACK = "committed", "rolled back"
OF_TEST = "of a test case"  # TestCase wraps each test, and each class, in one of its own
OUTSIDE = "outside call inside"

_here = threading.local()  # .opens: those of this thread's connections


class Open:
    """A transaction that is open, or a block that would be one outside of a TestCase."""

    __slots__ = ("depth", "has_outside_call", "is_of_test", "parent", "site", "started_ns")

    def __init__(self, parent: Open | None, site: int) -> None:
        self.parent = parent
        self.site = site
        self.depth = 0  # of the blocks, with its own; 0 for one without a block
        self.is_of_test = False
        self.has_outside_call = False
        self.started_ns = perf_counter_ns()


def hook_connections(wrapper: Any, patches: Patches) -> None:
    """Patch django.db.backends.base.base.BaseDatabaseWrapper."""
    patches.replace(wrapper, "set_autocommit", _setting(wrapper.set_autocommit))
    for name, outcome in (("commit", COMMITTED), ("rollback", ROLLED_BACK)):
        patches.replace(wrapper, name, _ending(getattr(wrapper, name), name, outcome))


def hook_blocks(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.transaction."""
    atomic = module.Atomic
    patches.replace(atomic, "__enter__", _entering(atomic.__enter__, module.get_connection))
    patches.replace(atomic, "__exit__", _leaving(atomic.__exit__, module.get_connection))


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
        if not calls.is_recording or calls.is_connecting():
            return
        opened = Open(vars(database).get(OPEN), capture.place_quickly(sys._getframe(1))[0])
        vars(database)[OPEN] = opened
        vars(_here).setdefault("opens", []).append(opened)
    except Exception:
        faults.note()


def _entering(original: Callable[..., Any], connection: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def enter(self: Any) -> Any:
        result = original(self)
        try:
            _note_block(self, connection(self.using))
        except Exception:
            faults.note()
        return result

    return enter


def _note_block(block: Any, database: Any) -> None:
    """A project's outermost block inside a TestCase's own is as good as a transaction."""
    blocks = database.atomic_blocks
    if len(blocks) > 1 and blocks[-2]._from_testcase and not block._from_testcase:
        _begin(database)
    elif len(blocks) > 1:
        return
    opened = vars(database).get(OPEN)
    if opened is not None and not opened.depth:
        opened.depth = len(blocks)
        opened.is_of_test = block._from_testcase


def _leaving(original: Callable[..., Any], connection: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def leave(self: Any, exc_type: Any, exc_value: Any, traceback: Any) -> Any:
        outcome = ROLLED_BACK
        try:
            if exc_type is None and not connection(self.using).needs_rollback:
                outcome = COMMITTED
        except Exception:
            faults.note()
        try:
            return original(self, exc_type, exc_value, traceback)
        finally:
            _end_block(self.using, connection, outcome)

    return leave


def _end_block(alias: Any, connection: Callable[..., Any], outcome: str) -> None:
    """End what no commit has ended: a block that was a savepoint."""
    try:
        database = connection(alias)
        opened = vars(database).get(OPEN)
        is_savepoint = opened is not None and opened.parent is not None
        if is_savepoint and len(database.atomic_blocks) < opened.depth:
            _end(database, opened, outcome)
    except Exception:
        faults.note()


def _ending(original: Callable[..., Any], operation: str, outcome: str) -> Callable[..., Any]:
    def describe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> calls.Description:
        return args[0].alias, operation, ()

    timed = calls.timing(original, KIND, describe)

    @wraps(original)
    def end(self: Any) -> Any:
        result = timed(self)
        try:
            opened = vars(self).get(OPEN)
            if opened is not None:
                _end(self, opened, outcome)
        except Exception:
            faults.note()
        return result

    return end


def end_all(database: Any) -> None:
    """What is open when a connection is closed is rolled back by the database."""
    try:
        while (opened := vars(database).get(OPEN)) is not None:
            _end(database, opened, ROLLED_BACK)
    except Exception:
        faults.note()


def _end(database: Any, opened: Open, outcome: str) -> None:
    if opened.parent is None:
        del vars(database)[OPEN]
    else:
        vars(database)[OPEN] = opened.parent
    opens = getattr(_here, "opens", [])
    if opened in opens:
        opens.remove(opened)
    if not calls.is_recording:
        return
    outcomes = (
        outcome,
        *((OF_TEST,) if opened.is_of_test else ()),
        *((OUTSIDE,) if opened.has_outside_call else ()),
    )
    execution = current()
    wall_ns = perf_counter_ns() - opened.started_ns
    key = (KIND, database.alias, "open", opened.site)
    execution.call(key, opened.started_ns, wall_ns, outcomes)
    if execution.kind != "request":
        snapshots.touch()


def _note_outside(kind: str) -> None:
    """A connection belongs to its thread: what is open here waits for a call made here."""
    if kind == "outside":
        for opened in getattr(_here, "opens", ()):
            opened.has_outside_call = True


calls.on_end.append(_note_outside)
