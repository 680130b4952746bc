"""The page of docs/ that says whose projects were populated, and what of them was not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

INTRODUCTION = """\
# Whose projects were populated

Every model of other people's projects, from PyPI, filled by
`nuages populate --users 400 --everything` into a new PostgreSQL database. All indexes and
constraints were made again and validated after the rows; then the first and the last rows of every
model were read back through the ORM (a thousand at most), and twenty of them given to
`full_clean()`. Only content types, permissions, sites, sessions, migrations and the admin's log are
left alone.

This page is written by `python -m tests.trials.everything --write`.

| project | models filled | rows | read back through the ORM | seconds |
|---|---|---|---|---|"""


def page(told: dict[str, dict[str, Any]]) -> str:
    """Markdown of the documents that `nuages populate --json` gave, by requirement."""
    return "\n".join([
        INTRODUCTION,
        *(_row(name, each) for name, each in told.items()),
        *_section("Not filled", _pairs(told, "skipped")),
        *_section("Fewer rows than asked for", _pairs(told, "short")),
        *_section("Samples that a model's own `full_clean()` does not take", _refused(told)),
    ]) + "\n"  # fmt: skip


def _row(name: str, told: dict[str, Any]) -> str:
    filled = f"{len(told['rows'])} of {len(told['planned'])}"
    rows, read = sum(told["rows"].values()), sum(told["read"].values())
    return f"| {name} | {filled} | {rows:,} | {read:,} | {told['seconds']:.0f} |"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return ["", f"## {title}", "", *(list(lines) or ["None."])]


def _pairs(told: dict[str, dict[str, Any]], what: str) -> Iterator[str]:
    for name, each in told.items():
        for label, why in each[what].items():
            if "Django's own bookkeeping" not in why:
                yield f"- {name}: `{label}`: {why}"


def _refused(told: dict[str, dict[str, Any]]) -> Iterator[str]:
    for name, each in told.items():
        for label, reasons in each["refused"].items():
            said = "; ".join(f"{' '.join(why.split())} ({n} of 20)" for why, n in reasons.items())
            yield f"- {name}: `{label}`: {said}"
