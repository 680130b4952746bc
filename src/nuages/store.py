"""Recordings: folded from the snapshots of processes, added up, kept in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from nuages.model import (
    Load,
    Location,
    QueryGroup,
    Recording,
    Relation,
    Scope,
    ScopeStats,
    Statement,
)
from nuages.record.snapshots import SUFFIX, decode
from nuages.storage import read, write

__all__ = ["fold", "merge", "merge_all", "read", "recording_from", "write"]

TESTS = 50  # names kept of a group's tests
SUMMED = frozenset({"tests_passed", "tests_failed", "recorder_faults"})
CHANGED = ""  # in place of a hash: not all processes saw the same file

K = TypeVar("K")
V = TypeVar("V")


def fold(spool: Path) -> Recording:
    """The recording of all processes that wrote into a spool; damaged files are counted."""
    snapshots, damaged = [], 0
    for path in sorted(spool.glob(f"*{SUFFIX}")):
        try:
            snapshots.append(decode(path.read_bytes()))
        except ValueError:
            damaged += 1
    recording = recording_from(snapshots)
    if damaged:
        recording = merge(recording, Recording(cut={"damaged snapshots": damaged}))
    return recording


def recording_from(snapshots: Iterable[Mapping[str, Any]]) -> Recording:
    """Add processes up; of one process's snapshots only the latest counts."""
    latest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for snapshot in snapshots:
        key = tuple(snapshot["key"][name] for name in ("host", "pid", "start", "random"))
        known = latest.get(key)
        if known is None or known["sequence"] < snapshot["sequence"]:
            latest[key] = snapshot
    return merge_all(_of_process(snapshot) for snapshot in latest.values())


def _of_process(snapshot: Mapping[str, Any]) -> Recording:
    locations = [Location(**v) if v else None for v in snapshot["locations"]]
    statements = [
        Statement(sql=sql, verb=verb, alias=alias, vendor=vendor)
        for sql, verb, alias, vendor in snapshot["statements"]
    ]
    loads: list[Load | None] = []
    for value in snapshot["loads"]:
        loads.append(_load(value, loads, locations) if value else None)
    scopes = [_scope_stats(value) for value in snapshot["scopes"]]
    groups = [
        _group(dict(value), scopes[value["scope"]].scope, statements, locations, loads)
        for value in snapshot["groups"]
    ]
    return _sorted(
        Recording(
            mode=snapshot["mode"],
            meta=snapshot["meta"],
            roots=snapshot["roots"],
            files=snapshot["files"],
            # A scope without executions only names what several scopes share.
            scopes=_added(((s.scope, s) for s in scopes if s.executions), _add_scopes),
            groups=_added(((_key(g), g) for g in groups), _add_groups),
            cut=snapshot["cut"],
            processes=1,
        )
    )


def _load(value: list[Any], loads: list[Load | None], locations: list[Location | None]) -> Load:
    model, created_at, relation, parent, how = value
    return Load(
        model=model,
        created_at=locations[created_at],
        relation=Relation(model=relation[0], field=relation[1], kind=relation[2])
        if relation
        else None,
        parent=loads[parent],
        how=how,
    )


def _scope_stats(value: Mapping[str, Any]) -> ScopeStats:
    values = dict(value)
    scope = Scope(kind=values.pop("kind"), name=values.pop("name"))
    return ScopeStats(scope=scope, **{**values, "histogram": tuple(values["histogram"])})


def _group(
    value: dict[str, Any],
    scope: Scope,
    statements: list[Statement],
    locations: list[Location | None],
    loads: list[Load | None],
) -> QueryGroup:
    value |= {
        "scope": scope,
        "statement": statements[value["statement"]],
        "location": locations[value["location"]],
        "created_at": locations[value["created_at"]],
        "trigger": locations[value["trigger"]],
        "load": loads[value["load"]],
        "histogram": tuple(value["histogram"]),
        "tests": tuple(value["tests"]),
    }
    return QueryGroup(**value)


def merge_all(recordings: Iterable[Recording]) -> Recording:
    """Add up any number of recordings."""
    total: Recording | None = None
    for recording in recordings:
        total = recording if total is None else merge(total, recording)
    return total or Recording()


def merge(a: Recording, b: Recording) -> Recording:
    """Add two recordings up; the order, and which are added first, make no difference."""
    return _sorted(
        Recording(
            mode="light" if "light" in (a.mode, b.mode) else "deep",
            meta=_merged(a.meta, b.meta, _add_meta),
            roots=_merged(a.roots, b.roots, lambda _, x, y: max(x, y)),
            files=_merged(a.files, b.files, lambda _, x, y: x if x == y else CHANGED),
            scopes=_added(((s.scope, s) for s in (*a.scopes, *b.scopes)), _add_scopes),
            groups=_added(((_key(g), g) for g in (*a.groups, *b.groups)), _add_groups),
            cut=_merged(a.cut, b.cut, lambda _, x, y: x + y),
            processes=a.processes + b.processes,
        )
    )


def _add_meta(name: str, x: str, y: str) -> str:
    return str(int(x) + int(y)) if name in SUMMED else max(x, y)


def _merged(a: Mapping[str, V], b: Mapping[str, V], add: Any) -> dict[str, V]:
    result = dict(a)
    for name, value in b.items():
        result[name] = add(name, result[name], value) if name in result else value
    return dict(sorted(result.items()))


def _added(pairs: Iterable[tuple[K, V]], add: Any) -> tuple[V, ...]:
    result: dict[K, V] = {}
    for key, value in pairs:
        result[key] = add(result[key], value) if key in result else value
    return tuple(result.values())


def _key(group: QueryGroup) -> tuple[Any, ...]:
    return (
        group.scope,
        group.statement,
        group.location,
        group.created_at,
        group.trigger,
        group.load,
        group.shape,
    )


def _add_scopes(a: ScopeStats, b: ScopeStats) -> ScopeStats:
    return ScopeStats(
        scope=a.scope,
        executions=a.executions + b.executions,
        queries=a.queries + b.queries,
        rows=a.rows + b.rows,
        wall_ns=a.wall_ns + b.wall_ns,
        cpu_ns=a.cpu_ns + b.cpu_ns,
        db_ns=a.db_ns + b.db_ns,
        statuses=_merged(a.statuses, b.statuses, lambda _, x, y: x + y),
        histogram=_add_histograms(a.histogram, b.histogram),
        view=max(a.view, b.view),
    )


def _add_groups(a: QueryGroup, b: QueryGroup) -> QueryGroup:
    return QueryGroup(
        scope=a.scope,
        statement=a.statement,
        location=a.location,
        created_at=a.created_at,
        trigger=a.trigger,
        load=a.load,
        shape=a.shape,
        executions=a.executions + b.executions,
        calls=a.calls + b.calls,
        loops=a.loops + b.loops,
        per_execution_max=max(a.per_execution_max, b.per_execution_max),
        distinct_max=max(a.distinct_max, b.distinct_max),
        rows=a.rows + b.rows,
        rows_max=max(a.rows_max, b.rows_max),
        wall_ns=a.wall_ns + b.wall_ns,
        max_ns=max(a.max_ns, b.max_ns),
        histogram=_add_histograms(a.histogram, b.histogram),
        # The first of a total order, and not the first that came: or the order would matter.
        tests=tuple(sorted({*a.tests, *b.tests})[:TESTS]),
    )


def _add_histograms(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    length = max(len(a), len(b))
    padded = [(*h, *([0] * (length - len(h)))) for h in (a, b)]
    return tuple(x + y for x, y in zip(*padded, strict=True))


def _sorted(recording: Recording) -> Recording:
    """In one order, whatever the order things were added in."""
    return Recording(
        mode=recording.mode,
        meta=recording.meta,
        roots=recording.roots,
        files=recording.files,
        scopes=tuple(sorted(recording.scopes, key=lambda s: (s.scope.kind, s.scope.name))),
        groups=tuple(sorted(recording.groups, key=lambda g: repr(_key(g)))),
        cut=recording.cut,
        processes=recording.processes,
    )
