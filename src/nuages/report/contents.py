"""What a report page is made of: a diagnosis or a run of tune, and the recording they rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nuages.model import (
    Budgets,
    Coverage,
    Diagnosis,
    Finding,
    Location,
    Recording,
    SilencedBy,
    StaleIgnore,
    TimeSplit,
    TuneResult,
)
from nuages.report.changes import ranked

SOURCE_BYTES = 2_000_000  # of one file; what is larger was generated


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Everything that the pages show; without a recording there are findings only."""

    project: str
    coverage: Coverage
    findings: tuple[Finding, ...]  # the costliest first
    time: TimeSplit
    recording: Recording = field(default_factory=Recording)
    budgets: Budgets = field(default_factory=Budgets)
    sources: Mapping[str, str] = field(default_factory=dict)  # "label:file" → text, for excerpts
    run: TuneResult | None = None  # what was compared, where it was
    verb: str = "tune"  # the command that made the page
    silenced: Mapping[SilencedBy, int] = field(default_factory=dict)  # findings left out
    stale: tuple[StaleIgnore, ...] = ()


def of_tune(result: TuneResult, budgets: Budgets) -> Contents:
    """The contents of a run's page."""
    return Contents(
        project=result.project,
        coverage=result.coverage,
        findings=tuple(ranked(result.findings)),
        time=result.time,
        recording=result.recording,
        budgets=budgets,
        sources=result.sources,
        run=result,
        silenced=result.silenced,
        stale=result.stale,
    )


def of_diagnosis(
    diagnosis: Diagnosis, recording: Recording, budgets: Budgets, verb: str = "diagnose"
) -> Contents:
    """The contents of a diagnosis' page, with the sources that are still as they were recorded."""
    return Contents(
        project=diagnosis.project,
        coverage=diagnosis.coverage,
        findings=tuple(ranked(diagnosis.findings)),
        time=diagnosis.time,
        recording=recording,
        budgets=budgets,
        sources=read_sources(recording, diagnosis.findings),
        verb=verb,
        silenced=diagnosis.silenced,
        stale=diagnosis.stale,
    )


def read_sources(recording: Recording, findings: Iterable[Finding]) -> dict[str, str]:
    """Text of the files that findings name, by "label:file"; of those that have changed, none."""
    places = (
        place
        for finding in findings
        for place in (finding.location, finding.created_at, finding.trigger)
        if place is not None and place.root in recording.roots
    )
    found = {}
    for key, place in {f"{place.root}:{place.file}": place for place in places}.items():
        text = _unchanged(recording, key, place)
        if text is not None:
            found[key] = text
    return found


def _unchanged(recording: Recording, key: str, place: Location) -> str | None:
    path = Path(recording.roots[place.root]) / place.file
    try:
        data = path.read_bytes() if path.stat().st_size <= SOURCE_BYTES else None
    except (OSError, ValueError):
        return None
    recorded = recording.files.get(key)
    if data is None or (recorded and hashlib.sha256(data).hexdigest() != recorded):
        return None
    return data.decode("utf-8", "replace")
