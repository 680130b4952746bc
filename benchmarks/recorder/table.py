"""What a run found: a table, the targets beside it, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.recorder import figures
from benchmarks.recorder.contenders import AGAIN, BARE, DEEP, LIGHT, named
from benchmarks.recorder.figures import Estimate
from benchmarks.recorder.rounds import VIEWS, Run

QUERY_LIMIT = 20.0  # µs of CPU that light may add to a query
REQUEST_LIMIT = 60.0  # and to a request
LOOP_LIMIT = 1.06  # ratio on the N+1
OTHER_LIMIT = 1.03  # and on the other views
DEEP_LIMIT = 1.35  # ratio of deep on the well prefetched view


@dataclass(frozen=True, kw_only=True)
class Row:
    """One contender's figures."""

    ratios: dict[str, Estimate]  # by view
    per_query: Estimate  # µs
    per_request: Estimate  # µs
    background: float


@dataclass(frozen=True, kw_only=True)
class Target:
    """A figure that was aimed at."""

    text: str
    found: str
    held: bool


def rows(run: Run) -> dict[str, Row]:
    """The figures of all contenders, what runs in the background included."""
    costs = {name: _with_background(run, name) for name in run.costs}
    return {name: _row(costs, name, run.background(name)) for name in costs}


def _with_background(run: Run, name: str) -> dict[str, list[float]]:
    factor = 1 + run.background(name)
    return {view: [cost * factor for cost in costs] for view, costs in run.costs[name].items()}


def _row(costs: dict[str, dict[str, list[float]]], name: str, background: float) -> Row:
    bare = [BARE.name] if name in (BARE.name, AGAIN.name) else [BARE.name, AGAIN.name]
    of_bare = {view: [costs[each][view] for each in bare if each in costs] for view in VIEWS}
    one, many = (figures.added(costs[name][view], *of_bare[view]) for view in "ab")
    each_query = figures.per_query(one, many)
    return Row(
        ratios={
            view: figures.estimate(figures.ratios(costs[name][view], *of_bare[view]))
            for view in VIEWS
        },
        per_query=figures.estimate(each_query),
        per_request=figures.estimate(figures.per_request(one, each_query)),
        background=background,
    )


def targets(found: dict[str, Row]) -> Iterator[Target]:
    """The figures aimed at, as far as who they are about took part."""
    if LIGHT.name in found:
        yield from _targets_of_light(found)
    if DEEP.name in found:
        deep = found[DEEP.name].ratios["c"].value
        yield _at_most("deep on the prefetched view", deep, DEEP_LIMIT)
        if "zeal" in found:
            yield _at_most("deep on it, below zeal", deep, found["zeal"].ratios["c"].value)


def _targets_of_light(found: dict[str, Row]) -> Iterator[Target]:
    light = found[LIGHT.name]
    yield _at_most("light, µs a query", light.per_query.value, QUERY_LIMIT)
    yield _at_most("light, µs a request", light.per_request.value, REQUEST_LIMIT)
    for view, what in VIEWS.items():
        limit = LOOP_LIMIT if view == "b" else OTHER_LIMIT
        yield _at_most(f"light on {view}, {what}", light.ratios[view].value, limit)
    peers = {
        name: row.ratios["b"].value
        for name, row in found.items()
        if "nuages" not in name and named(name).names_line
    }
    if peers:
        best = min(peers, key=lambda name: peers[name])
        text = f"light on b, below all that record a call site (the lowest: {best})"
        yield _at_most(text, light.ratios["b"].value, peers[best])


def _at_most(text: str, found: float, limit: float) -> Target:
    digits = 1 if limit >= 10 else 3
    return Target(
        text=f"{text} ≤ {limit:.{digits}f}", found=f"{found:.{digits}f}", held=found <= limit
    )


def show(run: Run, found: dict[str, Row], broken: list[str], console: Console) -> None:
    """Print it all."""
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    console.print(
        f"CPU time, ratio to the bare project; medians of {run.rounds} rounds. {versions}"
    )
    console.print(_table(found))
    for view, what in VIEWS.items():
        bare = figures.estimate(run.costs[BARE.name][view]).value
        console.print(f"  {view}: {what}, {run.queries[view]} in all; bare {bare:.0f} µs")
    for name, reason in run.skipped.items():
        console.print(f"  left out: {name}: {reason}")
    console.print()
    for target in targets(found):
        console.print(f"{'held    ' if target.held else 'NOT HELD'}  {target.text}: {target.found}")
    verdict = "all that light promises to record was recorded" if not broken else "NOT RECORDED:"
    console.print(f"\n{verdict}")
    for line in broken:
        console.print(f"  {line}")


def _table(found: dict[str, Row]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for title in (*VIEWS, "µs/query", "µs/request", "background"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, row in found.items():
        cells = [_ratio(row.ratios[view]) for view in VIEWS]
        cells += [_microseconds(row.per_query), _microseconds(row.per_request)]
        table.add_row(name, *cells, f"{row.background:.1%}" if row.background else "")
    return table


def _ratio(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ±{(estimate.high - estimate.low) / 2:.3f}"


def _microseconds(estimate: Estimate) -> str:
    return f"{estimate.value:.1f} ±{(estimate.high - estimate.low) / 2:.1f}"


def as_json(run: Run, found: dict[str, Row], broken: list[str]) -> dict[str, Any]:
    """The table, the targets and every round."""
    return {
        "versions": run.versions,
        "rounds": run.rounds,
        "queries": run.queries,
        "contenders": {name: asdict(row) for name, row in found.items()},
        "left_out": run.skipped,
        "targets": [asdict(target) for target in targets(found)],
        "not_recorded": broken,
        "costs_us": run.costs,
    }
