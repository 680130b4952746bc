"""One execution of a scope, and what is counted for it: queries, calls, time, counters, peaks."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from types import MappingProxyType
from typing import Any

from nuages.record import statements
from nuages.record.clocks import perf_counter_ns
from nuages.record.events import Call, CallKey, CallTally, Key, Query, Tally
from nuages.record.sampling import Sample

KEYS = 20_000  # kinds of query, and of call, in one execution
NAME = 200  # characters kept of a call's name
EVENTS = 512  # queries and calls that an execution holds before it adds them up
REPORT = "report"  # of an execution that nobody begins or ends, see error_reports.py
SAMPLED_FIRST = 64  # executions, before only every so many are sampled
FIGURES = (
    "queries", "rows", "db_ns", "cpu_ns", "wall_ns", "io_cpu_ns", "settled", "events_left_out",
    "left_out", "counters", "peaks", "nested_wall_ns", "nested_cpu_ns", "gc_ns",
)  # fmt: skip

# The executions in which what is dear to measure is measured.
sample = Sample(first=SAMPLED_FIRST, every=1)


class Execution:
    """One request, command, test or task; or the process, for what belongs to none of them."""

    # What is rarely set stands here, since each of them would cost every request 20 ns.
    view = ""
    statuses: Mapping[str, int] = MappingProxyType({})
    is_ended = False
    is_answered = False  # a response was given; a stream may still be sent
    is_unmatched = False  # a request that Django has found no route for
    is_inherited = False  # begun before a fork, in the process that forked
    request: Any = None  # while it is being answered; tells the route, once it is resolved
    queries = rows = db_ns = cpu_ns = wall_ns = 0
    io_cpu_ns = 0  # of cpu_ns, spent inside the database's driver, a cache's, a client's
    nested_wall_ns = nested_cpu_ns = gc_ns = 0  # of executions inside; of garbage collections
    settled = 0  # events added up
    events_left_out = 0  # added up and forgotten
    left_out = 0  # kinds beyond KEYS
    counters: Mapping[str, int] = MappingProxyType({})  # see model.COUNTERS
    peaks: Mapping[str, int] = MappingProxyType({})  # see model.PEAKS

    def __init__(
        self, kind: str, name: str, parent: Execution | None = None, test: str = ""
    ) -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        # The test that it belongs to.
        self.test: str = name if kind == "test" else parent.test if parent else test
        self.is_sampled = sample.takes_next()
        self.lock = RLock()
        self.events: list[Query | Call] = []
        self.tallies: dict[Key, Tally] = {}
        self.call_tallies: dict[CallKey, CallTally] = {}
        self.started_ns = perf_counter_ns()

    def forget(self) -> None:
        """Count anew from now on."""
        for name in FIGURES:
            vars(self).pop(name, None)
        self.events, self.tallies, self.call_tallies = [], {}, {}
        self.started_ns = perf_counter_ns()

    def query(self, key: Key, params: int | None, started_ns: int, wall_ns: int) -> Query:
        """Count a query that took `wall_ns` to execute; `params` is a hash, see hash_of()."""
        query = Query()
        query.execution = self
        query.key = key
        query.params = params
        query.started_ns = started_ns
        query.wall_ns = wall_ns
        query.rows = 0
        query.error = ""
        query.tally = None
        events = self.events
        events.append(query)
        if len(events) >= EVENTS:
            self.let_go()
        return query

    def call(
        self, key: CallKey, started_ns: int, wall_ns: int, outcomes: tuple[str, ...] = ()
    ) -> None:
        """Count a call that is no query."""
        if len(key[1]) > NAME:
            key = (key[0], key[1][:NAME], *key[2:])
        self.events.append(Call(key, started_ns, wall_ns, outcomes))
        if len(self.events) >= EVENTS:
            self.let_go()

    def count(self, name: str, amount: int = 1) -> None:
        """Add to one of model.COUNTERS."""
        with self.lock:
            self.counters = {**self.counters, name: self.counters.get(name, 0) + amount}

    def peak(self, name: str, amount: int) -> None:
        """Raise one of model.PEAKS."""
        with self.lock:
            self.peaks = {**self.peaks, name: max(self.peaks.get(name, 0), amount)}

    def let_go(self) -> None:
        """Forget events that were added up: each refers to its execution, so only a collection of
        garbage would find them.
        """
        self.settle()
        with self.lock:
            self.events_left_out += self.settled
            del self.events[: self.settled]
            self.settled = 0

    def happened(self) -> int:
        """How many queries and calls there were so far."""
        return len(self.events) + self.events_left_out

    def has_figures(self) -> bool:
        """Whether anything was counted."""
        events = self.events or self.tallies or self.call_tallies
        return bool(events or self.counters or self.peaks)

    def counts(self) -> bool:
        """Whether a snapshot is to tell of it though it has not ended."""
        if self.is_inherited or self.kind == "process":
            return self.has_figures()
        return self.kind != "request" or self.is_answered

    def settle(self) -> None:
        """Add up what happened since the last time."""
        with self.lock:
            new = self.events[self.settled :]
            self.settled += len(new)
            for event in new:
                if isinstance(event, Query):
                    tally = self.tallies.get(event.key) or self._new_tally(event.key)
                    if tally is not None:
                        tally.add(event)
                        self.queries += tally.is_counted
                        self.rows += event.rows
                        self.db_ns += event.wall_ns
                else:
                    self._add_call(event)

    def _new_tally(self, key: Key) -> Tally | None:
        if len(self.tallies) >= KEYS:
            self.left_out += 1
            return None
        statement = statements.table.values[key[0]]
        is_counted = statement is None or not statement.is_transaction
        tally = self.tallies[key] = Tally(is_counted=is_counted)
        return tally

    def _add_call(self, call: Call) -> None:
        tally = self.call_tallies.get(call.key)
        if tally is None:
            if len(self.call_tallies) >= KEYS:
                self.left_out += 1
                return
            tally = self.call_tallies[call.key] = CallTally()
        tally.add(call.wall_ns, call.outcomes)
