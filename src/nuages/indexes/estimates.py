"""Indexes reckoned with by hypopg, on a database that is not to be touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlglot import exp

from nuages.indexes.candidates import begins, candidates
from nuages.indexes.explain import described, plan_of
from nuages.indexes.reading import Reading, number_of, read
from nuages.indexes.spelling import create_sql, index_name
from nuages.indexes.workload import Work, workload
from nuages.model import Catalog, IndexIdea, IndexTrial, Measured, Recording

CHEAPER = 3.0  # times, at least: costs are the planner's guesses, without any values
LEAST_COST = 1_000.0  # about a thousand rows read, or some hundred pages

Ask = Callable[[str, list[dict[str, Any]]], list[dict[str, Any] | None]]  # alias, statements


def estimate_indexes(
    recording: Recording, catalogs: Mapping[str, Catalog], ask: Ask, *, zone: str = "UTC"
) -> tuple[IndexTrial, ...]:
    """The cheapest index for each statement whose plan would become clearly cheaper."""
    found: dict[IndexIdea, list[IndexTrial]] = {}
    for alias, works in workload(recording).items():
        catalog = catalogs.get(alias)
        if catalog is None or catalog.vendor != "postgresql":
            continue
        asked = list(_asked(works, catalog, zone))
        told = ask(alias, [question for _, _, question in asked])
        for (work, ideas, _), plans in zip(asked, told, strict=True):
            if plans and (trial := _best(work, ideas, plans, catalog)) and trial.idea:
                found.setdefault(trial.idea, []).append(trial)
    for short in sorted(found, key=lambda idea: len(idea.keys)):
        if wider := next((long for long in found if begins(short, long)), None):
            found[wider] += found.pop(short)
    return tuple(_merged(trials) for trials in found.values())


def _asked(
    works: list[Work], catalog: Catalog, zone: str
) -> Iterator[tuple[Work, list[IndexIdea], dict[str, Any]]]:
    """The statements that an index might serve, with the indexes, and as the agent is asked."""
    for work in works:
        reading = read(work.statement.sql, work.statement.vendor)
        ideas = candidates(reading, catalog, zone=zone) if reading else []
        if reading and ideas:
            sql, count = _numbered(reading)
            indexes = [create_sql(idea, index_name(idea)) for idea in ideas]
            yield work, ideas, {"sql": sql, "parameters": count, "indexes": indexes}


def _numbered(reading: Reading) -> tuple[str, int]:
    """The statement with $1, $2, … and how many there are."""
    tree = reading.tree.copy()
    placeholders = list(tree.find_all(exp.Placeholder))
    for placeholder in placeholders:
        number = exp.Literal.number(number_of(placeholder) + 1)
        placeholder.replace(exp.Parameter(this=number))
    return tree.sql("postgres"), len(placeholders)


def _best(
    work: Work, ideas: list[IndexIdea], plans: Mapping[str, Any], catalog: Catalog
) -> IndexTrial | None:
    before = plan_of(plans["before"])
    if before.cost < LEAST_COST:
        return None
    good = []
    for idea, told in zip(ideas, plans["after"], strict=True):
        if told is None:
            continue
        after, name = plan_of(told[0]), told[1]
        if name in after.indexes and after.cost * CHEAPER <= before.cost:
            good.append((after.cost, len(idea.keys), idea, after, name))
    if not good:
        return None
    _, _, idea, after, name = min(good, key=lambda one: one[:2])
    measured = Measured(
        statement=work.statement,
        before_cost=before.cost,
        after_cost=after.cost,
        before_plan=described(before),
        after_plan=described(after).replace(name, index_name(idea)),
    )
    return IndexTrial(
        outcome="faster",
        measured=(measured,),
        idea=idea,
        tried=len(ideas),
        rows=catalog.tables[idea.table].rows,
        is_estimate=True,
    )


def _merged(trials: list[IndexTrial]) -> IndexTrial:
    measured = tuple(one for trial in trials for one in trial.measured)
    return replace(trials[0], measured=measured)
