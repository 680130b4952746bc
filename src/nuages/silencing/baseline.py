"""The findings that a project lives with for now: a file that it commits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from nuages.errors import NuagesError
from nuages.fingerprints import fingerprints, place, subject
from nuages.model import Finding
from nuages.wording import percent, several

FILE = ".nuages-baseline.json"
SCHEMA = 1
WORDS = 120  # characters kept of what a finding is about

# A finding speaks again when a figure has grown by this factor, and by so much at least: times
# of one run differ from the next run's by a fifth, of a short one by more.
NOTABLY = {"per_request_max": (1.5, 3), "ms_per_request": (2.0, 10), "share": (2.0, 0.05)}
NAMES: Mapping[str, Callable[[float], str]] = {
    "per_request_max": lambda calls: f"{several(round(calls), 'call')} in one request",
    "ms_per_request": lambda spent: f"{spent:,.0f} ms a request",
    "share": lambda part: f"{percent(part)} of all time",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A finding that is known, with the figures that it had."""

    fingerprint: str
    rule: str
    file: str  # "shop/views.py", "" where no file is to blame
    function: str = ""
    about: str = ""  # for whoever reads the file
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """What a baseline file holds."""

    path: Path
    known: Mapping[str, Known] = field(default_factory=dict)  # by fingerprint


def of_project(root: Path, named: Path | None = None) -> Baseline | None:
    """The baseline that was named, else the project's own, where it has one."""
    path = named or root / FILE
    return load(path) if named or path.exists() else None


def load(path: Path) -> Baseline:
    """Read a file that write() wrote; NuagesError when it is another."""
    try:
        document = json.loads(path.read_text("utf-8"))
        schema = document["schema"]
        found = [Known(**one) for one in document["findings"]] if schema == SCHEMA else []
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise NuagesError(
            f"{path} is not a baseline: {type(error).__name__}: {error}",
            hint="write it anew with nuages diagnose --write-baseline",
            slug="baseline",
        ) from error
    if schema != SCHEMA:
        raise NuagesError(
            f"{path} has schema {schema}, this nuages knows {SCHEMA}.",
            hint="upgrade nuages, or write the file anew with --write-baseline",
            slug="baseline",
        )
    return Baseline(path=path, known={one.fingerprint: one for one in found})


def write(path: Path, known: Iterable[Known]) -> None:
    """Write a baseline: one line a finding, in an order that gives small diffs."""
    ordered = sorted(known, key=lambda k: (k.file, k.function, k.rule, k.fingerprint))
    lines = ",\n".join(f"  {json.dumps(asdict(one), ensure_ascii=False)}" for one in ordered)
    text = f'{{\n "schema": {SCHEMA},\n "findings": [\n{lines}\n ]\n}}\n'
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NuagesError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Name a file in a folder that exists and can be written.",
            slug="output",
        ) from error


def known(findings: Sequence[Finding]) -> list[Known]:
    """What would silence these findings."""
    return [
        _known(finding, name)
        for finding, name in zip(findings, fingerprints(findings), strict=True)
    ]


def _known(finding: Finding, name: str) -> Known:
    location = place(finding)
    return Known(
        fingerprint=name,
        rule=finding.rule,
        file=location.file if location else "",
        function=location.function if location else "",
        about=subject(finding)[:WORDS],
        figures=figures(finding),
    )


def figures(finding: Finding) -> dict[str, float]:
    """What is compared: figures that do not grow with the traffic alone."""
    found = finding.evidence
    per_request = found.wall_ms / found.requests if found.requests else 0.0
    values = {
        "per_request_max": found.per_request_max,
        "ms_per_request": round(per_request, 3),
        "share": round(found.share, 4),
    }
    return {name: value for name, value in values.items() if value}


def worse(finding: Finding, known: Known) -> Finding | None:
    """The finding, saying what grew, where that is notable; else None."""
    now = figures(finding)
    for name, (factor, least) in NOTABLY.items():
        before, after = known.figures.get(name, 0.0), now.get(name, 0.0)
        if before and after > before * factor and after - before >= least:
            change = f"{NAMES[name](before)} before, {NAMES[name](after)} now"
            return replace(finding, message=f"{finding.message}; worse than known: {change}")
    return None
