"""The two ways into a project: its own tests, and the driven site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from nuages.fix import ALL, RunOutcome
from nuages.model import Coverage, Summary

Version = tuple[tuple[str, str], ...]  # a version of the project by its edits


def version(edits: Mapping[str, str]) -> Version:
    """A key for edits ("label:file" → new text)."""
    return tuple(sorted(edits.items()))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What came in through a door."""

    outcome: RunOutcome
    coverage: Coverage


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Figures of both versions, of runs that did the same."""

    before: Summary
    after: Summary
    told_apart: frozenset[str] = frozenset()  # names of times: their values do not overlap


class Door(Protocol):
    """A way to exercise a project, the same way each time."""

    def record(self) -> Seen:
        """Exercise the project as it stands, recorded deeply."""

    def run(self, edits: Mapping[str, str], tests: frozenset[str] = ALL) -> RunOutcome:
        """Do exactly the same again with edits ("label:file" → new text), recorded deeply.

        With `tests`, only these of the tests, where the door leads through tests.
        """

    def run_varied(self, edits: Mapping[str, str]) -> RunOutcome | None:
        """Do the same on data that are more various; None where the data are not ours."""

    def summaries(self, edits: Mapping[str, str]) -> Measured:
        """Figures per route without and with edits, of runs that did the same."""
