"""The routes that an edit reaches."""

from __future__ import annotations

from collections.abc import Iterable

from nuages.edits import place_of
from nuages.fix.judging import OF_ALL, touches
from nuages.model import Finding, Recording


def routes_of(findings: Iterable[Finding], recording: Recording) -> frozenset[str]:
    """Routes that executed what one of the findings edits: no other can change."""
    findings = list(findings)
    if any(finding.remedy.kind in OF_ALL for finding in findings):
        return frozenset(stats.scope.name for stats in recording.scopes)
    places = {place for finding in findings if (place := place_of(finding))}
    return frozenset(
        group.scope.name
        for group in recording.groups
        if any(touches(group, place) for place in places)
    )
