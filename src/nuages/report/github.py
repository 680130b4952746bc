"""Findings as GitHub's workflow commands: annotations beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nuages.fingerprints import place
from nuages.model import Finding, Location
from nuages.report.changes import ranked
from nuages.report.checkout import Checkout
from nuages.report.levels import Level, level

COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
SHOWN = 50  # GitHub keeps no more of a job, and 10 of each kind of a step


def commands(findings: Iterable[Finding], checkout: Checkout) -> Iterator[str]:
    """One command a finding, the costliest first."""
    for finding in ranked(findings)[:SHOWN]:
        text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
        yield command(
            COMMANDS[level(finding)],
            text,
            **_position(place(finding), checkout),
            title=f"nuages: {finding.rule}",
        )


def command(name: str, text: str, **properties: str | int | None) -> str:
    """A workflow command; see "Workflow commands for GitHub Actions" in GitHub's docs."""
    told = ",".join(f"{k}={_property(str(v))}" for k, v in properties.items() if v is not None)
    return f"::{name} {told}::{_data(text)}" if told else f"::{name}::{_data(text)}"


def _position(location: Location | None, checkout: Checkout) -> dict[str, str | int | None]:
    path = checkout.path(location) if location else None
    if location is None or path is None:
        return {}
    is_one_line = location.end_line in (None, location.line)  # columns are ignored otherwise
    return {
        "file": path,
        "line": location.line,
        "endLine": location.end_line,
        "col": None if location.column is None or not is_one_line else location.column + 1,
        "endColumn": location.end_column if is_one_line else None,
    }


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
