"""The statements of a recording that look something up, the costliest first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from nuages.model import QueryGroup, Recording, Statement
from nuages.origins import is_set_up
from nuages.statements import NAME

VERBS = frozenset({"SELECT", "UPDATE", "DELETE"})
WRITES = frozenset({"INSERT", "UPDATE", "DELETE"})
WRITTEN = re.compile(rf"^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+{NAME}", re.IGNORECASE)
MOST = 300  # statements of one database
LIKE = 5  # times the slowest recorded call, up to which other values are thought to be asked for
NOISE_MS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One statement, in whatever scopes."""

    statement: Statement
    calls: int
    wall_ns: int
    max_ns: int = 0  # of one call; 0: not known

    def may_take(self, ms: float) -> bool:
        """Whether a run of so many ms is like those that were recorded."""
        return not self.max_ns or ms <= LIKE * self.max_ns / 1e6 + NOISE_MS


def workload(recording: Recording) -> Mapping[str, list[Work]]:
    """By database alias; what sets up databases and tests is left out."""
    groups: dict[Statement, list[QueryGroup]] = defaultdict(list)
    for group in recording.groups:
        if group.statement.verb in VERBS and not is_set_up(group.scope, group.location):
            groups[group.statement].append(group)
    found: dict[str, list[Work]] = defaultdict(list)
    for statement, own in groups.items():
        calls, wall_ns = sum(g.calls for g in own), sum(g.wall_ns for g in own)
        slowest = max(g.max_ns for g in own)
        work = Work(statement=statement, calls=calls, wall_ns=wall_ns, max_ns=slowest)
        found[statement.alias].append(work)
    return {
        alias: sorted(works, key=lambda work: (-work.wall_ns, work.statement.sql))[:MOST]
        for alias, works in sorted(found.items())
    }


def write_calls(recording: Recording) -> Mapping[str, int]:
    """Writes to each table in what was recorded."""
    found: dict[str, int] = defaultdict(int)
    for group in recording.groups:
        if group.statement.verb in WRITES and not is_set_up(group.scope, group.location):
            table = WRITTEN.match(group.statement.sql)
            if table:
                found[table[1]] += group.calls
    return found
