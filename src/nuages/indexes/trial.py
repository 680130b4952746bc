"""Indexes tried for real: made on a populated scratch database, measured, and dropped again."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import psycopg

from nuages.indexes.bench import UNTOLD, Bench, Build, Runs, is_faster
from nuages.indexes.candidates import begins, candidates
from nuages.indexes.explain import Connection, described
from nuages.indexes.reading import Reading, read
from nuages.indexes.sampling import SETS
from nuages.indexes.spelling import index_name
from nuages.indexes.workload import Work, workload, write_calls
from nuages.model import Catalog, IndexIdea, IndexTrial, Measured, Outcome, Recording

SAVES_MS = 1.0  # by a statement, at least; less is noise, or nobody's trouble
SMALL = 10_000  # rows: of so few, a part of a ms saved says little about a table that grows
SAVES_MS_IF_SMALL = 5.0
AS_GOOD = 1.2  # times the best index's time: a smaller index may be that much slower

Connect = Callable[[str], Connection]  # database alias → an autocommit connection
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Try:
    """An index that a statement ran faster with."""

    idea: IndexIdea
    runs: Runs
    build: Build


def try_indexes(
    recording: Recording,
    catalogs: Mapping[str, Catalog],
    connect: Connect,
    *,
    zone: str = "UTC",
    seconds: float = 30.0,
    say: Say = lambda text: None,
) -> tuple[IndexTrial, ...]:
    """What came of each statement of the recording for which an index is worth a try.

    The databases are filled, nobody else is on them, and they may be written to. The costliest
    statements come first; those that the time does not suffice for come out as "not tried".
    """
    deadline = time.monotonic() + seconds
    found: list[IndexTrial] = []
    for alias, works in workload(recording).items():
        if alias not in catalogs or catalogs[alias].vendor != "postgresql":
            continue
        with connect(alias) as connection:
            attempt = _Attempt(Bench(connection), catalogs[alias], recording, zone, deadline)
            trials = []
            for number, work in enumerate(works):
                say(f"indexes for statement {number + 1} of {len(works)}")
                if trial := attempt.statement(work):
                    trials.append(trial)
            found += attempt.together(trials)
    return tuple(found)


class _Attempt:
    """Trials on one database."""

    def __init__(
        self, bench: Bench, catalog: Catalog, recording: Recording, zone: str, deadline: float
    ) -> None:
        self._bench = bench
        self._catalog = catalog
        self._zone = zone
        self._deadline = deadline
        self._writes = write_calls(recording)

    def statement(self, work: Work) -> IndexTrial | None:
        """None for a statement that no index could be made for."""
        reading = read(work.statement.sql, work.statement.vendor)
        ideas = candidates(reading, self._catalog, zone=self._zone) if reading else []
        if reading is None or not ideas:
            return None
        if time.monotonic() > self._deadline:
            return _without("not tried", work)
        if 0 < work.max_ns < SAVES_MS * 1e6:
            return _without("not faster", work)
        try:
            return self._try(work, reading, ideas)
        except psycopg.Error:  # its values cannot be made up, or it does not run here
            return _without("not tried", work)

    def _try(self, work: Work, reading: Reading, ideas: list[IndexIdea]) -> IndexTrial:
        before = self._bench.before(work, reading, self._zone)
        if before.ms <= SAVES_MS:
            return _as_it_is("not faster", before)
        good: list[_Try] = []
        used = tried = 0
        for idea in ideas:
            if time.monotonic() > self._deadline:
                break
            with suppress(psycopg.Error), self._bench.index(idea) as build:
                tried += 1
                if not self._bench.uses(before):
                    continue
                used += 1
                after = self._bench.again(before)
                if is_faster(before, after) and self._tells(before, after, idea):
                    good.append(_Try(idea=idea, runs=after, build=build))
        if not good:
            outcome: Outcome = "not faster" if used else "not used"
            return replace(_as_it_is(outcome, before), tried=tried)
        return self._judged(work, before, _best(good), tried)

    def _tells(self, before: Runs, after: Runs, idea: IndexIdea) -> bool:
        """Whether the time saved says anything of a table that is larger."""
        if self._catalog.tables[idea.table].rows >= SMALL:
            return True
        return before.ms - after.ms >= SAVES_MS_IF_SMALL

    def _judged(self, work: Work, before: Runs, best: _Try, tried: int) -> IndexTrial:
        """With the cost to writes, which may be more than the recording's reads would save."""
        cost = self._bench.write_cost(best.idea)
        writes = self._writes.get(best.idea.table, 0)
        saved_ms = work.calls * (before.ms - best.runs.ms)
        outcome: Outcome = "writes" if writes * cost.added_ms >= saved_ms else "faster"
        return IndexTrial(
            outcome=outcome,
            measured=(_measured(work, before, best),),
            idea=best.idea,
            tried=tried,
            rows=self._catalog.tables[best.idea.table].rows,
            bytes=best.build.bytes,
            build_ms=best.build.ms,
            insert_ratio=cost.insert_ratio,
            update_ratio=cost.update_ratio,
        )

    def together(self, trials: list[IndexTrial]) -> list[IndexTrial]:
        """One trial per index; an index that begins another gives way to it, if that serves."""
        by_idea: dict[IndexIdea | None, list[IndexTrial]] = defaultdict(list)
        for trial in trials:
            by_idea[trial.idea if trial.outcome == "faster" else None].append(trial)
        rest = by_idea.pop(None, [])
        merged = {idea: _merged(same) for idea, same in by_idea.items() if idea}
        for short in sorted(merged, key=lambda idea: len(idea.keys)):
            for long in list(merged):
                if begins(short, long) and (wider := self._absorbed(merged[short], merged[long])):
                    merged[long] = wider
                    del merged[short]
                    break
        return [*merged.values(), *rest]

    def _absorbed(self, short: IndexTrial, long: IndexTrial) -> IndexTrial | None:
        """The wider index's trial with the statements of the other, measured with it again."""
        assert long.idea is not None
        added = []
        with suppress(psycopg.Error), self._bench.index(long.idea):
            for measured in short.measured:
                reading = read(measured.statement.sql, measured.statement.vendor)
                before = self._bench.known(measured.statement)
                if reading is None or before is None:
                    return None
                after = self._bench.again(before)
                if not is_faster(before, after) or after.ms > AS_GOOD * measured.after_ms + 1:
                    return None
                figures = _figures(before, after, long.idea)
                added.append(replace(figures, statement=measured.statement))
        return replace(long, measured=(*long.measured, *added)) if added else None


def _merged(trials: list[IndexTrial]) -> IndexTrial:
    measured = tuple(one for trial in trials for one in trial.measured)
    return replace(trials[0], measured=measured, tried=max(trial.tried for trial in trials))


def _best(good: Iterable[_Try]) -> _Try:
    """Of those about as fast as the fastest the one with fewest keys; small, if by being partial
    it is much smaller.
    """
    tries = list(good)
    fastest = min(one.runs.ms for one in tries)
    near = [one for one in tries if one.runs.ms <= AS_GOOD * fastest + 0.2]
    largest = max(one.build.bytes for one in near)
    return min(
        near,
        key=lambda one: (
            one.idea.method != "btree",
            len(one.idea.keys),
            one.build.bytes > 0.6 * largest,
            len(one.idea.conditions),
            one.runs.ms,
        ),
    )


def _measured(work: Work, before: Runs, best: _Try) -> Measured:
    return replace(_figures(before, best.runs, best.idea), statement=work.statement)


def _figures(before: Runs, after: Runs, idea: IndexIdea) -> Measured:
    # Of the values that gain most.
    place = max(range(len(before.times)), key=lambda at: before.times[at] - after.times[at])
    return Measured(
        statement=before.statement,
        before_ms=before.ms,
        after_ms=after.ms,
        before_buffers=_buffers(before),
        after_buffers=after.buffers,
        before_plan=described(before.plans[place]),
        after_plan=described(after.plans[place]).replace(Bench.NAME, index_name(idea)),
    )


def _as_it_is(outcome: Outcome, before: Runs) -> IndexTrial:
    """How the database answers a statement that no index helps, with the values that take most."""
    place = max(range(len(before.times)), key=before.times.__getitem__)
    measured = Measured(
        statement=before.statement,
        before_ms=before.ms,
        before_buffers=_buffers(before),
        before_plan=described(before.plans[place]),
    )
    return IndexTrial(outcome=outcome, measured=(measured,))


def _buffers(runs: Runs) -> int:
    return runs.buffers if runs.buffers < UNTOLD / SETS else 0


def _without(outcome: Outcome, work: Work) -> IndexTrial:
    return IndexTrial(outcome=outcome, measured=(Measured(statement=work.statement),))
