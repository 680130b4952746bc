"""The measured figures of a finding in words, a rule's own among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from nuages.model import Finding
from nuages.report.changes import execution
from nuages.report.figures import bytes_with_unit, count, ms_with_unit, percent, share

TEXT = 120  # characters; a longer text, or one of several lines, is shown as a block
PLAN = "plan"  # a figure with this word in its name is a block, however short
UNITS: Mapping[str, Callable[[float], str]] = {
    "ms": ms_with_unit,
    "ns": lambda value: ms_with_unit(value / 1e6),
    "bytes": bytes_with_unit,
    "mb": lambda value: bytes_with_unit(value * 1e6),
}


def facts(finding: Finding) -> Iterator[tuple[str, str]]:
    """(name, value): what was measured; nothing for what was only read in code or settings."""
    found, one = finding.evidence, execution(finding)
    if found.wall_ms:
        yield "Time in all", f"{ms_with_unit(found.wall_ms)}, {share(found.share)} of everything"
    if found.route_share:
        yield "Of its slowest route", percent(found.route_share)
    if found.calls:
        seen = f" in {count(found.requests)} {one}{'' if found.requests == 1 else 's'}"
        yield "Calls" if not found.sql else "Queries", f"{count(found.calls)}{seen}"
    if found.per_request_max > 1:
        yield f"Most in one {one}", count(found.per_request_max)
    if found.p95_ms is not None:
        yield "One query, p95", ms_with_unit(found.p95_ms)
    if found.max_ms is not None:
        yield "Slowest", ms_with_unit(found.max_ms)
    if found.rows:
        yield "Rows", count(found.rows)
    yield from own(found.figures)
    yield "Confidence", percent(finding.confidence)


def blocks(figures: Mapping[str, float | str]) -> Iterator[tuple[str, str]]:
    """(name, text) of a rule's figures that are more than a word: a plan."""
    for name, value in figures.items():
        if isinstance(value, str) and _is_block(name, value):
            yield _words(name), value


def own(figures: Mapping[str, float | str]) -> Iterator[tuple[str, str]]:
    """(name, value) of a rule's figures that are a number or a word."""
    for name, value in figures.items():
        if isinstance(value, str):
            if not _is_block(name, value):
                yield _words(name), value
        else:
            yield _figure(name, value)


def _is_block(name: str, value: str) -> bool:
    return "\n" in value or len(value) > TEXT or PLAN in name.split("_")


def _figure(name: str, value: float) -> tuple[str, str]:
    """A figure by the unit in its name: "saved_ms", "ms_per_request", "unread_bytes_a_row"."""
    words = name.split("_")
    unit = next((word for word in words if word in UNITS), "") if len(words) > 1 else ""
    if unit:
        rest = "_".join(word for word in words if word != unit)
        return _words(rest), UNITS[unit](value)
    if words[-1] in ("share", "rate") and 0 <= value <= 1:
        return _words(name), percent(value)
    return _words(name), count(value)


def _words(name: str) -> str:
    text = re.sub(r"\d{4,}", lambda found: f"{int(found[0]):,}", name).replace("_", " ").strip()
    return f"{text[:1].upper()}{text[1:]}"
