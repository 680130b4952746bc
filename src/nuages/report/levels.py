"""How loudly a finding is told where other programs show it: in SARIF, in annotations."""

from __future__ import annotations

from typing import Literal

from nuages.model import Finding

Level = Literal["error", "warning", "note"]

BUDGETED = frozenset({"slow-query", "slow-middleware"})  # rules that compare with a budget
SURE = 0.5  # a confidence below this is a hint
SMALL = 0.01  # of all time; less of it, and of its own route, is worth a note
SMALL_OF_ROUTE = 0.1
LOOP = 3  # calls in one request: they grow with the rows, however few a recording has


def level(finding: Finding) -> Level:
    """An error for a budget that is broken, a note for what is unsure or costs next to nothing."""
    if finding.confidence < SURE:
        return "note"
    if finding.rule in BUDGETED:
        return "error"
    found = finding.evidence
    is_small = found.share < SMALL and found.route_share < SMALL_OF_ROUTE
    is_small = is_small and found.per_request_max < LOOP
    if finding.concern == "time" and found.wall_ms and is_small:
        return "note"
    return "warning"
