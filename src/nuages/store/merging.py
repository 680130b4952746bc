"""Recordings added up: the order, and which are added first, make no difference."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, replace
from itertools import groupby
from operator import add, attrgetter
from typing import Any, TypeVar

from nuages.model import (
    CallGroup,
    Catalog,
    Exemplar,
    Facts,
    LoadUse,
    QueryGroup,
    Recording,
    ResultReuse,
    ScopeStats,
)
from nuages.record.facts import to_json
from nuages.stated import WEB_SERVERS

TESTS = 50  # names kept of a group's tests
EXEMPLARS = 3  # kept of a scope
# Of several servers in one recording the first of these is the site's.
SERVERS = (
    WEB_SERVERS,
    ("runserver",),
    ("celery", "dramatiq", "huey_consumer", "rq"),
    ("pytest",),
)
SUMMED = frozenset({"tests_passed", "tests_failed", "recorder_faults"})
CHANGED = ""  # in place of a hash: not all processes saw the same file

V = TypeVar("V")
R = TypeVar("R", ScopeStats, QueryGroup, CallGroup, LoadUse, ResultReuse)


def merge_all(recordings: Iterable[Recording]) -> Recording:
    """Add up any number of recordings."""
    total: Recording | None = None
    for recording in recordings:
        total = recording if total is None else merge(total, recording)
    return total or Recording()


def merge(a: Recording, b: Recording) -> Recording:
    """Add two recordings up; commutative and associative."""
    return in_order(
        Recording(
            mode="light" if "light" in (a.mode, b.mode) else "deep",
            meta=_merged(a.meta, b.meta, _add_meta),
            roots=_merged(a.roots, b.roots, lambda _, x, y: max(x, y)),
            files=_merged(a.files, b.files, lambda _, x, y: x if x == y else CHANGED),
            scopes=added((*a.scopes, *b.scopes)),
            groups=added((*a.groups, *b.groups)),
            calls=added((*a.calls, *b.calls)),
            exemplars=(*a.exemplars, *b.exemplars),
            uses=added((*a.uses, *b.uses)),
            reuse=added((*a.reuse, *b.reuse)),
            cut=_sums(a.cut, b.cut),
            facts=_facts(a.facts, b.facts),
            processes=a.processes + b.processes,
        )
    )


def _facts(a: Facts, b: Facts) -> Facts:
    """Of the one that tells more, as a server does and not its supervisor; of two servers of one
    site, such as the web's and a queue's, the one that answers requests is named.
    """
    if a == b:
        return a
    richest = max(a, b, key=_told if _said(a) == _said(b) else _said)
    return replace(
        richest,
        catalogs=_merged(a.catalogs, b.catalogs, lambda _, x, y: max(x, y, key=_read)),
        server=max(a.server, b.server, key=_answering),
    )


def _said(facts: Facts) -> tuple[int, int, int]:
    return len(facts.models), len(facts.settings), len(facts.explicit)


def _told(facts: Facts) -> str:
    return to_json(replace(facts, catalogs={}, server=""))


def _read(catalog: Catalog) -> tuple[int, str]:
    return len(catalog.tables), repr(catalog)


def _answering(server: str) -> tuple[int, str]:
    for rank, names in enumerate(SERVERS):
        if server in names:
            return len(SERVERS) - rank, server
    return 0, server


def _add_meta(name: str, x: str, y: str) -> str:
    return str(int(x) + int(y)) if name in SUMMED else max(x, y)


def _merged(a: Mapping[str, V], b: Mapping[str, V], combine: Callable[..., V]) -> dict[str, V]:
    result = dict(a)
    for name, value in b.items():
        result[name] = combine(name, result[name], value) if name in result else value
    return dict(sorted(result.items()))


def _sums(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return _merged(a, b, lambda _, x, y: x + y)


def _maxima(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return _merged(a, b, lambda _, x, y: max(x, y))


def _histograms(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    length = max(len(a), len(b))
    padded = [(*h, *([0] * (length - len(h)))) for h in (a, b)]
    return tuple(x + y for x, y in zip(*padded, strict=True))


def _tests(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    # The first of a total order, and not the first that came: or the order would matter.
    return tuple(sorted({*a, *b})[:TESTS])


# What tells one value from another; everything else is added up.
KEYS: Mapping[type, tuple[str, ...]] = {
    ScopeStats: ("scope",),
    QueryGroup: ("scope", "statement", "location", "created_at", "trigger", "load", "shape"),
    CallGroup: ("scope", "kind", "name", "operation", "location"),
    LoadUse: ("load",),
    ResultReuse: ("statement", "location"),
}
# How, where it isn't a sum of integers.
COMBINE: Mapping[str, Callable[[Any, Any], Any]] = {
    "view": max,
    "per_execution_max": max,
    "distinct_max": max,
    "rows_max": max,
    "max_ns": max,
    "statuses": _sums,
    "errors": _sums,
    "outcomes": _sums,
    "counters": _sums,
    "peaks": _maxima,
    "fields": _sums,
    "bytes": _sums,
    "hits": _sums,
    "stale": _sums,
    "histogram": _histograms,
    "tests": _tests,
}


def added(values: Iterable[R]) -> tuple[R, ...]:
    """Values of one key added up."""
    result: dict[Hashable, R] = {}
    for value in values:
        key = _key(value)
        result[key] = _sum(result[key], value) if key in result else value
    return tuple(result.values())


def _key(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, name) for name in KEYS[type(value)])


def _sum(a: R, b: R) -> R:
    keys = KEYS[type(a)]
    return replace(
        a,
        **{
            field.name: COMBINE.get(field.name, add)(getattr(a, field.name), getattr(b, field.name))
            for field in fields(a)
            if field.name not in keys
        },
    )


def in_order(recording: Recording) -> Recording:
    """In one order, whatever the order things were added in."""
    return replace(
        recording,
        scopes=tuple(sorted(recording.scopes, key=lambda s: (s.scope.kind, s.scope.name))),
        groups=_sorted(recording.groups),
        calls=_sorted(recording.calls),
        exemplars=_slowest(recording.exemplars),
        uses=_sorted(recording.uses),
        reuse=_sorted(recording.reuse),
    )


def _sorted(values: tuple[V, ...]) -> tuple[V, ...]:
    return tuple(sorted(values, key=lambda value: repr(_key(value))))


def _slowest(exemplars: Iterable[Exemplar]) -> tuple[Exemplar, ...]:
    """The slowest of each scope, by a total order."""
    ordered = sorted(
        exemplars, key=lambda e: (e.scope.kind, e.scope.name, -e.wall_ns, e.started, e.key)
    )
    return tuple(
        exemplar
        for _, of_scope in groupby(ordered, key=attrgetter("scope"))
        for exemplar in list(of_scope)[:EXEMPLARS]
    )
