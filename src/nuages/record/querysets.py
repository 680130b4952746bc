"""Hooks on querysets: they carry their creation, and the instances they fetch carry their load."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from types import ModuleType
from typing import Any

from nuages.record import asks, capture, faults, fields, landmarks, lineage, shapes, uses
from nuages.record.joins import Join, joins_of, tag_joined, watch_joined
from nuages.record.lineage import ATTRIBUTE, current
from nuages.record.patches import Patches
from nuages.record.relations import of_prefetch

# What a method of QuerySet makes of the query that it executes; None leaves it to the query.
OPERATIONS = {
    "count": "count", "exists": "exists", "contains": "exists", "aggregate": "aggregate",
    "get": "get", "_fetch_all": None, "_iterator": None, "in_bulk": None, "_update": None,
    "delete": None, "_raw_delete": None, "explain": "other",
}  # fmt: skip
TRACES = frozenset({ATTRIBUTE, shapes.BASE, fields.READ})  # what recorded objects carry


class Fetch:
    """One evaluation of a queryset on this thread."""

    __slots__ = ("is_tagged", "joins", "number", "populators", "queryset", "uses")

    def __init__(self, queryset: Any) -> None:
        self.queryset = queryset
        self.number: int | None = None  # of the load, once it is known
        self.joins: Sequence[Join] = []
        self.uses: dict[int, uses.Use] | None = None  # of the loads that are watched, joins' too
        self.populators: list[Any] = []  # what select_related joins, as the compiler found it
        self.is_tagged = False


def mark(module: ModuleType) -> None:
    """Make known the frames of django.db.models.query that say the shape."""
    for name, shape in OPERATIONS.items():
        method = vars(module.QuerySet).get(name)
        if method is not None:
            landmarks.add(method, landmarks.OPERATION, shape)
    landmarks.add(module.RawModelIterable.__iter__, landmarks.OPERATION)


def hook_query(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.models.sql.query: a root query is where a queryset is created."""
    for cls in (module.Query, module.RawQuery):
        patches.replace(cls, "__init__", _creating(cls.__init__))
        patches.replace(cls, "__getstate__", _without_traces(cls))


def _creating(original: Callable[..., None]) -> Callable[..., None]:
    own_modules: dict[type, bool] = {}

    @wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        cls = type(self)
        is_write = own_modules.get(cls)
        if is_write is None:
            is_write = own_modules[cls] = cls.__module__ == "django.db.models.sql.subqueries"
        if is_write:
            return
        try:
            vars(self)[ATTRIBUTE] = capture.creation(sys._getframe(1))
        except Exception:
            faults.note()

    return init


def _without_traces(cls: type) -> Callable[[Any], Any]:
    original: Any = cls.__getstate__  # object has one since 3.11
    nothing: Any = None if original is object.__getstate__ else {}

    @wraps(original)
    def getstate(self: Any) -> Any:
        state = original(self)
        if isinstance(state, dict) and not state.keys().isdisjoint(TRACES):
            # The order stays: pickles must equal those made unrecorded, to the byte.
            return {k: v for k, v in state.items() if k not in TRACES} or nothing
        return state

    return getstate


def _told_of_copies(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(original)
    def getstate(self: Any) -> Any:
        try:
            uses.copied(self)
        except Exception:
            faults.note()
        return original(self)

    return getstate


def hook_state(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.models.base: pickles and copies go without the load."""
    getstate = _without_traces(module.ModelState)
    patches.replace(module.ModelState, "__getstate__", _told_of_copies(getstate))


def hook(module: ModuleType, patches: Patches) -> None:
    """Patch django.db.models.query."""
    queryset = module.QuerySet
    patches.replace(queryset, "_fetch_all", _fetching(queryset._fetch_all))
    patches.replace(
        queryset, "_prefetch_related_objects", _prefetching(queryset._prefetch_related_objects)
    )
    patches.replace(queryset, "_add_hints", _hinting(queryset._add_hints))
    patches.replace(queryset, "_clone", _cloning(queryset._clone))
    for name in ("ModelIterable", "RawModelIterable"):
        iterable = getattr(module, name)
        patches.replace(iterable, "__iter__", _iterating(iterable.__iter__))
    patches.replace(module, "get_related_populators", _populating(module.get_related_populators))
    prefetch = _prefetching_level(module.prefetch_one_level)
    landmarks.add(prefetch, landmarks.PREFETCH)
    patches.replace(module, "prefetch_one_level", prefetch)


def _fetching(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(original)
    def fetch_all(self: Any) -> None:
        if self._result_cache is not None:
            original(self)
            asks.of_caller(self, sys._getframe(1))
            return
        outer = current.fetch
        fetch = current.fetch = Fetch(self)
        _expect(self)
        try:
            original(self)
            _tag_results(fetch)
        finally:
            current.fetch = outer
        asks.of_caller(self, sys._getframe(1))

    return fetch_all


def _prefetching(original: Callable[[Any], None]) -> Callable[[Any], None]:
    @wraps(original)
    def prefetch(self: Any) -> None:
        fetch = current.fetch
        if fetch is not None and fetch.queryset is self:
            _tag_results(fetch)
        outer, current.is_matching = current.is_matching, True
        try:
            original(self)
        finally:
            current.is_matching = outer

    return prefetch


def _expect(queryset: Any) -> None:
    try:
        if getattr(queryset, "_fields", None) is None:  # else it gives dictionaries or tuples
            uses.expect(queryset.model)
    except Exception:
        faults.note()


def _tag_results(fetch: Fetch) -> None:
    if fetch.is_tagged:
        return
    fetch.is_tagged = True
    try:
        _tag(fetch.queryset._result_cache, fetch)
    except Exception:
        faults.note()


def _tag(instances: Sequence[Any], fetch: Fetch) -> None:
    """Give instances the load of their queryset, and joined ones loads that hang on it."""
    number = fetch.number
    if number is None:
        number = fetch.number = _load(fetch.queryset)
        if instances and hasattr(instances[0], "_state"):
            fetch.joins = joins_of(fetch.populators, number)
            fetch.uses = {}
            uses.begin(fetch.uses, number, fetch.queryset.model)
            watch_joined(fetch.uses, fetch.joins)
    for instance in instances:
        state = getattr(instance, "_state", None)
        if state is None:  # values(), or an iterable of the project's own
            return
        state._nuages = number
    found: dict[int, list[Any]] | None = {} if fetch.uses else None
    if fetch.joins:
        for instance in instances:
            tag_joined(instance, fetch.joins, found)
    if fetch.uses and found is not None:
        found.setdefault(number, []).extend(instances)
        for load, use in fetch.uses.items():
            use.take(found.get(load, []))


def _load(queryset: Any) -> int:
    query = vars(queryset).get("_query") or queryset.query
    creation = vars(query).get(ATTRIBUTE, 0)
    return lineage.load_of_query(creation, queryset.model._meta.label, lineage.prefetching())


def _iterating(original: Callable[[Any], Iterator[Any]]) -> Callable[[Any], Iterator[Any]]:
    @wraps(original)
    def iterate(self: Any) -> Iterator[Any]:
        fetch = current.fetch
        if fetch is not None and fetch.queryset is self.queryset:
            return original(self)  # the results are tagged all at once
        _expect(self.queryset)
        return _tagging(Fetch(self.queryset), original(self))

    return iterate


def _tagging(fetch: Fetch, rows: Iterator[Any]) -> Iterator[Any]:
    try:
        while True:
            outer, current.fetch = current.fetch, fetch
            try:
                instance = next(rows)
            except StopIteration:
                return
            finally:
                current.fetch = outer
            try:
                _tag((instance,), fetch)
                if not fetch.is_tagged:
                    fetch.is_tagged = True
                    uses.note_ask(fetch.number or 0, uses.STREAMED)
            except Exception:
                faults.note()
            yield instance
    finally:
        close = getattr(rows, "close", None)
        if close is not None:
            close()


def _populating(original: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    @wraps(original)
    def populators_of(klass_info: Any, *args: Any, **kwargs: Any) -> list[Any]:
        populators = original(klass_info, *args, **kwargs)
        try:
            if populators:
                related = klass_info.get("related_klass_infos", ())
                for populator, info in zip(populators, related, strict=False):
                    vars(populator)[ATTRIBUTE] = info
                if current.fetch is not None:
                    current.fetch.populators = populators  # the outermost call is the last
        except Exception:
            faults.note()
        return populators

    return populators_of


def _hinting(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def add_hints(self: Any, **hints: Any) -> None:
        original(self, **hints)
        if "instance" in hints:
            try:
                query = self._query
                lookups = len(self._prefetch_related_lookups)
                vars(query)[shapes.BASE] = shapes.fingerprint(query, lookups)
            except Exception:
                faults.note()

    return add_hints


def _cloning(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`event.talks.filter(…)` starts from the queryset that a prefetch of `talks` has left there,
    which has no line of its own: it is created where it is narrowed.
    """

    @wraps(original)
    def clone(self: Any) -> Any:
        made = original(self)
        try:
            query = made._query
            creation = lineage.creations[vars(query).get(ATTRIBUTE, 0)]
            if creation and creation.relation and not creation.site and not current.prefetch:
                vars(query)[ATTRIBUTE] = capture.continuation(sys._getframe(1), creation)
        except Exception:
            faults.note()
        return made

    return clone


def _prefetching_level(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def prefetch(instances: Any, prefetcher: Any, lookup: Any, level: int) -> Any:
        outer, was_matching = current.prefetch, current.is_matching
        current.is_matching = True
        try:
            current.prefetch = of_prefetch(instances, prefetcher, lookup, level)
        except Exception:
            faults.note()
        try:
            found = original(instances, prefetcher, lookup, level)
        finally:
            current.prefetch, current.is_matching = outer, was_matching
        try:
            asks.of_prefetch(found, lookup, level)
        except Exception:
            faults.note()
        return found

    return prefetch
