"""The ledger: who tried to leave, read back as one entry per kind, target and origin."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from nuages.model import LedgerEntry, Location
from nuages.record.ownership import Ownership

Verdict = Literal["denied", "contained", "allowed"]
Via = Literal["audit", "kernel", "overlay"]
_Process = tuple[str, int]  # the enclosure's run, and the process's number in it


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What one process did, as one of the witnesses saw it."""

    kind: str
    target: str
    verdict: Verdict
    via: Via
    origin: Location | None
    process: _Process
    count: int = 1


def ledger(path: Path) -> tuple[LedgerEntry, ...]:
    """Read and fold; attempts that both the audit hook and the kernel saw count once."""
    lines = list(_lines(path))
    return _entries(_without_echoes(_audited(lines), _by_kernel(lines)))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines only: a process may have been killed in the middle of one."""
    try:
        text = path.read_text(errors="replace")
    except FileNotFoundError:
        return
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            yield value


def _audited(lines: Iterable[Mapping[str, Any]]) -> list[_Seen]:
    """The processes' own lines; their counts are cumulative, so the highest stands."""
    highest: dict[_Seen, int] = {}
    for line in lines:
        if line.get("via") in ("audit", "overlay"):
            seen = _seen(line, _location(line.get("origin")))
            highest[seen] = max(highest.get(seen, 0), line["n"])
    return [replace(seen, count=count) for seen, count in highest.items()]


def _by_kernel(lines: Iterable[Mapping[str, Any]]) -> list[_Seen]:
    """The supervisor's lines; a child's attempt gets the origin of the command that started it."""
    roots: dict[str, str] = {}
    commands: dict[_Process, Location | None] = {}
    counts: dict[_Seen, int] = defaultdict(int)
    for line in lines:
        if "roots" in line:
            roots |= line["roots"]
        elif line.get("kind") == "subprocess":
            commands[line["run"], line["pid"]] = _location(line["origin"])
        elif line.get("via") == "kernel":
            above = [(line["run"], pid) for pid in line["above"]]
            started = next((commands[process] for process in above if process in commands), None)
            counts[_seen(line, _innermost(line["trace"], roots) or started)] += 1
    return [replace(seen, count=count) for seen, count in counts.items()]


def _seen(line: Mapping[str, Any], origin: Location | None) -> _Seen:
    return _Seen(
        kind=line["kind"],
        target=line["target"],
        verdict=line["verdict"],
        via=line["via"],
        origin=origin,
        process=(line["run"], line["pid"]),
    )


def _location(values: Mapping[str, Any] | None) -> Location | None:
    return Location(**values) if values else None


def _innermost(trace: Sequence[Sequence[Any]], roots: Mapping[str, str]) -> Location | None:
    """The first of the frames, innermost first, that is the project's own."""
    ownership = Ownership(roots)
    for file, line, function in trace:
        if place := ownership.place(file):
            root, below = place
            return Location(root=root, file=below, line=line, function=function)
    return None


def _without_echoes(audited: list[_Seen], kernel: list[_Seen]) -> list[_Seen]:
    """Drop what the other witness tells better."""
    known: dict[tuple[_Process, str, str], list[_Seen]] = defaultdict(list)
    resolved: dict[_Process, list[_Seen]] = defaultdict(list)
    for seen in audited:
        known[seen.process, seen.kind, seen.target].append(seen)
        if seen.kind == "resolve":
            resolved[seen.process].append(seen)
    kept = [seen for seen in audited if seen.origin or not _told(seen, _others(known, seen))]
    for seen in kernel:
        # A datagram socket connected before the real one is the C library sorting addresses;
        # asking the name server is what resolving a name looks like from below.
        tellers = known[seen.process, seen.kind, seen.target]
        tellers = tellers + known[seen.process, seen.kind, seen.target.removesuffix("/udp")]
        if seen.kind == "resolve":
            tellers = tellers + resolved[seen.process]
        if not _told(seen, tellers):
            kept.append(seen)
    return kept


def _others(known: Mapping[tuple[_Process, str, str], list[_Seen]], seen: _Seen) -> list[_Seen]:
    return [s for s in known[seen.process, seen.kind, seen.target] if s.origin]


def _told(seen: _Seen, tellers: Iterable[_Seen]) -> bool:
    return any(seen.origin is None or _line(seen) == _line(teller) for teller in tellers)


def _line(seen: _Seen) -> tuple[str, str, int] | None:
    origin = seen.origin
    return (origin.root, origin.file, origin.line) if origin else None


def _entries(all_seen: Iterable[_Seen]) -> tuple[LedgerEntry, ...]:
    """Sum over processes, in the order of first appearance."""
    counts: dict[_Seen, int] = defaultdict(int)
    for seen in all_seen:
        counts[replace(seen, process=("", 0), count=0)] += seen.count
    return tuple(
        LedgerEntry(
            kind=seen.kind,
            target=seen.target,
            verdict=seen.verdict,
            origin=seen.origin,
            via=seen.via,
            count=count,
        )
        for seen, count in counts.items()
    )
