"""The HTML report: one file that needs nothing else, and asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nuages import __version__
from nuages.model import Finding, FixStatus, LedgerEntry, RouteState, TimeSplit, TuneResult
from nuages.report import changes, figures, markup, time_split
from nuages.report.attempts import grouped
from nuages.report.excerpts import Excerpts

MAX_BYTES = 2_000_000
STATUS_WORDS: dict[FixStatus, str] = {
    "verified": "verified", "proposed": "proposed", "refused": "refused", "none": "no fix",
}  # fmt: skip
ROLES = {
    "location": "Where it arises",
    "trigger": "What triggers it",
    "created_at": "Where the queryset is made",
}
VERDICTS = ("denied", "contained", "allowed")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How much of each list is written; `detailed` findings have excerpts, SQL and diffs."""

    findings: int
    detailed: int
    routes: int


LEVELS = (  # the first that keeps the page under MAX_BYTES is taken
    Limits(findings=400, detailed=400, routes=1_000),
    Limits(findings=400, detailed=150, routes=1_000),
    Limits(findings=300, detailed=80, routes=500),
    Limits(findings=100, detailed=30, routes=200),
)


def render_html(result: TuneResult) -> str:
    """The page of a run, at most 2 MB: what costs least is shortened first, and says so."""
    environment = _environment()
    values = _values(result)
    for limits in LEVELS:
        page = environment.get_template("report.html").render(values, limits=limits)
        page = page.encode("utf-8", "replace").decode()  # file names may hold lone surrogates
        if len(page.encode()) <= MAX_BYTES:
            break
    return page


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
        execution=changes.execution,
        breakable=markup.breakable,
        code=markup.code,
        count=figures.count,
        diff=markup.diff,
        format_by=_format_by,
        less=_less,
        ms_with_unit=figures.ms_with_unit,
        of=_percent_of,
        percent=figures.percent,
        place=changes.place,
        places=changes.places,
        plural=figures.plural,
        reason=changes.reason,
        seconds=figures.seconds,
        share_bar=lambda share: [_part("after", 0, share * 100)],
        slug=lambda state: state.replace(" ", "-"),
        sql=markup.sql,
    )
    return environment


def _values(result: TuneResult) -> dict[str, Any]:
    css, js = _asset("report.css"), _asset("report.js")
    findings = changes.ranked(result.findings)
    routes = changes.route_changes(result)
    return {
        "version": __version__,
        "policy": _policy(css, js),
        "css": Markup(css),
        "js": Markup(js),
        "result": result,
        "figures": changes.headline(result),
        "states": changes.states(result.coverage),
        "state_bar": _state_bar(changes.states(result.coverage)),
        "meaning": changes.STATE_MEANING,
        "missed": changes.missed(result.coverage),
        "reached": [route for route in result.coverage.routes if route.state == "reached"],
        "changes": routes,
        "most_db_ms": max((_db_ms(change) for change in routes), default=0),
        "findings": findings,
        "anchors": anchors(findings),
        "first_with": _first_with_edit(findings),
        "statuses": _statuses(findings),
        "status_words": STATUS_WORDS,
        "roles": ROLES,
        "excerpts": Excerpts(result.sources),
        "ledger": sorted(grouped(result.ledger), key=_ledger_rank),
        "time_parts": time_split.parts(result.time),
        "time_bar": _time_bar(result.time),
        "time_remarks": list(time_split.remarks(result.time)),
        "has_run": bool(result.overrides or result.seconds or result.notes),
        "most_seconds": max(result.seconds.values(), default=0),
    }


def _asset(name: str) -> str:
    loader = PackageLoader("nuages.report")
    source, _, _ = loader.get_source(Environment(), name)
    return source


def _policy(css: str, js: str) -> str:
    """A policy that runs this page's own script and style, by their hashes, and nothing else."""
    return (
        f"default-src 'none'; script-src '{_hash(js)}'; style-src '{_hash(css)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def anchors(findings: Sequence[Finding]) -> list[str]:
    """The id of each finding: what it is and where, so that a link survives the next run."""
    seen: Counter[str] = Counter()
    names = []
    for finding in findings:
        location = finding.location
        name = markup.anchor(
            finding.rule, *((location.file, str(location.line)) if location else ())
        )
        seen[name] += 1
        names.append(f"{name}-{seen[name]}" if seen[name] > 1 else name)
    return names


def _first_with_edit(findings: Sequence[Finding]) -> dict[str, int]:
    """For each diff the index of the first finding that has it, as one edit may answer several."""
    first: dict[str, int] = {}
    for index, finding in enumerate(findings):
        first.setdefault(finding.fix.diff, index)
    return first


def _statuses(findings: Sequence[Finding]) -> dict[str, int]:
    found = Counter(finding.fix.status for finding in findings)
    return {status: found[status] for status in get_args(FixStatus)}


def _ledger_rank(entry: LedgerEntry) -> tuple[int, int, str, str]:
    return (VERDICTS.index(entry.verdict), -entry.count, entry.kind, entry.target)


def _state_bar(states: dict[RouteState, int]) -> list[dict[str, Any]]:
    total = sum(states.values())
    parts, x = [], 0.0
    for state, number in states.items():
        if number:
            parts.append(_part(state.replace(" ", "-"), x, 100 * number / total))
            x += 100 * number / total
    return parts


def _time_bar(split: TimeSplit) -> list[dict[str, Any]]:
    found, x = [], 0.0
    for part, _, share in time_split.parts(split):
        found.append(_part(part, x, 100 * share))
        x += 100 * share
    return found


def _part(kind: str, x: float, width: float) -> dict[str, Any]:
    return {"kind": kind, "x": round(x, 2), "width": round(max(0.0, min(width, 100.0)), 2)}


def _percent_of(value: float, most: float) -> float:
    return round(min(100.0, 100 * value / most), 2) if most > 0 else 0.0


def _db_ms(change: changes.RouteChange) -> float:
    return max(side.db_ms for side in (change.before, change.after) if side is not None)


def _less(before: float, after: float, kind: str) -> str:
    """ "17×": queries are exact, times are noisy."""
    noise = 0.05 if kind == "count" else figures.TIME_NOISE
    return figures.times_less(before, after, noise=noise)


def _format_by(value: float | None, name: str) -> str:
    if value is None:
        return "–"
    return figures.count(value) if name == "count" else figures.ms(value)
