"""Totals: executions folded into counts per scope and per kind of query."""

from __future__ import annotations

from collections import deque
from threading import RLock

from nuages.record import faults, histograms, statements
from nuages.record.clocks import perf_counter_ns
from nuages.record.events import CallKey, CallTally, Key, Tally
from nuages.record.execution import Execution
from nuages.record.executions import unfinished
from nuages.record.exemplars import Exemplars

SCOPES = {"test": 50_000}  # a test suite is larger than a site, and every test has its outcome
OTHER_SCOPES = 2_000
GROUPS = 20_000  # in tests, and in all other scopes: the ones must not crowd out the others
TESTS = 50  # names kept of a group's tests
PENDING = 32  # executions that wait to be folded in
MANY_EVENTS = 128  # of those that wait, which then wait no longer
LOOP = 3  # from so many calls on in one execution it is a loop

OTHER = "(other)"


class ScopeTotal:
    """What the executions of one scope cost together."""

    def __init__(self) -> None:
        self.executions = self.queries = self.rows = 0
        self.wall_ns = self.cpu_ns = self.db_ns = 0
        self.statuses: dict[str, int] = {}
        self.histogram = [0] * histograms.BUCKETS
        self.view = ""
        self.counters: dict[str, int] = {}
        self.peaks: dict[str, int] = {}

    def add(self, execution: Execution) -> None:
        wall_ns = execution.wall_ns or perf_counter_ns() - execution.started_ns
        self.executions += 1
        self.queries += execution.queries
        self.rows += execution.rows
        self.wall_ns += wall_ns
        self.cpu_ns += execution.cpu_ns
        self.db_ns += execution.db_ns
        for status, count in execution.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + count
        self.histogram[histograms.bucket(wall_ns)] += 1
        self.view = execution.view or self.view
        for name, amount in execution.counters.items():
            self.counters[name] = self.counters.get(name, 0) + amount
        for name, amount in execution.peaks.items():
            self.peaks[name] = max(self.peaks.get(name, 0), amount)


class GroupTotal:
    """What the queries of one kind in one scope cost together."""

    def __init__(self) -> None:
        self.executions = self.calls = self.loops = 0
        self.per_execution_max = self.distinct_max = 0
        self.rows = self.rows_max = self.wall_ns = self.max_ns = 0
        self.histogram = [0] * histograms.BUCKETS
        self.tests: set[str] = set()
        self.errors: dict[str, int] = {}

    def add(self, tally: Tally, *, test: str, is_transaction: bool) -> None:
        self.executions += 1
        self.calls += tally.calls
        self.loops += tally.calls >= LOOP and not is_transaction
        self.per_execution_max = max(self.per_execution_max, tally.calls)
        self.distinct_max = max(self.distinct_max, len(tally.params_seen))
        self.rows += tally.rows
        self.rows_max = max(self.rows_max, tally.rows_max)
        self.wall_ns += tally.wall_ns
        self.max_ns = max(self.max_ns, tally.max_ns)
        for bucket, count in tally.histogram.items():
            self.histogram[bucket] += count
        if test and len(self.tests) < TESTS:
            self.tests.add(test)
        for error, count in tally.errors.items():
            self.errors[error] = self.errors.get(error, 0) + count


class CallTotal:
    """What the calls of one kind in one scope cost together."""

    def __init__(self) -> None:
        self.executions = self.calls = self.wall_ns = self.max_ns = 0
        self.per_execution_max = 0
        self.histogram = [0] * histograms.BUCKETS
        self.outcomes: dict[str, int] = {}

    def add(self, tally: CallTally) -> None:
        self.executions += 1
        self.calls += tally.calls
        self.per_execution_max = max(self.per_execution_max, tally.calls)
        self.wall_ns += tally.wall_ns
        self.max_ns = max(self.max_ns, tally.max_ns)
        for bucket, count in tally.histogram.items():
            self.histogram[bucket] += count
        for outcome, count in tally.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count


class Totals:
    """Counts that grow with the code and not with the traffic."""

    def __init__(self) -> None:
        self.scopes: dict[tuple[str, str], ScopeTotal] = {}
        self.groups: dict[tuple[tuple[str, str], Key], GroupTotal] = {}
        self.calls: dict[tuple[tuple[str, str], CallKey], CallTotal] = {}
        self.exemplars = Exemplars()
        self.scopes_of_kind: dict[str, int] = {}
        self.groups_in: dict[str, int] = {}  # share of the bound → groups
        self.cut: dict[str, int] = {}
        self.pending: deque[Execution] = deque()  # ended, and not folded in yet
        self.waiting = 0  # their events, about: more of them would have garbage collected
        self.lock = RLock()

    def offer(self, execution: Execution) -> None:
        """Fold an execution in before long: many at once cost half as much a piece."""
        self.pending.append(execution)
        self.waiting += len(execution.events)
        if len(self.pending) >= PENDING or self.waiting >= MANY_EVENTS:
            self.catch_up()

    def catch_up(self) -> None:
        """Fold in what was offered."""
        self.waiting = 0
        while (execution := self._next()) is not None:
            try:
                self.add(execution)
            except Exception:
                faults.note()

    def _next(self) -> Execution | None:
        try:
            return self.pending.popleft()
        except IndexError:
            return None

    def add(self, execution: Execution) -> None:
        """Fold an execution in."""
        with self.lock, execution.lock:
            execution.settle()
            scope = self._scope(execution)
            self.scopes[scope].add(execution)
            for key, tally in execution.tallies.items():
                group = self._group(scope, key)
                if group is not None:
                    statement = statements.table[key[0]]
                    group.add(
                        tally,
                        test=execution.test if execution.kind != "test" else execution.name,
                        is_transaction=statement is not None and statement.is_transaction,
                    )
            for call_key, call_tally in execution.call_tallies.items():
                call = self._call(scope, call_key)
                if call is not None:
                    call.add(call_tally)
            if execution.is_ended and scope[1] != OTHER:
                self.exemplars.offer(scope, execution)
            if execution.is_ended:
                execution.let_go()
            if execution.left_out:
                self._left_out("aggregates", execution.left_out)

    def _call(self, scope: tuple[str, str], key: CallKey) -> CallTotal | None:
        call = self.calls.get((scope, key))
        if call is None:
            if len(self.calls) >= GROUPS:
                self._left_out("aggregates", 1)
                return None
            call = self.calls[scope, key] = CallTotal()
        return call

    def _scope(self, execution: Execution) -> tuple[str, str]:
        kind, scope = execution.kind, (execution.kind, execution.name)
        if scope not in self.scopes:
            count = self.scopes_of_kind.get(kind, 0)
            if count >= SCOPES.get(kind, OTHER_SCOPES):
                self._left_out("scopes", 1)
                scope = kind, OTHER
            else:
                self.scopes_of_kind[kind] = count + 1
            self.scopes.setdefault(scope, ScopeTotal())
        return scope

    def _group(self, scope: tuple[str, str], key: Key) -> GroupTotal | None:
        """The total to add to; None when it is left out. Of too many tests it is a common one."""
        for candidate in (scope, ("test", OTHER))[: 2 if scope[0] == "test" else 1]:
            group = self.groups.get((candidate, key))
            if group is not None:
                return group
            share = OTHER if candidate[1] == OTHER else "test" if scope[0] == "test" else ""
            if self.groups_in.get(share, 0) < GROUPS:
                self.groups_in[share] = self.groups_in.get(share, 0) + 1
                self.scopes.setdefault(candidate, ScopeTotal())
                group = self.groups[candidate, key] = GroupTotal()
                return group
        self._left_out("aggregates", 1)
        return None

    def _left_out(self, name: str, count: int) -> None:
        self.cut[name] = self.cut.get(name, 0) + count


def unfinished_totals() -> Totals:
    """What is running, as far as it has got."""
    sums = Totals()
    for execution in unfinished():
        sums.add(execution)
    return sums
