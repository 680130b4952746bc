"""One execution as a waterfall: a line for each thing that was done, a mark for each time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from nuages.model import Event, Exemplar, Location, Statement
from nuages.report.figures import ms_with_unit
from nuages.report.links import statement_id
from nuages.report.sql import brief

SCALE = 1_000  # units of the whole length
LINES = 40  # of a waterfall, those that took most time
LEAST = 3  # units; a mark is visible however short it was
STEPS = (1, 2, 5, 10)  # a scale's ticks are these times a power of ten
TICKS = 5
# What goes on around other events: drawn as a frame, since its time is others' too.
AROUND = frozenset({("template", "render"), ("transaction", "open")})
KINDS = {
    "query": "database", "transaction": "database", "outside": "outside", "cache": "cache",
    "connection": "connections", "middleware": "middleware", "template": "template",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """All events of one kind from one line of code."""

    kind: str  # its class, and colour
    label: str
    noun: str  # "query", "cache", "middleware", …
    statement: Statement | None
    location: Location | None
    events: tuple[Event, ...]
    path: str  # of its marks, on a strip that is SCALE wide and 1 high
    is_around: bool

    @property
    def count(self) -> int:
        return len(self.events)

    @property
    def statement_id(self) -> str:
        return statement_id(self.statement) if self.statement else ""

    @property
    def total_ms(self) -> float:
        return sum(event.wall_ns for event in self.events) / 1e6

    @property
    def max_ms(self) -> float:
        return max(event.wall_ns for event in self.events) / 1e6

    @property
    def first_ms(self) -> float:
        """From the beginning to the first of them."""
        return min(event.offset_ns for event in self.events) / 1e6

    @property
    def rows(self) -> int:
        return sum(event.rows for event in self.events)


@dataclass(frozen=True, kw_only=True, slots=True)
class Waterfall:
    """An exemplar's lines, in the order in which each began."""

    exemplar: Exemplar
    lines: tuple[Line, ...]
    lines_left_out: int
    ticks: tuple[tuple[float, str], ...]  # per cent, "20 ms"
    unknown: float | None  # per cent from which on events were left out

    @property
    def wall_ms(self) -> float:
        return self.exemplar.wall_ns / 1e6

    @property
    def cpu_ms(self) -> float:
        return self.exemplar.cpu_ns / 1e6


def waterfall(exemplar: Exemplar) -> Waterfall:
    """Repeated events share a line, whatever came between them."""
    ends = [event.offset_ns + event.wall_ns for event in exemplar.events]
    whole = max([exemplar.wall_ns, *ends, 1])
    found: dict[object, list[Event]] = defaultdict(list)
    for event in exemplar.events:
        found[_key(event)].append(event)
    lines = sorted((_line(events, whole) for events in found.values()), key=_total)
    shown = sorted(lines[:LINES], key=lambda line: line.first_ms)
    known = max((event.offset_ns for event in exemplar.events), default=0)
    return Waterfall(
        exemplar=exemplar,
        lines=tuple(shown),
        lines_left_out=len(lines) - len(shown),
        ticks=ticks(whole / 1e6),
        unknown=round(100 * known / whole, 2) if exemplar.events_left_out and lines else None,
    )


def ticks(whole_ms: float) -> tuple[tuple[float, str], ...]:
    """Where a scale of so many milliseconds has its marks: (per cent, label)."""
    power = 1e-3
    while power * 10 * TICKS < whole_ms:
        power *= 10
    step = next(power * n for n in STEPS if whole_ms / (power * n) <= TICKS or n == STEPS[-1])
    marks = (step * n for n in range(int(whole_ms / step) + 1))
    return tuple((round(100 * at / whole_ms, 2), ms_with_unit(at)) for at in marks)


def _total(line: Line) -> float:
    return -line.total_ms


def _key(event: Event) -> object:
    return event.kind, event.name, event.operation, event.statement, event.location


def _line(events: list[Event], whole: int) -> Line:
    first = events[0]
    kind = KINDS.get(first.kind, "other")
    return Line(
        kind=kind,
        label=_label(first),
        noun=first.kind,
        statement=first.statement,
        location=first.location,
        events=tuple(events),
        path="".join(_mark(event, whole) for event in events),
        is_around=(first.kind, first.operation) in AROUND,
    )


def _mark(event: Event, whole: int) -> str:
    width = max(round(SCALE * event.wall_ns / whole), LEAST)
    x = min(round(SCALE * event.offset_ns / whole), SCALE - LEAST)
    return f"M{x} 0h{min(width, SCALE - x)}v1H{x}z"


def _label(event: Event) -> str:
    if event.statement is not None:
        return brief(event.statement.sql)
    name = event.name.rpartition(".")[2] if event.kind == "middleware" else event.name
    return " ".join(part for part in (event.operation, name) if part) or event.kind
