"""What each test asks the database while it runs itself, by request and by statement."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from functools import cache, wraps
from types import ModuleType
from typing import Any

from nuages.record import executions, faults, locations, statements
from nuages.record.events import Key
from nuages.record.execution import Execution
from nuages.record.patches import Patches

SQL = 2_000  # characters kept of a statement
# Read once per process and then kept by Django: which test comes first is an accident.
ONCE = re.compile(r'^SELECT .*? FROM [`"\[]?(?:django_content_type|django_site)\b', re.DOTALL)

Calls = dict[Key, int]


class _Running:
    """The test that runs now, from its call on: set-up and tear-down are not its own."""

    def __init__(self, execution: Execution) -> None:
        # Threads and event loops that were made before the test do not know that they are its.
        self.executions = {execution, executions.process()}
        self.requests: list[tuple[str, int, Calls]] = []  # route, wall time in ns, calls
        self.others: list[Calls] = []  # of tasks and commands
        self.own: Calls | None = None  # once it has ended
        self._before = self._now()

    def _now(self) -> Calls:
        calls: Counter[Key] = Counter()
        for execution in self.executions:
            calls.update(_calls(execution))
        return calls

    def stop(self) -> None:
        """What comes now is tear-down."""
        if self.own is None:
            self.own = {k: n - self._before.get(k, 0) for k, n in self._now().items()}


_running: _Running | None = None
_is_enabled = False
_told: set[str] = set()  # statements and places that were described already


def enable() -> None:
    """Count from now on."""
    global _is_enabled
    if not _is_enabled:
        _is_enabled = True
        executions.on_end(_ended)


def start() -> None:
    """The test itself begins; what was counted so far was its set-up."""
    global _running
    try:
        _running = _Running(executions.current()) if _is_enabled else None
    except Exception:
        faults.note()


def stop() -> None:
    """The test itself has ended."""
    try:
        if _running is not None:
            _running.stop()
    except Exception:
        faults.note()


def take() -> dict[str, Any] | None:
    """What was counted, in values that travel between processes; None where nothing was."""
    global _running
    stop()
    running, _running = _running, None
    try:
        return _told_of(running) if running is not None else None
    except Exception:
        faults.note()
        return None


def _ended(execution: Execution) -> None:
    running = _running
    if running is None or running.own is not None or execution in running.executions:
        return
    try:
        if execution.kind == "request":
            running.requests.append((execution.name, execution.wall_ns, _calls(execution)))
        elif execution.kind != "test":
            running.others.append(_calls(execution))
    except Exception:
        faults.note()


def _calls(execution: Execution) -> Calls:
    execution.settle()
    with execution.lock:
        return {k: tally.calls for k, tally in execution.tallies.items() if _counts(k[0])}


@cache
def _counts(statement: int) -> bool:
    """Whether a statement is one of the test's: transactions are not, nor what is read once."""
    known = statements.table[statement]
    return known is None or not (known.is_transaction or ONCE.match(known.sql))


def _told_of(running: _Running) -> dict[str, Any]:
    sums: dict[tuple[str, str], list[int]] = {}  # (name, route) → calls, most in one execution
    made: dict[str, list[Any]] = {}
    routes: dict[str, list[list[int]]] = {}
    for route, wall_ns, calls in running.requests:
        queries, walls_us = routes.setdefault(route, [[], []])
        queries.append(sum(calls.values()))
        walls_us.append(wall_ns // 1000)
    own = [("", calls) for calls in (running.own or {}, *running.others)]
    for route, calls in [*own, *((route, calls) for route, _, calls in running.requests)]:
        for key, count in calls.items():
            if count:
                total = sums.setdefault((_name(key, made), route), [0, 0])
                total[0] += count
                total[1] = max(total[1], count)
    return {
        "queries": sum(calls for calls, _ in sums.values()),
        "routes": routes,
        "statements": [[name, route, *total] for (name, route), total in sums.items()],
        "made": made,
    }


def _name(key: Key, made: dict[str, list[Any]]) -> str:
    """A name for a statement and the place that makes it, described the first time."""
    name = f"{os.getpid():x}.{key[0]}.{key[1]}"
    if name not in _told:
        _told.add(name)
        statement, place = statements.table[key[0]], locations.resolve(key[1]) or {}
        sql = statement.sql[:SQL] if statement is not None else ""
        made[name] = [sql, *(place.get(part, "") for part in ("root", "file", "line", "function"))]
    return name


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch unittest's test cases: setUp() and tearDown() are not the test itself."""
    for cls in (getattr(module, name, None) for name in ("TestCase", "IsolatedAsyncioTestCase")):
        names = vars(cls) if getattr(cls, "__module__", "") == module.__name__ else {}
        if cls is not None and "_callSetUp" in names and "_callTearDown" in names:
            patches.replace(cls, "_callSetUp", _setting_up(cls._callSetUp))
            patches.replace(cls, "_callTearDown", _tearing_down(cls._callTearDown))


def _setting_up(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def set_up(self: Any) -> Any:
        result = original(self)
        if _running is not None:
            start()
        return result

    return set_up


def _tearing_down(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def tear_down(self: Any) -> Any:
        stop()
        return original(self)

    return tear_down
