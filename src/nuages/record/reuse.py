"""How often a statement gives what it gave before for the same parameters, as a cache would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import cursors, faults, interning, statements
from nuages.record.clocks import monotonic
from nuages.record.events import Query
from nuages.record.execution import REPORT
from nuages.record.patches import Patches

TTLS = (1, 10, 60, 300, 3600)  # seconds
KEYS = 256  # parameter sets of one statement and site, the last used
PLACES = 5_000  # statements and sites a process, the last used
ROWS = 1_000  # of a result that are compared; beyond them their number is
QUERIES = 2_000  # of one statement and site that are watched
RESULT = "_nuages_result"  # on a cursor: what is being fetched


class Key:
    """What one set of parameters gave the last time, and what a cache would hold for it."""

    __slots__ = ("filled", "result")

    def __init__(self, result: int, now: float) -> None:
        self.result = result
        self.filled = [(now, result)] * len(TTLS)


class Reuse:
    """The queries of one statement from one site."""

    __slots__ = ("calls", "hits", "keys", "lookups", "recent", "same", "stale", "wall_ns")

    def __init__(self) -> None:
        self.recent: dict[int | None, Key] = {}  # by parameters, the last used last
        self.keys = self.lookups = self.same = self.calls = self.wall_ns = 0
        self.hits = [0] * len(TTLS)
        self.stale = [0] * len(TTLS)

    def add(self, params: int | None, result: int, wall_ns: int, now: float) -> None:
        self.calls += 1
        self.wall_ns += wall_ns
        key = self.recent.pop(params, None)
        if key is None:
            self.keys += 1
            key = Key(result, now)
            if len(self.recent) >= KEYS:
                del self.recent[next(iter(self.recent))]
        else:
            self._look_up(key, result, now)
        self.recent[params] = key

    def _look_up(self, key: Key, result: int, now: float) -> None:
        self.lookups += 1
        self.same += result == key.result
        key.result = result
        for number, seconds in enumerate(TTLS):
            since, kept = key.filled[number]
            if now - since < seconds:
                self.hits[number] += 1
                self.stale[number] += kept != result
            else:
                key.filled[number] = (now, result)

    def figures(self) -> dict[str, Any]:
        """The figures of a model.ResultReuse."""
        return {
            "keys": self.keys,
            "lookups": self.lookups,
            "same": self.same,
            "hits": _by_ttl(self.hits),
            "stale": _by_ttl(self.stale),
            "wall_ns": self.wall_ns,
            "calls": self.calls,
        }


def _by_ttl(counts: list[int]) -> dict[str, int]:
    return {str(seconds): n for seconds, n in zip(TTLS, counts, strict=True)}


class Result:
    """The rows of one query, as far as they were fetched."""

    __slots__ = ("identity", "is_ended", "query", "rows")

    def __init__(self, query: Query) -> None:
        self.query = query
        self.identity = 0
        self.rows = 0
        self.is_ended = False

    def add(self, rows: Sequence[Any]) -> None:
        if self.rows < ROWS:
            self.identity = hash((self.identity, _identity(rows)))
        self.rows += len(rows)


def _identity(rows: Sequence[Any]) -> int:
    try:
        return hash(tuple(rows))
    except (TypeError, ValueError):  # an array, a dictionary, a writable buffer
        return hash(repr(rows))


_places: dict[tuple[int, int], Reuse] = {}  # statement and site, the last used last


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.backends.utils, around what counts the rows."""
    wrapper = module.CursorWrapper
    patches.replace(wrapper, RESULT, None)
    for name in ("fetchone", "fetchmany", "fetchall"):
        patches.replace(wrapper, name, _fetching(name, getattr(wrapper, name)))
    patches.replace(wrapper, "__iter__", _iterating(wrapper.__iter__))
    patches.replace(wrapper, "close", _closing(wrapper.__getattr__))


def _fetching(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def fetch(self: Any, *args: Any, **kwargs: Any) -> Any:
        rows = original(self, *args, **kwargs)
        try:
            if name != "fetchone":
                _fetched(self, rows)
            else:
                _fetched(self, () if rows is None else (rows,))
        except Exception:
            faults.note()
        return rows

    return fetch


def _fetched(cursor: Any, rows: Sequence[Any]) -> None:
    """Rows were fetched; none of them are the end."""
    query = cursor._nuages_query
    if query is None:
        return
    result = cursor._nuages_result
    if result is None or result.query is not query:
        if not _is_watched(query):
            return
        result = cursor.__dict__[RESULT] = Result(query)
    if not rows:
        _end(cursor)
    elif not result.is_ended:
        result.add(rows)


def _iterating(original: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    @wraps(original)
    def iterate(self: Any) -> Iterator[Any]:
        rows: Any = original(self)
        for row in rows:
            try:
                _fetched(self, (row,))
            except Exception:
                faults.note()
            try:
                yield row
            except GeneratorExit:
                rows.close()
                raise
        try:
            _fetched(self, ())
        except Exception:
            faults.note()

    return iterate


def _closing(original: Any) -> Callable[[Any], Any]:
    def close(self: Any) -> Any:
        try:
            _end(self)
        except Exception:
            faults.note()
        return cursors.passed(original, self, "close")()

    return close


def _is_watched(query: Query) -> bool:
    """Whether it is a read that nobody waits for a lock with, and not one too many."""
    statement = statements.table[query.key[0]]
    if statement is None or statement.verb != "SELECT" or query.key[5] == "write":
        return False
    if query.execution.kind == REPORT:
        return False
    if query.error or " FOR " in statement.sql[-60:]:
        return False
    place = _places.get(query.key[:2])
    return place is None or place.calls < QUERIES


def _end(cursor: Any) -> None:
    result = cursor._nuages_result
    if result is None or result.is_ended:
        return
    result.is_ended = True
    query = result.query
    identity = hash((result.identity, result.rows))
    with interning.lock:
        place = _places.pop(query.key[:2], None) or Reuse()
        if len(_places) >= PLACES:
            del _places[next(iter(_places))]
            interning.left_out("reuse")
        _places[query.key[:2]] = place
        place.add(query.params, identity, query.wall_ns, monotonic())


def clear() -> None:
    _places.clear()


def watched() -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Statement, site and figures."""
    for (statement, site), place in list(_places.items()):
        yield statement, site, place.figures()
