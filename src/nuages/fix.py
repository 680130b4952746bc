"""From findings to fixes: propose edits, try them together, keep what is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nuages.answers import Answer, Masks, Verdict, compare_all, learn
from nuages.codemod import Refusal, text
from nuages.codemod.draft import Draft
from nuages.codemod.queryset import RelatedKind, add_to_draft
from nuages.codemod.writing import apply
from nuages.errors import NuagesError
from nuages.judge import Edited, judge_replay, judge_tests, refused
from nuages.model import Finding, Fix, Location, Recording, Remedy
from nuages.origins import in_tests

__all__ = ["RunOutcome", "apply", "combine", "propose", "verify"]

MOST_RUNS = 8
FIXED: dict[str, RelatedKind] = {
    "select_related": "select_related",
    "prefetch_related": "prefetch_related",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOutcome:
    """What came of exercising one version of the project."""

    recording: Recording
    answers: tuple[Answer, ...] = ()
    tests: Mapping[str, bool] = field(default_factory=dict)  # test id → passed
    error: str | None = None  # the run as a whole failed


Run = Callable[[Mapping[str, str]], RunOutcome]


def propose(
    findings: Iterable[Finding],
    sources: Mapping[str, str],
    files: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Give each finding whose remedy is an edit that edit, or the reason why there is none.

    `sources` maps "label:file" to text, `files` to the SHA-256 at the time of the recording.
    """
    return tuple(_proposed(finding, sources, files or {}) for finding in findings)


def combine(findings: Iterable[Finding], sources: Mapping[str, str]) -> dict[str, str]:
    """All edits of these findings together: "label:file" → new text, changed files only."""
    drafts: dict[str, Draft] = {}
    for finding in sorted(_with_edits(findings), key=_order):
        place, remedy = finding.created_at, finding.remedy
        assert place is not None
        assert remedy.path is not None
        key = _key(place)
        draft = drafts.setdefault(key, Draft(sources[key]))
        try:
            add_to_draft(draft, place, FIXED[remedy.kind], remedy.path)
        except Refusal:
            continue  # alone it was possible: the judge will find its queries still there
    return {key: draft.text for key, draft in drafts.items() if draft.text != draft.original}


def verify(
    findings: Iterable[Finding],
    sources: Mapping[str, str],
    before: RunOutcome,
    run: Run,
    *,
    most_runs: int = MOST_RUNS,
) -> tuple[Finding, ...]:
    """Run the project with the proposed edits and judge each; bounded by `most_runs` runs.

    What is verified in the end was run together, without anything else.
    """
    everything = list(findings)
    candidates = [
        _Candidate(index=index, finding=finding)
        for index, finding in enumerate(everything)
        if finding.fix.status == "proposed"
    ]
    if candidates:
        trials = _Trials(sources, before, run, most_runs)
        trials.settle(candidates)
        for index, finding in trials.settled.items():
            everything[index] = finding
    return tuple(everything)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Candidate:
    index: int
    finding: Finding
    is_alternative: bool = False


class _Trials:
    """Runs of ever better sets of edits, against one baseline."""

    def __init__(
        self, sources: Mapping[str, str], before: RunOutcome, run: Run, most_runs: int
    ) -> None:
        self.settled: dict[int, Finding] = {}
        self._sources = sources
        self._run = run
        self._left = most_runs
        self._before = before
        self._masks = Masks()
        if before.answers:
            again = self._outcome({})
            self._masks = learn(before.answers, again.answers)
            if again.error is None:
                self._before = again  # the very requests that the later runs repeat

    def settle(self, chosen: list[_Candidate]) -> list[_Candidate]:
        """Find which of these hold together; the rest is settled with the reason."""
        if not chosen:
            return []
        if self._left < 1:
            return self._drop_all(chosen, "there were no runs left to try it")
        edits = combine((candidate.finding for candidate in chosen), self._sources)
        outcome = self._outcome(edits)
        edited = Edited(old=self._sources, new=edits)
        fault = self._unexplained(chosen, outcome)
        if fault:
            return self._halve(chosen, fault)
        judged = [(one, self._judged(one.finding, outcome, edited)) for one in chosen]
        for candidate, fix in judged:
            self.settled[candidate.index] = replace(candidate.finding, fix=fix)
        kept = [one for one, fix in judged if fix.status == "verified"]
        others = [one for one, fix in judged if fix.status == "refused"]
        alternatives = [new for one in others for new in self._alternative(one)]
        if len(kept) == len(chosen):
            return kept
        return self.settle([*kept, *alternatives])

    def _halve(self, chosen: list[_Candidate], fault: str) -> list[_Candidate]:
        """Something broke that no single finding explains: look in one half, then the other."""
        if len(chosen) == 1:
            return self._refuse(chosen[0], fault)
        middle = len(chosen) // 2
        first, second = self.settle(chosen[:middle]), self.settle(chosen[middle:])
        if first and second:
            # Each half holds alone; when both together don't, the first half is what is kept.
            return self._together(first, second)
        return first or second

    def _together(self, first: list[_Candidate], second: list[_Candidate]) -> list[_Candidate]:
        """Two sets that each hold alone; when they clash, only the first is kept."""
        both = [*first, *second]
        if self._left < 1:
            self._drop_all(second, "there were no runs left to try it with the others")
            return first
        edits = combine((candidate.finding for candidate in both), self._sources)
        outcome = self._outcome(edits)
        edited = Edited(old=self._sources, new=edits)
        fixes = [self._judged(one.finding, outcome, edited) for one in both]
        if self._unexplained(both, outcome) or any(fix.status != "verified" for fix in fixes):
            self._drop_all(second, "it does not hold together with the other edits")
            return first
        for candidate, fix in zip(both, fixes, strict=True):
            self.settled[candidate.index] = replace(candidate.finding, fix=fix)
        return both

    def _outcome(self, edits: Mapping[str, str]) -> RunOutcome:
        self._left -= 1
        try:
            return self._run(edits)
        except NuagesError as error:
            return RunOutcome(recording=Recording(), error=error.message)

    def _verdicts(self, outcome: RunOutcome) -> tuple[Verdict, ...]:
        before = self._before
        return compare_all(
            self._masks,
            before.answers,
            outcome.answers,
            unordered=unordered_routes(before.recording),
        )

    def _unexplained(self, chosen: Sequence[_Candidate], outcome: RunOutcome) -> str:
        """What broke beyond the routes and the tests of the findings, or ""."""
        if outcome.error:
            return f"the run failed: {outcome.error}"
        routes = {route for one in chosen for route in one.finding.routes}
        for verdict in self._verdicts(outcome):
            if verdict.result == "different" and verdict.route not in routes:
                return f"the answer of {verdict.route} changes: {verdict.reason}"
        known = {test for one in chosen for test in one.finding.tests}
        for test, passed in self._before.tests.items():
            if passed and not outcome.tests.get(test) and test not in known:
                return f"{test} passes before and fails after"
        return ""

    def _judged(self, finding: Finding, outcome: RunOutcome, edited: Edited) -> Fix:
        before, after = self._before.recording, outcome.recording
        if self._before.answers:
            return judge_replay(finding, before, after, self._verdicts(outcome), edited)
        return judge_tests(finding, before, after, self._before.tests, outcome.tests, edited)

    def _alternative(self, candidate: _Candidate) -> Iterator[_Candidate]:
        """prefetch_related instead of a select_related that did not hold."""
        finding = candidate.finding
        if candidate.is_alternative or finding.remedy.kind != "select_related":
            return
        other = _proposed(_with_prefetch(finding), self._sources, {})
        if other.fix.status == "proposed":
            yield replace(candidate, finding=other, is_alternative=True)

    def _refuse(self, candidate: _Candidate, reason: str) -> list[_Candidate]:
        self.settled[candidate.index] = replace(candidate.finding, fix=refused(reason))
        return self.settle(list(self._alternative(candidate)))

    def _drop_all(self, chosen: list[_Candidate], missing: str) -> list[_Candidate]:
        for candidate in chosen:
            finding = candidate.finding
            fix = replace(finding.fix, status="proposed", reason=f"not verified: {missing}")
            self.settled[candidate.index] = replace(finding, fix=fix)
        return []


def unordered_routes(recording: Recording) -> frozenset[str]:
    """Routes in which a query gave several rows in no order, and with no limit.

    Under a limit another order means other rows, so that a permutation is a difference.
    """
    return frozenset(
        group.scope.name
        for group in recording.groups
        if group.statement.verb == "SELECT"
        and group.rows_max > 1
        and " ORDER BY " not in group.statement.sql
        and " LIMIT " not in group.statement.sql
    )


def _proposed(finding: Finding, sources: Mapping[str, str], files: Mapping[str, str]) -> Finding:
    place, remedy = finding.created_at, finding.remedy
    if finding.fix.reason or remedy.kind not in FIXED or remedy.path is None or place is None:
        return finding
    key = _key(place)
    if key not in sources:
        return replace(finding, fix=refused(f"{place.file} is not the project's"))
    if in_tests(place):
        return replace(finding, fix=refused("the queryset is created in test code"))
    if key in files and files[key] != text.sha256(sources[key]):
        return replace(finding, fix=refused(f"{place.file} has changed since it was recorded"))
    try:
        return _edited(finding, place, sources[key])
    except Refusal as refusal:
        if remedy.kind == "select_related":
            other = _proposed(_with_prefetch(finding), sources, files)
            if other.fix.status == "proposed":
                return other
        return replace(finding, fix=refused(refusal.reason))


def _edited(finding: Finding, place: Location, source: str) -> Finding:
    remedy, draft = finding.remedy, Draft(source)
    assert remedy.path is not None
    add_to_draft(draft, place, FIXED[remedy.kind], remedy.path)
    if draft.text == source:
        said = f'{remedy.kind}("{remedy.path}")'
        return replace(finding, fix=refused(f"the queryset says {said} already"))
    fix = Fix(
        status="proposed",
        reason="not verified: it has not been run",
        edits={_key(place): draft.text},
        diff=text.diff(place.file, source, draft.text),
    )
    return replace(finding, fix=fix)


def _with_prefetch(finding: Finding) -> Finding:
    remedy = Remedy(kind="prefetch_related", path=finding.remedy.path)
    hint = finding.hint.replace(".select_related(", ".prefetch_related(")
    return replace(finding, remedy=remedy, hint=hint, fix=Fix(status="none"))


def _with_edits(findings: Iterable[Finding]) -> Iterator[Finding]:
    return (finding for finding in findings if finding.fix.status in ("proposed", "verified"))


def _order(finding: Finding) -> tuple[str, str, int, str]:
    """The longest path first, so that "author" finds itself covered by "author__profile".

    Prefetches come before joins: each is put right after the queryset, so joins stand first.
    """
    path, place = finding.remedy.path or "", finding.created_at
    return (_key(place) if place else "", finding.remedy.kind, -path.count("__"), path)


def _key(place: Location) -> str:
    return f"{place.root}:{place.file}"
