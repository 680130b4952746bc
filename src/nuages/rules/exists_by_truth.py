"""Rows fetched, or counted, only to know whether there are any."""

from __future__ import annotations

from collections.abc import Iterator

from nuages.cases import Case
from nuages.grounds.asked import of_kind
from nuages.model import Finding

ID = "exists-by-truth"


def find(case: Case) -> Iterator[Finding]:
    """One finding per place, by the code or by what was recorded."""
    return of_kind(ID, "exists", case)
