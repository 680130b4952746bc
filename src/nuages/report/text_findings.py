"""The findings of the terminal report, and the diffs of the fixes that were verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from nuages.model import Finding, Fix, Location, SilencedBy, StaleIgnore
from nuages.report.changes import execution, place, places, verified_fixes
from nuages.report.diff import diff_lines
from nuages.report.evidence import own
from nuages.report.figures import count, ms_with_unit, percent, plural
from nuages.report.page import Page, fitted, table

FINDINGS_SHOWN = 10  # of those that cost time, and of hazards
STALE_SHOWN = 10
ROUTES_SHOWN = 3  # of one finding
DIFF_LINES_SHOWN = 100  # of all diffs together
SLOW_MS = 5  # of one query, from which its own time is worth a word
MANY_ROWS = 20  # of one query, likewise

STATUS_STYLES = {
    "verified": "green", "proposed": "yellow", "refused": "magenta", "none": "dim",
}  # fmt: skip
DIFF_STYLES = {"header": "bold", "hunk": "cyan", "added": "green", "removed": "red", "": ""}
HAZARDS = "What breaks, or runs out, once there are several processes or hosts."
SILENCERS: Mapping[SilencedBy, str] = {
    "comment": "comments", "configuration": "the configuration", "baseline": "the baseline",
}  # fmt: skip
ROLES = {"trigger": "triggered by", "created_at": "queryset from"}


def findings_block(
    page: Page,
    findings: Sequence[Finding],
    *,
    limit: int | None = None,
    none: str = "None in what was reached.",
) -> None:
    """The findings, ranked: those that cost time, then hazards; or `none`.

    Of each at most `limit` are shown, with its places, evidence, hint and fix.
    """
    numbered = list(enumerate(findings, start=1))
    timed = [pair for pair in numbered if pair[1].concern == "time"]
    hazards = numbered[len(timed) :]
    if timed or not hazards:
        measured = any(finding.evidence.wall_ms for _, finding in timed)
        order = "What costs time, the costliest first." if measured else ""
        page.heading(f"Findings: {count(len(timed))}" if timed else "Findings", order)
    if not findings:
        page.text((none, ""))
    _group(page, timed, limit or FINDINGS_SHOWN)
    if hazards:
        page.heading(f"Hazards: {count(len(hazards))}", HAZARDS)
    _group(page, hazards, limit or FINDINGS_SHOWN)


def _group(page: Page, numbered: Sequence[tuple[int, Finding]], limit: int) -> None:
    for number, finding in numbered[:limit]:
        page.blank()
        _finding(page, number, finding)
    if len(numbered) > limit:
        page.blank()
    page.rest(len(numbered) - limit, "findings")


def silenced_block(
    page: Page, silenced: Mapping[SilencedBy, int], stale: Sequence[StaleIgnore]
) -> None:
    """How many findings were left out, and which ignores have had their day."""
    if silenced:
        by = ", ".join(f"{count(number)} by {SILENCERS[by]}" for by, number in silenced.items())
        page.blank()
        page.text((f"{plural(sum(silenced.values()), 'finding')} silenced: {by}.", "dim"))
    if stale:
        page.heading("Stale ignores", "They silence nothing in the code that was reached or read.")
        for ignore in stale[:STALE_SHOWN]:
            page.text((ignore.where, "bold"), (f"  {ignore.text}", ""))
        page.rest(len(stale) - STALE_SHOWN, "stale ignores")


def _finding(page: Page, number: int, finding: Finding) -> None:
    where = place(finding.location) if finding.location else "no line of the project's"
    page.line((f"{number:>2}  ", "dim"), (where, "bold"), (_inside(finding.location), "dim"))
    page.text((f"{finding.rule}: ", "cyan"), (finding.message, ""), indent=4)
    details = table(("", "left"), ("", "fold"))
    details.show_header = False
    for name, value in _details(finding):
        details.add_row(Text(name, style="dim"), fitted(value))
    page.put(details, indent=4)


def _inside(location: Location | None) -> str:
    return f"  in {location.function}" if location and location.function else ""


def _details(finding: Finding) -> list[tuple[str, Text]]:
    measured = {"cost": evidence(finding), "figures": own_figures(finding)}
    rows = [(name, Text(words)) for name, words in measured.items() if words]
    for role, location in places(finding):
        if role != "location":
            rows.append((ROLES[role], Text(f"{place(location)}{_inside(location)}")))
    if seen := [*finding.routes, *finding.tests]:
        rows.append(("seen in", Text(_some(seen))))
    if finding.hint:
        rows.append(("hint", Text(finding.hint)))
    is_said = finding.fix.status != "none" or finding.fix.reason
    return [*rows, *([("fix", fix_line(finding.fix))] if is_said else [])]


def evidence(finding: Finding) -> str:
    """What it cost: "412 ms, 34 % of all time, 80 % of its route's · 3,162 queries in 62 …"."""
    found = finding.evidence
    calls = plural(found.calls, "query", "queries") if found.sql else plural(found.calls, "call")
    is_told = found.requests > 1 < found.per_request_max
    most = f", at most {count(found.per_request_max)} in one" if is_told else ""
    of_route = f", {percent(found.route_share)} of its slowest route" if found.route_share else ""
    parts = []
    if found.wall_ms:
        parts.append(f"{ms_with_unit(found.wall_ms)}, {percent(found.share)} of all time{of_route}")
    if found.calls:
        parts.append(f"{calls} in {plural(found.requests, execution(finding))}{most}")
    if found.max_ms is not None and found.max_ms >= SLOW_MS:
        p95 = "" if found.p95_ms is None else f"p95 {ms_with_unit(found.p95_ms)}, "
        parts.append(f"{p95}slowest {ms_with_unit(found.max_ms)}")
    if found.rows >= MANY_ROWS * found.calls > 0:
        parts.append(f"{count(found.rows / found.calls)} rows a query")
    return " · ".join(parts)


def own_figures(finding: Finding) -> str:
    """What the rule itself measured: "hit share 83 % · saved 1,200 ms"."""
    pairs = own(finding.evidence.figures)
    return " · ".join(f"{name[:1].lower()}{name[1:]} {value}" for name, value in pairs)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:ROUTES_SHOWN])
    rest = len(names) - ROUTES_SHOWN
    return f"{shown} and {count(rest)} more" if rest > 0 else shown


def fix_line(fix: Fix) -> Text:
    """How far the fix got, with its counts and its reason."""
    text = Text(fix.status, style=STATUS_STYLES[fix.status])
    parts = []
    if fix.queries_before is not None and fix.queries_after is not None:
        parts.append(f"{count(fix.queries_before)} → {count(fix.queries_after)} queries")
    parts += [part for part in (fix.reason, fix.tests and f"tests: {fix.tests}") if part]
    parts += [f"also run, {alternative}" for alternative in fix.alternatives]
    return text.append(f": {'; '.join(parts)}" if parts else "", style="default")


def patch_block(page: Page, findings: Sequence[Finding], patch: str) -> None:
    """The verified edits as they were run together, until a screen or two is full."""
    if not patch or not verified_fixes(findings):
        return
    numbers = sorted({number for _, some in verified_fixes(findings) for number in some})
    page.heading("Verified fixes", f"{_of(numbers)}, as they were run together.")
    lines = diff_lines(patch)
    for line in lines[:DIFF_LINES_SHOWN]:
        page.line((line.text, DIFF_STYLES[line.kind]))
    page.rest(len(lines) - DIFF_LINES_SHOWN, "lines")


def _of(numbers: Sequence[int]) -> str:
    """ "Of finding 4", "Of findings 6 and 7"."""
    *some, last = map(str, numbers)
    return f"Of findings {', '.join(some)} and {last}" if some else f"Of finding {last}"
