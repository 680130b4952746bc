"""Slow statements of a case, and the indexes that it shows to be lacking."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from nuages.cases import Case
from nuages.grounds.contention import own_share
from nuages.histogram import percentile_ms
from nuages.indexes.existing import keys_of, plain
from nuages.indexes.spelling import expression_sql
from nuages.model import (
    IndexIdea,
    IndexTrial,
    Location,
    ModelFacts,
    QueryGroup,
    Statement,
    Table,
)
from nuages.origins import is_set_up

VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"})
ALONE = 3  # times the budget, from which on a query that was seen once is worth a word
MANY_ROWS = 5_000  # given by one query: no index makes it quick
MUCH = 0.2  # of a table's rows, read by one query: as well without an index


@dataclass(frozen=True, kw_only=True, slots=True)
class Slow:
    """One statement from one line, over the budget."""

    groups: tuple[QueryGroup, ...]
    p95_ms: float

    @property
    def statement(self) -> Statement:
        return self.groups[0].statement


@dataclass(frozen=True, kw_only=True, slots=True)
class Lacking:
    """An index that would serve some statements."""

    idea: IndexIdea
    groups: tuple[QueryGroup, ...]
    trial: IndexTrial | None = None  # None: nobody has tried it
    is_known: bool = True  # that no index of the table begins alike; else the models say so


def slow_queries(case: Case) -> Iterator[Slow]:
    """By statement and line, those whose 95th percentile is over the budget, less what a busy
    machine added.
    """
    queries: dict[tuple[Statement, Location | None], list[QueryGroup]] = defaultdict(list)
    for group in case.recording.groups:
        if group.statement.verb in VERBS and not is_set_up(group.scope, group.location):
            queries[group.statement, group.location].append(group)
    own = own_share(case.recording)
    for groups in queries.values():
        histogram = _sum(groups)
        p95_ms = percentile_ms(histogram, _share(histogram), max(g.max_ns for g in groups))
        budget_ms = case.budgets.slow_query_ms * (ALONE if sum(histogram) == 1 else 1)
        if p95_ms * own >= budget_ms:
            yield Slow(groups=tuple(groups), p95_ms=p95_ms)


def _share(histogram: Sequence[int]) -> float:
    """The 95th percentile; of a few, all but the slowest, which may be slow by accident."""
    calls = sum(histogram)
    return min(0.95, (calls - 1) / calls) if calls > 1 else 0.95


def _sum(groups: list[QueryGroup]) -> list[int]:
    return [sum(counts) for counts in zip_longest(*(g.histogram for g in groups), fillvalue=0)]


def lacking(case: Case) -> tuple[Lacking, ...]:
    """Indexes that were faster when they were tried; untried ones for slow statements alone."""
    tried = [trial for trial in case.index_trials if trial.outcome == "faster" and trial.idea]
    found = [one for trial in tried if (one := _of_trial(trial, case)) is not None]
    judged = {
        measured.statement
        for trial in case.index_trials
        if trial.outcome != "not tried"
        for measured in trial.measured
    }
    guesses: dict[IndexIdea, list[QueryGroup]] = defaultdict(list)
    known: dict[IndexIdea, bool] = {}
    for slow in slow_queries(case):
        if slow.statement in judged or slow.statement.verb == "INSERT":
            continue
        if guess := _guess(slow, case):
            idea, known[idea] = guess
            guesses[idea].extend(slow.groups)
    found += (
        Lacking(idea=idea, groups=tuple(groups), is_known=known[idea])
        for idea, groups in guesses.items()
    )
    return tuple(found)


def _of_trial(trial: IndexTrial, case: Case) -> Lacking | None:
    statements = {measured.statement for measured in trial.measured}
    groups = tuple(
        group
        for group in case.recording.groups
        if group.statement in statements and not is_set_up(group.scope, group.location)
    )
    if not groups or trial.idea is None:
        return None
    return Lacking(idea=trial.idea, groups=groups, trial=trial)


def guessed(statement: Statement, case: Case) -> IndexIdea | None:
    """The likeliest index for a statement, whether or not it is there already."""
    # Imported here: sqlglot takes 0.1 s, and most cases have no slow statement.
    from nuages.indexes.candidates import ideas, in_zone
    from nuages.indexes.reading import read

    reading = read(statement.sql, statement.vendor)
    keyed = {model.table: _key(model) for model in case.facts.models}
    for asked in reading.asked if reading else ():
        one = in_zone(asked, _zone(case))
        equal = {key.column for key in one.equal if not key.function}
        if keyed.get(one.table, "id") in equal:
            continue  # one row, by its key
        for idea in ideas(one):
            if {key.column for key in idea.keys} != {keyed.get(one.table, "id")}:
                return idea
    return None


def _zone(case: Case) -> str:
    return str(case.settings.get("TIME_ZONE") or "UTC")


def _key(model: ModelFacts) -> str:
    return next((field.column for field in model.fields if field.is_primary), "id")


def _guess(slow: Slow, case: Case) -> tuple[IndexIdea, bool] | None:
    """An index for a slow statement that is surely not there, and whether the catalog says so."""
    statement = slow.statement
    rows = sum(group.rows for group in slow.groups) / max(sum(g.calls for g in slow.groups), 1)
    catalog = case.facts.catalogs.get(statement.alias)
    if catalog is not None and catalog.vendor == statement.vendor:
        from nuages.indexes.candidates import candidates
        from nuages.indexes.reading import read

        reading = read(statement.sql, statement.vendor)
        for idea in candidates(reading, catalog, zone=_zone(case)) if reading else ():
            table = catalog.tables[idea.table]
            first = plain(expression_sql(idea.keys[0]))
            begun = {plain(key) for index in table.indexes for key in keys_of(index)[:1]}
            if first not in begun and rows <= MUCH * table.rows and _is_selective(idea, table):
                return idea, True
        return None
    likeliest = guessed(statement, case)
    if likeliest is None or rows > MANY_ROWS or not _is_undeclared(likeliest, case):
        return None
    return likeliest, False


def _is_selective(idea: IndexIdea, table: Table) -> bool:
    """Whether its keys may tell rows apart: of two values nobody knows how many rows have which."""
    return any(table.columns.get(key.column) != "boolean" for key in idea.keys)


def _is_undeclared(idea: IndexIdea, case: Case) -> bool:
    """Whether the model is the project's own, and says of no index that begins like this one."""
    model = next((one for one in case.facts.models if one.table == idea.table), None)
    if model is None or not model.file or model.is_proxy:
        return False
    first = idea.keys[0]
    field = next((one for one in model.fields if one.column == first.column), None)
    if field is None or field.is_indexed or field.is_unique or field.is_primary:
        return False
    if field.kind == "BooleanField" and len(idea.keys) == 1:
        return False
    module = case.code.module(Location(file=model.file, root=model.root, line=model.line))
    if module is None:
        return False
    begins = rf"""(?:fields|unique_together|index_together)\s*=\s*[\[(]+\s*["']-?{field.name}["']"""
    expression = rf"""(?:Index|UniqueConstraint)\([^)]*["']-?{field.name}["']"""
    return not re.search(f"{begins}|{expression}", module.text)
