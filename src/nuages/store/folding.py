"""Recordings folded from the snapshots of processes."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nuages.model import (
    CallGroup,
    Event,
    Exemplar,
    Load,
    LoadUse,
    Location,
    QueryGroup,
    Recording,
    Relation,
    ResultReuse,
    Scope,
    ScopeStats,
    Statement,
)
from nuages.record.snapshots import decode
from nuages.record.spools import SUFFIX
from nuages.stated import facts_from
from nuages.store.merging import added, in_order, merge, merge_all

# What a file that is cut off, cannot be read, or was written by another version may lead to.
UNREADABLE = (
    OSError, zlib.error, ValueError, LookupError, TypeError, AttributeError, RecursionError,
)  # fmt: skip

_Found = tuple[tuple[Any, ...], int, Recording]  # key of the process, sequence, what it says


def fold(*spools: Path) -> Recording:
    """The recording of all processes that wrote into these spools; damaged files are counted.

    A process that is in several of them, as one copied from a server is, counts once.
    """
    found: list[_Found] = []
    damaged = 0
    for path in sorted(path for spool in spools for path in spool.glob(f"*{SUFFIX}")):
        try:
            found.append(_read(decode(path.read_bytes())))
        except UNREADABLE:
            damaged += 1
    recording = _latest(found)
    if damaged:
        recording = merge(recording, Recording(cut={"damaged snapshots": damaged}))
    return recording


def recording_from(snapshots: Iterable[Mapping[str, Any]]) -> Recording:
    """Add processes up; of one process's snapshots only the latest counts."""
    return _latest(_read(snapshot) for snapshot in snapshots)


def _read(snapshot: Mapping[str, Any]) -> _Found:
    key = tuple(snapshot["key"][name] for name in ("host", "pid", "start", "random"))
    return key, int(snapshot["sequence"]), _of_process(snapshot)


def _latest(found: Iterable[_Found]) -> Recording:
    latest: dict[tuple[Any, ...], tuple[int, Recording]] = {}
    for key, sequence, recording in found:
        if key not in latest or latest[key][0] < sequence:
            latest[key] = sequence, recording
    return merge_all(recording for _, recording in latest.values())


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
    return in_order(
        Recording(
            mode=snapshot["mode"],
            meta=snapshot["meta"],
            roots=snapshot["roots"],
            files=snapshot["files"],
            # A scope without any figures only names what several scopes share.
            scopes=added(s for s in scopes if s.executions or s.counters or s.peaks),
            groups=added(groups),
            calls=added(
                _call(value, scopes[value["scope"]].scope, locations) for value in snapshot["calls"]
            ),
            exemplars=tuple(
                _exemplar(value, scopes[value["scope"]].scope, statements, locations)
                for value in snapshot["exemplars"]
            ),
            uses=added(filter(None, (_use(value, loads) for value in snapshot["uses"]))),
            reuse=added(_reuse(value, statements, locations) for value in snapshot["reuse"]),
            cut=snapshot["cut"],
            facts=facts_from(snapshot.get("facts")),
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


def _call(value: dict[str, Any], scope: Scope, locations: list[Location | None]) -> CallGroup:
    values = value | {
        "scope": scope,
        "location": locations[value["location"]],
        "histogram": tuple(value["histogram"]),
    }
    return CallGroup(**values)


def _exemplar(
    value: dict[str, Any],
    scope: Scope,
    statements: list[Statement],
    locations: list[Location | None],
) -> Exemplar:
    events = tuple(
        Event(
            kind=kind,
            name=name,
            operation=operation,
            statement=statements[statement] if statement >= 0 else None,
            location=locations[location],
            offset_ns=offset_ns,
            wall_ns=wall_ns,
            rows=rows,
        )
        for kind, name, operation, statement, location, offset_ns, wall_ns, rows in value["events"]
    )
    return Exemplar(**(value | {"scope": scope, "events": events}))


def _use(value: dict[str, Any], loads: list[Load | None]) -> LoadUse | None:
    load = loads[value["load"]]
    return LoadUse(**(value | {"load": load})) if load else None


def _reuse(
    value: dict[str, Any], statements: list[Statement], locations: list[Location | None]
) -> ResultReuse:
    return ResultReuse(
        **(
            value
            | {
                "statement": statements[value["statement"]],
                "location": locations[value["location"]],
            }
        )
    )
