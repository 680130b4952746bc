"""Rounds of diagnosis and trial: what an edit uncovers is found, and tried, in the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path

from nuages import fix
from nuages.answers import Masks
from nuages.budget import TimeBudget
from nuages.codemod import text
from nuages.doors import Door, Version, version
from nuages.fix import ALL, RunOutcome
from nuages.fix.doubts import Doubt
from nuages.fix.own_tests import OwnTests
from nuages.fix.remembered import Remembered
from nuages.fix.varied import VariedData
from nuages.model import Finding, Location, Recording

MOST_ROUNDS = 4
KEPT = 3  # outcomes of the last runs

# A recording of a version, its edits ("label:file" → new text) → what does not scale in it.
Judge = Callable[[Recording, Mapping[str, str]], tuple[Finding, ...]]
# Findings and sources → the same, those on lacking indexes with edits that were tried.
Indexed = Callable[[tuple[Finding, ...], Mapping[str, str]], tuple[Finding, ...]]


def unchanged(findings: tuple[Finding, ...], sources: Mapping[str, str]) -> tuple[Finding, ...]:
    """No index was tried."""
    return findings


@dataclass(frozen=True, kw_only=True)
class Fixed:
    """What came of all rounds."""

    findings: tuple[Finding, ...]  # at the places where they are in the project as it stands
    edits: Mapping[str, str] = field(default_factory=dict)  # "label:file" → new text
    sources: Mapping[str, str] = field(default_factory=dict)  # the same files as they stand
    rounds: int = 0  # in which something was tried


@dataclass(frozen=True, kw_only=True)
class Tested:
    """The project's own tests."""

    run: fix.Run
    before: RunOutcome  # of all, of the project as it stands


class Rounds:
    """Tries the edits of one diagnosis, then of the next, upon what held before."""

    def __init__(
        self,
        roots: Mapping[str, Path],  # of the sources, by label
        door: Door,
        judge: Judge,
        *,
        budget: TimeBudget,
        remembered: Remembered,
        indexed: Indexed = unchanged,
        own_tests: Tested | None = None,
    ) -> None:
        self._roots = roots
        self._door = door
        self._judge = judge
        self._budget = budget
        self._remembered = remembered
        self._indexed = indexed
        self._own_tests = own_tests
        # Versions whose own tests were all run.
        self._tested = {version({}): own_tests.before} if own_tests else {}
        self._latest: deque[tuple[Version, RunOutcome]] = deque(maxlen=KEPT)

    def run(self, found: tuple[Finding, ...], seen: RunOutcome) -> Fixed:
        """Until a round finds nothing that holds, or the time is over.

        `found`: of the project as it stands, `seen` the run that showed it.
        """
        first = self._round(found, seen, Fixed(findings=()))
        findings = self._indexed(first.findings, first.sources)
        edits = fix.combine(verified(findings), first.sources)
        done = replace(first, findings=findings, edits=edits)
        while done.rounds < MOST_ROUNDS and done.edits and not self._budget.is_over:
            outcome = self._outcome(done.edits)
            if outcome.error is not None:
                break
            known = {_identity(finding) for finding in done.findings}
            later = self._judge(outcome.recording, done.edits)
            new = tuple(each for each in later if self._identity(each, done) not in known)
            after = self._round(new, outcome, done)
            if after.edits == done.edits:
                break
            done = after
        return done

    def _round(self, found: tuple[Finding, ...], seen: RunOutcome, done: Fixed) -> Fixed:
        sources = {**read_sources(self._roots, found), **done.sources}
        current = {**sources, **done.edits}
        proposed = self._remembered.recall(fix.propose(found, current, seen.recording.files))
        if done.rounds:
            proposed = tuple(each for each in proposed if each.fix.status == "proposed")
        tried = fix.verify(
            proposed,
            current,
            seen,
            self._upon(done.edits),
            until=self._budget,
            doubts=lambda *known: tuple(self._doubts(done.edits, *known)),
        )
        self._remembered.keep(tried)
        edits = {**done.edits, **fix.combine(verified(tried), current)}
        if done.rounds:  # what did not hold was no finding of the project as it stands
            tried = verified(tried)
        placed = tuple(self._placed(each, current, sources) for each in tried)
        return Fixed(
            findings=(*_without(done.findings, placed), *placed),
            edits=edits,
            sources=sources,
            rounds=done.rounds + 1,
        )

    def _upon(self, held: Mapping[str, str]) -> fix.Run:
        """A run of the project with what held before, and the edits that are tried."""

        def run(edits: Mapping[str, str], tests: frozenset[str] = ALL) -> RunOutcome:
            both = {**held, **edits}
            outcome = self._door.run(both, tests)
            if tests == ALL:
                self._latest.append((version(both), outcome))
            return outcome

        return run

    def _doubts(
        self,
        held: Mapping[str, str],
        sources: Mapping[str, str],
        recording: Recording,
        masks: Masks,
    ) -> Iterator[Doubt]:
        """Varied data, and the project's own tests: each with what held before."""
        yield VariedData(
            lambda edits: self._door.run_varied({**held, **edits}), sources, recording, masks
        )
        if self._own_tests:
            yield OwnTests(partial(self._tested_with, held), sources)

    def _tested_with(
        self, held: Mapping[str, str], edits: Mapping[str, str], tests: frozenset[str]
    ) -> RunOutcome:
        assert self._own_tests
        both = {**held, **edits}
        if tests != ALL:
            return self._own_tests.run(both, tests)
        if version(both) not in self._tested:
            self._tested[version(both)] = self._own_tests.run(both, tests)
        return self._tested[version(both)]

    def _outcome(self, edits: Mapping[str, str]) -> RunOutcome:
        """One of the last runs, where it was one of just these edits."""
        known = dict(self._latest).get(version(edits))
        return known or self._door.run(edits, ALL)

    def _identity(self, finding: Finding, done: Fixed) -> tuple[object, ...]:
        current = {**done.sources, **done.edits}
        return _identity(self._placed(finding, current, done.sources))

    def _placed(
        self, finding: Finding, current: Mapping[str, str], sources: Mapping[str, str]
    ) -> Finding:
        """With its places as they are in the files that stand."""

        def there(at: Location | None) -> Location | None:
            key = f"{at.root}:{at.file}" if at else ""
            if at is None or current.get(key) == sources.get(key):
                return at
            moved = original_line(sources[key], current[key], at.line) - at.line
            end = at.end_line + moved if at.end_line else at.end_line
            return replace(at, line=at.line + moved, end_line=end)

        return replace(
            finding,
            location=there(finding.location),
            created_at=there(finding.created_at),
            trigger=there(finding.trigger),
        )


def original_line(old: str, new: str, line: int) -> int:
    """The line of the old text that a line of the new one was, or the one before what was added."""
    matcher = SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if new_first < line <= new_last:
            offset = line - 1 - new_first
            inside = first + offset if kind == "equal" else min(first + offset, last - 1)
            return max(inside, 0) + 1
    return line


def verified(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those whose edit was run and held."""
    return tuple(finding for finding in findings if finding.fix.status == "verified")


def read_sources(roots: Mapping[str, Path], findings: tuple[Finding, ...]) -> dict[str, str]:
    """Text of every file that a finding names, by "label:file"."""
    sources = {}
    for finding in findings:
        for where in (finding.location, finding.created_at, finding.trigger, finding.remedy.at):
            if where is None or where.root not in roots:
                continue  # a library's template
            path = Path(roots[where.root]) / where.file
            key = f"{where.root}:{where.file}"
            if key not in sources and path.is_file():
                sources[key] = text.read(path)
    return sources


def _without(earlier: tuple[Finding, ...], fixed: tuple[Finding, ...]) -> Iterator[Finding]:
    """Those that still stand: a later round may have fixed what had no edit in an earlier one."""
    gone = {(each.rule, _at(each.location)) for each in fixed}
    for finding in earlier:
        if finding.fix.status == "verified" or (finding.rule, _at(finding.location)) not in gone:
            yield finding


def _at(where: Location | None) -> tuple[str, str, int] | None:
    return (where.root, where.file, where.line) if where else None


def _identity(finding: Finding) -> tuple[object, ...]:
    """What stays the same when lines of the same file are edited elsewhere."""
    return (
        finding.rule,
        _at(finding.location),
        _at(finding.created_at),
        finding.remedy.kind,
        finding.remedy.path,
    )
