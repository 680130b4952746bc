"""The tables of the terminal report: coverage, routes, the enclosure's ledger, settings."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

from nuages.model import (
    Coverage,
    LedgerEntry,
    RouteCoverage,
    RouteFigures,
    TimeSplit,
    TuneResult,
    UnderLoad,
)
from nuages.report import under_load
from nuages.report.attempts import grouped
from nuages.report.changes import (
    UNKNOWN_REST,
    RouteChange,
    judged,
    missed,
    place,
    reason,
    route_changes,
    states,
)
from nuages.report.figures import TIME_NOISE, count, ms, ms_with_unit, percent, plural, times_less
from nuages.report.page import Page, broken, fitted, table
from nuages.report.time_split import parts, remarks

ROUTES_SHOWN = 15
MISSED_SHOWN = 12
LEDGER_SHOWN = 10
LINES_SHOWN = 8  # of overrides and of notes

STATE_STYLES = {
    "reached": "green", "empty": "yellow", "redirected": "yellow", "denied": "yellow",
    "failed": "red", "not driven": "magenta",
}  # fmt: skip
VERDICT_STYLES = {"denied": "red", "contained": "yellow", "allowed": "green"}


def coverage_block(page: Page, coverage: Coverage) -> None:
    """What was reached, and of the rest what kept us out."""
    page.heading("Coverage")
    page.put(_reached(coverage))
    if over := judged(coverage):
        page.text((f"Judged over {over}.", ""))
    if not coverage.is_whole and coverage.routes:
        page.text((UNKNOWN_REST, "dim"))
    if coverage.tests_passed is not None or coverage.tests_failed is not None:
        failed = coverage.tests_failed or 0
        page.text(
            (f"{plural(coverage.tests_passed or 0, 'test')} passed, ", ""),
            (f"{count(failed)} failed", "red" if failed else ""),
        )
    groups = [list(g) for _, g in groupby(missed(coverage), key=lambda r: (r.state, reason(r)))]
    if groups:
        page.blank()
        page.put(_missed_table(groups[:MISSED_SHOWN], page.width // 2 - 8))
        page.rest(sum(len(group) for group in groups[MISSED_SHOWN:]), "routes")
    if coverage.notes:
        page.blank()
    _notes(page, coverage.notes)


def _reached(coverage: Coverage) -> Text:
    if not coverage.routes:
        return Text("No route is known, so none was reached.", style="yellow")
    found = states(coverage)
    kind = "route" if coverage.is_whole else "requested route"
    total = plural(len(coverage.routes), kind)
    text = Text.assemble((f"{count(found['reached'])} of {total} reached", "bold"))
    for state, number in found.items():
        if state != "reached" and number:
            text.append(" · ", style="dim")
            text.append(f"{count(number)} {state}", style=STATE_STYLES[state])
    return text


def _missed_table(groups: Sequence[list[RouteCoverage]], width: int) -> Table:
    """A row per state and reason, as a hundred routes may be missed for one."""
    built = table(("Route", "fold"), ("State", "left"), ("Why", "fold"))
    for first, *others in groups:
        more = f" and {count(len(others))} more" if others else ""
        built.add_row(
            Text.assemble(broken(first.route, width), (more, "dim")),
            Text(first.state, style=STATE_STYLES[first.state]),
            fitted(Text(reason(first))),
        )
    return built


def load_block(page: Page, load: UnderLoad | None) -> None:
    """What the site holds, and what gives out first."""
    for line in under_load.lines(load) if load is not None else ():
        page.text((line, ""))


def time_block(page: Page, split: TimeSplit) -> None:
    """The parts of the time, the largest first, and what stands behind them."""
    if not split.executions:
        return
    page.heading("Where the time went")
    shown = " · ".join(f"{percent(share)} {name}" for _, name, share in parts(split))
    measured = f"{ms_with_unit(split.wall_ms)} in {plural(split.executions, 'execution')}"
    page.text((shown, "bold"), (f"  of {measured}", "dim"))
    for remark in remarks(split):
        page.text((remark, ""))


def routes_block(page: Page, result: TuneResult) -> None:
    """The routes whose queries changed, before and after; all of them where none did."""
    changes = route_changes(result)
    if not changes:
        return
    changed = [change for change in changes if change.changed]
    listed = changed or changes
    page.heading("Routes", "Per request. Queries are counted, times are medians of this run.")
    width = page.width - (90 if page.wide else 48)
    built = table(("Route", "fold"), *((header, "right") for header in _headers(page.wide)))
    for change in listed[:ROUTES_SHOWN]:
        built.add_row(Text(broken(change.route, width)), *_cells(change, page.wide))
    page.put(built)
    page.rest(len(listed) - ROUTES_SHOWN, "routes")
    for change in changes:
        if change.is_worse:
            page.text((f"More queries than before: {change.route}", "red"))
    if len(changes) > len(listed):
        page.text(
            (f"{plural(len(changes) - len(listed), 'other route')}: queries unchanged.", "dim")
        )


def _headers(wide: bool) -> tuple[str, ...]:
    if wide:
        return ("Requests", "Queries", "", "DB ms", "", "CPU ms", "", "p95 ms")
    return ("Queries", "", "DB ms", "", "CPU ms")


def _cells(change: RouteChange, wide: bool) -> list[Text]:
    measured = change.before or change.after
    assert measured is not None  # one side named the route
    queries, db_ms, cpu_ms = (_figure(change, name) for name in ("queries", "db_ms", "cpu_ms"))
    if wide:
        p95 = _figure(change, "p95_ms")[:1]
        return [Text(count(measured.requests)), *queries, *db_ms, *cpu_ms, *p95]
    return [*queries, *db_ms, *cpu_ms[:1]]


def _figure(change: RouteChange, name: str) -> tuple[Text, Text]:
    """ "87 → 5" and "17×"."""
    before, after = _value(change.before, name), _value(change.after, name)
    pair = Text(_cell(name, before), style="dim").append(" → ", style="dim")
    pair.append(_cell(name, after), style="bold" if before != after else "")
    if before is None or after is None:
        return pair, Text()
    noise = 0.05 if name == "queries" else TIME_NOISE
    less = times_less(before, after, noise=noise)
    return pair, Text(less, style="red" if after > before else "green")


def _value(figures: RouteFigures | None, name: str) -> float | None:
    return None if figures is None else float(getattr(figures, name))


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return count(value) if name == "queries" else ms(value)


def ledger_block(page: Page, ledger: Sequence[LedgerEntry]) -> None:
    """What the project's code tried to do to the world outside, denied attempts first."""
    if not ledger:
        return
    order = tuple(VERDICT_STYLES)
    entries = sorted(
        grouped(ledger), key=lambda e: (order.index(e.verdict), -e.count, e.kind, e.target)
    )
    page.heading("Enclosure", "What the project's code tried to reach outside the scratch copy.")
    built = table(("Verdict", "left"), ("Times", "right"), ("What", "fold"))
    for entry in entries[:LEDGER_SHOWN]:
        built.add_row(
            Text(entry.verdict, style=VERDICT_STYLES[entry.verdict]),
            Text(count(entry.count)),
            fitted(Text.assemble(f"{entry.kind} {entry.target}", (_origin(entry), "dim"))),
        )
    page.put(built)
    page.rest(len(entries) - LEDGER_SHOWN, "attempts")


def _origin(entry: LedgerEntry) -> str:
    return f"\nfrom {place(entry.origin)}" if entry.origin else ""


def overrides_block(page: Page, overrides: Sequence[str]) -> None:
    """The settings that were not the project's own."""
    if overrides:
        page.heading("Settings changed for the run")
        for line in overrides[:LINES_SHOWN]:
            page.text((line, ""))
        page.rest(len(overrides) - LINES_SHOWN, "settings")


def notes_block(page: Page, notes: Sequence[str]) -> None:
    """What else has to be said aloud."""
    if notes:
        page.heading("Notes")
        _notes(page, notes)


def _notes(page: Page, notes: Sequence[str]) -> None:
    for note in notes[:LINES_SHOWN]:
        page.text((note, ""))
    page.rest(len(notes) - LINES_SHOWN, "notes")
