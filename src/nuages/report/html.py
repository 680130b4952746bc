"""The HTML report: one file that needs nothing else, and asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from nuages.model import Budgets, Diagnosis, Recording, TuneResult
from nuages.report import changes, evidence, figures, markup
from nuages.report.bars import bar, buckets, stacked
from nuages.report.contents import Contents, of_diagnosis, of_tune
from nuages.report.fitting import Room, filled, size_of, without_dangling_links
from nuages.report.sql import brief
from nuages.report.views import Views
from nuages.report.waterfall import waterfall

MAX_BYTES = 2_000_000
STYLES = ("report.css", "pages.css", "narrow.css")
HEAD_SCRIPT = "theme.js"  # before anything is painted
SCRIPTS = ("pages.js", "lists.js")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How many lines each list has."""

    findings: int
    routes: int
    statements: int


LEVELS = (  # the first that leaves half of the page to the pages behind the lists
    Limits(findings=400, routes=1_500, statements=500),
    Limits(findings=300, routes=800, statements=300),
    Limits(findings=200, routes=300, statements=150),
    Limits(findings=50, routes=50, statements=50),
)
WATERFALLS = (80, 40, 20, 12)  # routes that have one; the first that leaves room for all pages
# What each kind of page may take of the room that those before it have left, and what of the rest.
FIRST = {"finding": 0.45, "route": 0.65, "statement": 1.0}
REST = {"finding": 1.0, "route": 1.0, "statement": 1.0}
VENDORS = {
    "postgresql": "PostgreSQL", "sqlite": "SQLite", "mysql": "MySQL", "oracle": "Oracle",
}  # fmt: skip
NOTES = 2_000  # bytes, for what is said of what was left out


def render_html(result: TuneResult, *, budgets: Budgets | None = None) -> str:
    """The page of a run, at most 2 MB: what costs least is left out first, and it says so."""
    return _page(of_tune(result, budgets or Budgets()))


def render_diagnosis_html(
    diagnosis: Diagnosis,
    recording: Recording,
    *,
    budgets: Budgets | None = None,
    verb: str = "diagnose",
) -> str:
    """The page of a recording and what was found in it, at most 2 MB."""
    return _page(of_diagnosis(diagnosis, recording, budgets or Budgets(), verb))


def _page(contents: Contents) -> str:
    environment = _environment()
    environment.globals["views"] = views = Views(contents)
    frame = _frame(environment)
    for detailed in WATERFALLS:
        pages = _Pages(environment, MAX_BYTES - size_of(frame) - NOTES, detailed)
        for share in FIRST, REST:
            pages.add("finding", views.findings, share["finding"])
            pages.add("route", views.routes, share["route"])
            pages.add("statement", views.statements, share["statement"])
        if not pages.left_out:
            break
    text = without_dangling_links(filled(frame, pages.slots()))
    # File names may hold lone surrogates.
    return text.encode("utf-8", "replace").decode()


def _frame(environment: Environment) -> str:
    """The page with its lists, and with slots for the pages behind them."""
    styles, scripts = _assets(*STYLES), _assets(*SCRIPTS)
    head = _assets(HEAD_SCRIPT)
    page = environment.get_template("report.html")
    for limits in LEVELS:
        frame = page.render(
            policy=_policy(styles, head, scripts),
            styles=styles,
            head_script=head,
            scripts=scripts,
            limits=limits,
        )
        if size_of(frame) <= MAX_BYTES / 2:
            break
    return frame


class _Pages:
    """The pages behind the lists, as many as there is room for."""

    def __init__(self, environment: Environment, size: int, detailed: int) -> None:
        self._environment = environment
        self._room = Room(size)
        self._detailed = detailed
        self._written: dict[str, list[str]] = {}
        self._left_out: dict[str, int] = {}

    def add(self, kind: str, things: Sequence[object], share: float) -> None:
        """Write more pages of one kind, from the costliest on, into that share of the room."""
        written = self._written.setdefault(kind, [])
        pieces = self._each(kind, range(len(written), len(things)))
        written.extend(self._room.fill(pieces, share=share))
        self._left_out[kind] = len(things) - len(written)

    @property
    def left_out(self) -> int:
        """Pages that there was no room for."""
        return sum(self._left_out.values())

    def slots(self) -> dict[str, str]:
        """What was written, by the slot that it belongs into."""
        note = self._environment.get_template("left_out.html")
        notes = {
            f"{kind}s_note": note.render(kind=kind, number=number)
            for kind, number in self._left_out.items()
            if number
        }
        return notes | {f"{kind}s": "".join(pages) for kind, pages in self._written.items()}

    def _each(self, kind: str, numbers: Iterable[int]) -> Iterator[str]:
        render: Callable[..., str] = self._environment.get_template(f"{kind}.html").render
        return (
            render(index=i, is_detailed=i < self._detailed, detailed=self._detailed)
            for i in numbers
        )


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nuages.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        answers=changes.answers,
        blocks=evidence.blocks,
        breakable=markup.breakable,
        brief=brief,
        buckets=buckets,
        bytes=figures.bytes_with_unit,
        code=markup.code,
        count=figures.count,
        diff=markup.diff,
        facts=evidence.facts,
        format_by=_format_by,
        growth=figures.growth,
        less=_less,
        ms=figures.ms,
        ms_with_unit=figures.ms_with_unit,
        of=_percent_of,
        percent=figures.percent,
        place=changes.place,
        places=changes.places,
        plural=figures.plural,
        reason=changes.reason,
        seconds=figures.seconds,
        share=figures.share,
        share_bar=lambda share, most=1: [bar("after", 0, _percent_of(share, most))],
        slug=lambda state: state.replace(" ", "-"),
        sql=markup.sql,
        stacked=stacked,
        split_bar=lambda parts: stacked((part, share) for part, _, share, *_ in parts),
        vendor=lambda name: VENDORS.get(name, name),
        waterfall=waterfall,
    )
    return environment


def _assets(*names: str) -> str:
    loader = PackageLoader("nuages.report")
    return "".join(loader.get_source(Environment(), name)[0] for name in names)


def _policy(styles: str, *scripts: str) -> str:
    """A policy that runs this page's own scripts and style, by their hashes, and nothing else."""
    hashes = " ".join(f"'{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src '{_hash(styles)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _percent_of(value: float, most: float) -> float:
    return round(min(100.0, 100 * value / most), 2) if most > 0 else 0.0


def _less(before: float, after: float, kind: str) -> str:
    """ "17×": queries are exact, times are noisy."""
    noise = 0.05 if kind == "count" else figures.TIME_NOISE
    return figures.times_less(before, after, noise=noise)


def _format_by(value: float | None, name: str) -> str:
    if value is None:
        return "–"
    return figures.count(value) if name == "count" else figures.ms(value)
