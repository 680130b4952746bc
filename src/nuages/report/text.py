"""The terminal report: what was reached, what changed, what was found, what to do next."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from nuages.model import Diagnosis, TuneResult
from nuages.report.changes import headline, ranked
from nuages.report.page import Page
from nuages.report.text_blocks import (
    coverage_block,
    ledger_block,
    load_block,
    notes_block,
    overrides_block,
    routes_block,
    time_block,
)
from nuages.report.text_findings import findings_block, patch_block, silenced_block


def render_tune(
    result: TuneResult,
    console: Console,
    *,
    html: Path | None = None,
    apply: str = "nuages tune --apply",
) -> None:
    """Print a run of tune; `html` is where its page was written, `apply` the command to offer."""
    page = Page(console, rest="see the HTML report")
    figures = headline(result)
    page.line(("nuages tune  ", "bold"), (result.project, ""))
    coverage_block(page, result.coverage)
    page.heading("Result")
    page.text((figures.sentence, "bold"))
    load_block(page, result.load)
    time_block(page, result.time)
    findings_block(page, ranked(result.findings))
    silenced_block(page, result.silenced, result.stale)
    routes_block(page, result)
    patch_block(page, result.findings, result.patch)
    ledger_block(page, result.ledger)
    overrides_block(page, result.overrides)
    notes_block(page, result.notes)
    _next(
        page,
        (apply if figures.verified else "", "writes the verified fixes to the tree"),
        (str(html) if html else "", "has all of this in full: open it in a browser"),
    )


def render_diagnosis(
    diagnosis: Diagnosis, console: Console, *, fix: str = "nuages fix", limit: int | None = None
) -> None:
    """Print a diagnosis; `fix` is the command to offer."""
    page = Page(console, rest="see --json")
    findings = ranked(diagnosis.findings)
    page.line(("nuages diagnose  ", "bold"), (diagnosis.project, ""))
    coverage_block(page, diagnosis.coverage)
    time_block(page, diagnosis.time)
    findings_block(page, findings, limit=limit)
    silenced_block(page, diagnosis.silenced, diagnosis.stale)
    _next(page, (fix if findings else "", "proposes edits, and proves them"))


def render_check(diagnosis: Diagnosis, console: Console, *, limit: int | None = None) -> None:
    """Print what settings and code alone show."""
    page = Page(console, rest="see --json")
    page.line(("nuages check  ", "bold"), (diagnosis.project, ""))
    page.blank()
    for note in diagnosis.coverage.notes:
        page.text((note, ""))
    findings_block(page, ranked(diagnosis.findings), limit=limit, none="None in what was read.")
    silenced_block(page, diagnosis.silenced, diagnosis.stale)
    _next(page, ("nuages tune", "runs the project on scratch databases, and measures the rest"))


def render_fixes(
    diagnosis: Diagnosis, console: Console, *, applied: bool, apply: str = "nuages fix --apply"
) -> None:
    """Print a diagnosis whose fixes were tried, with their diffs; `apply` offers to write them."""
    page = Page(console, rest="see --json")
    verified = any(finding.fix.status == "verified" for finding in diagnosis.findings)
    page.line(("nuages fix  ", "bold"), (diagnosis.project, ""))
    coverage_block(page, diagnosis.coverage)
    findings_block(page, ranked(diagnosis.findings))
    silenced_block(page, diagnosis.silenced, diagnosis.stale)
    patch_block(page, diagnosis.findings, diagnosis.patch)
    if verified and applied:
        page.blank()
        page.text(("The verified fixes are written to the tree.", "bold"))
    _next(
        page, (apply if verified and not applied else "", "writes the verified fixes to the tree")
    )


def _next(page: Page, *steps: tuple[str, str]) -> None:
    """What to type or open next, each with what it does; "" for a step that is not needed."""
    if any(step for step, _ in steps):
        page.heading("Next")
    longest = max(len(step) for step, _ in steps)
    for step, what in steps:
        if step and longest + len(what) + 4 <= page.width:
            page.line((f"  {step.ljust(longest)}", "bold"), (f"  {what}", "dim"))
        elif step:  # which is typed or copied, and so never broken
            page.line((f"  {step}", "bold"))
            page.text((what, "dim"), indent=6)
