"""Edits tried together, in ever better sets, until what is left holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nuages.answers import Masks, Verdict, compare_all, learn, unordered_routes
from nuages.budget import TimeBudget
from nuages.edits import place_of
from nuages.errors import NuagesError
from nuages.fix.doubts import Doubt, Doubts, guilty
from nuages.fix.edited import Edited
from nuages.fix.judging import database_ns, judge_replay, judge_tests, refused
from nuages.fix.outcome import Run, RunOutcome
from nuages.fix.proposals import combine, proposed, with_prefetch
from nuages.fix.reached import routes_of
from nuages.fix.selection import SelectedTests
from nuages.model import Finding, Fix, Location, Recording

MOST_RUNS = 12
WORTH_NS = 5_000_000  # a join that takes less in the whole replay is good enough
CLEARLY = 1.5  # times: what two runs of one version may differ by is less


def verify(
    findings: Iterable[Finding],
    sources: Mapping[str, str],
    before: RunOutcome,
    run: Run,
    *,
    most_runs: int = MOST_RUNS,
    until: TimeBudget | None = None,
    doubts: Doubts | None = None,
) -> tuple[Finding, ...]:
    """Run the project with the proposed edits and judge each; bounded by `most_runs` runs, and by
    the time `until` which a further one is begun.

    What is verified in the end was run together, without anything else, and stood the `doubts`.
    """
    everything = list(findings)
    candidates = [
        _Candidate(index=index, finding=finding)
        for index, finding in enumerate(everything)
        if finding.fix.status == "proposed"
    ]
    if candidates:
        reaching = [one.finding.tests for one in candidates]
        # What was reached outside of any test is only seen again when all are run.
        wanted = {test for tests in reaching for test in tests} if all(reaching) else ()
        trials = _Trials(sources, before, run, wanted, most_runs, until or TimeBudget())
        kept = trials.best(trials.settle(candidates))
        more = doubts(sources, trials.before.recording, trials.masks) if doubts else ()
        trials.confirm(trials.stood(kept, more))
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
        self,
        sources: Mapping[str, str],
        before: RunOutcome,
        run: Run,
        tests: Iterable[str],
        most_runs: int,
        until: TimeBudget,
    ) -> None:
        self.settled: dict[int, Finding] = {}
        self._sources = sources
        self._left = most_runs
        self._until = until
        self._tests = SelectedTests(before, run, tests)
        self._answered = before  # by the site, where it is driven
        self.masks = Masks()
        self._learnt_again = False
        self._last: tuple[Mapping[str, str], RunOutcome] | None = None
        self._compared: tuple[RunOutcome, Masks, tuple[Verdict, ...]] | None = None
        if before.answers:
            again = self._outcome({})
            self.masks = learn(before.answers, again.answers)
            if again.error is None:
                self._answered = again  # the very requests that the later runs repeat

    @property
    def before(self) -> RunOutcome:
        return self._answered if self._answered.answers else self._tests.before

    @property
    def _is_over(self) -> bool:
        return self._left < 1 or self._until.is_over

    @property
    def _what_is_over(self) -> str:
        return "there was no time left" if self._left > 0 else "there were no runs left"

    def settle(self, chosen: list[_Candidate]) -> list[_Candidate]:
        """Find which of these hold together; the rest is settled with the reason."""
        if not chosen:
            return []
        if self._is_over:
            return self._drop_all(chosen, f"{self._what_is_over} to try it")
        outcome, edited = self._ran(chosen)
        if self._changes(outcome):
            self._learn_again()
        fault = self._unexplained(chosen, outcome)
        if fault:
            return self._halve(chosen, fault)
        judged = [(one, self._judged(one.finding, outcome, edited)) for one in chosen]
        for candidate, fix in judged:
            self.settled[candidate.index] = replace(candidate.finding, fix=fix)
        kept = [one for one, fix in judged if fix.status == "verified"]
        accused = [
            one for one, fix in judged if fix.status == "refused" and self._hit(one, outcome)
        ]
        if len(accused) > 1:
            return self._acquit(kept, accused)
        others = [one for one, fix in judged if fix.status == "refused"]
        alternatives = [new for one in others for new in self._alternative(one)]
        if len(kept) == len(chosen):
            return kept
        return self.settle([*kept, *alternatives])

    def best(self, kept: list[_Candidate]) -> list[_Candidate]:
        """Prefetches instead of joins that hold but take longer: tried in one run, held by another.

        Only where the site is driven: there both runs ask for the same.
        """
        others = {one.index: new for one in kept for new in self._alternative(one)}
        if not others or not self._answered.answers or self._is_over:
            return kept
        joined, as_joined = self._ran(kept)
        others = {i: new for i, new in others.items()
                  if database_ns(joined.recording, _place(new), as_joined) >= WORTH_NS}  # fmt: skip
        tried = [others.get(one.index, one) for one in kept]
        if not others or self._is_over:
            return kept
        prefetched, as_prefetched = self._ran(tried)
        if self._unexplained(tried, prefetched):
            return kept
        won = set()
        for one in kept:
            new = others.get(one.index)
            if new and self._judged(new.finding, prefetched, as_prefetched).status == "verified":
                was = database_ns(joined.recording, _place(one), as_joined)
                now = database_ns(prefetched.recording, _place(one), as_prefetched)
                self._tell(one, f"prefetch_related: {now / 1e6:.1f} ms of database, {was / 1e6:.1f}"
                           " ms with select_related")  # fmt: skip
                if now * CLEARLY < was:
                    won.add(one.index)
        return self._replaced(kept, [others[o.index] if o.index in won else o for o in kept])

    def _replaced(self, kept: list[_Candidate], chosen: list[_Candidate]) -> list[_Candidate]:
        """The chosen, where they hold together; else what is kept."""
        if chosen == kept or self._is_over:
            return kept
        outcome, edited = self._ran(chosen)
        fixes = [self._judged(one.finding, outcome, edited) for one in chosen]
        if self._unexplained(chosen, outcome) or any(fix.status != "verified" for fix in fixes):
            return kept
        for candidate, fix in zip(chosen, fixes, strict=True):
            told = self.settled[candidate.index].fix.alternatives
            fix = replace(fix, alternatives=told)
            self.settled[candidate.index] = replace(candidate.finding, fix=fix)
        return chosen

    def _tell(self, candidate: _Candidate, alternative: str) -> None:
        told = self.settled[candidate.index].fix.alternatives
        self._amend(candidate, alternatives=(*told, alternative))

    def _amend(self, candidate: _Candidate, **told: Any) -> None:
        """Say more of a fix that was judged."""
        finding = self.settled[candidate.index]
        self.settled[candidate.index] = replace(finding, fix=replace(finding.fix, **told))

    def _ran(self, chosen: list[_Candidate]) -> tuple[RunOutcome, Edited]:
        """A run with all of these; the last one again where it was one of just these."""
        edits = combine((candidate.finding for candidate in chosen), self._sources)
        edited = Edited(old=self._sources, new=edits)
        if self._last is not None and self._last[0] == edits:
            return self._last[1], edited
        return self._outcome(edits), edited

    def stood(self, kept: list[_Candidate], doubts: Sequence[Doubt]) -> list[_Candidate]:
        """Those that stand every doubt together; the others are refused."""
        for doubt in doubts:
            if not kept or self._is_over:
                break
            findings = [candidate.finding for candidate in kept]
            found = guilty(doubt, findings, self._until)
            for number, why in (found or {}).items():
                fix = refused(f"{doubt.falls}{why}")
                self.settled[kept[number].index] = replace(findings[number], fix=fix)
            if found:
                rest = [one for number, one in enumerate(kept) if number not in found]
                return self.stood(self.settle(rest), doubts)
            for one in kept if found is not None else ():
                self._amend(one, reason=f"{self.settled[one.index].fix.reason}{doubt.stands}")
        return kept

    def confirm(self, kept: list[_Candidate]) -> None:
        """Run the whole command once with what is kept; look again at what it breaks."""
        if not kept or not self._tests.may_run_all:
            return
        edits = combine((candidate.finding for candidate in kept), self._sources)
        outcome = self._outcome(edits, whole=True)
        broken = self._tests.broken_by(outcome)
        if outcome.error is None and not broken:
            self._say_all_were_run(kept, outcome)
        elif self._is_over:
            what = outcome.error or f"{min(broken)} fails with it"
            self._drop_all(kept, f"in the whole command {what}")
        else:
            self._tests.add(() if outcome.error else broken)
            self.confirm(self.settle(kept))

    def _say_all_were_run(self, kept: list[_Candidate], outcome: RunOutcome) -> None:
        for candidate in kept:
            self._amend(candidate, tests=f"{len(outcome.tests):,} of {self._tests.total:,} run")

    def _hit(self, candidate: _Candidate, outcome: RunOutcome) -> bool:
        """Whether an answer changed on a route of the finding."""
        changed = {v.route for v in self._verdicts(outcome) if v.result == "different"}
        return not changed.isdisjoint(candidate.finding.routes)

    def _acquit(self, kept: list[_Candidate], accused: list[_Candidate]) -> list[_Candidate]:
        """An answer changed that several edits may have changed: find the one that did."""
        innocent = self._halve(accused, "")
        if kept and innocent:
            return self._together(kept, innocent)
        return innocent or self.settle(kept)

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
        if self._is_over:
            self._drop_all(second, f"{self._what_is_over} to try it with the others")
            return first
        outcome, edited = self._ran(both)
        fixes = [self._judged(one.finding, outcome, edited) for one in both]
        if self._unexplained(both, outcome) or any(fix.status != "verified" for fix in fixes):
            self._drop_all(second, "it does not hold together with the other edits")
            return first
        for candidate, fix in zip(both, fixes, strict=True):
            self.settled[candidate.index] = replace(candidate.finding, fix=fix)
        return both

    def _outcome(self, edits: Mapping[str, str], *, whole: bool = False) -> RunOutcome:
        self._left -= 1
        try:
            outcome = self._tests.run(edits, whole=whole)
        except NuagesError as error:
            outcome = RunOutcome(recording=Recording(), error=error.message)
        if edits:
            self._last = dict(edits), outcome
        return outcome

    def _verdicts(self, outcome: RunOutcome) -> tuple[Verdict, ...]:
        """Of all requests; kept, since every finding of a run asks for them."""
        known = self._compared
        if known is None or known[0] is not outcome or known[1] is not self.masks:
            before = self.before
            unordered = unordered_routes(before.recording)
            verdicts = compare_all(self.masks, before.answers, outcome.answers, unordered=unordered)
            self._compared = known = outcome, self.masks, verdicts
        return known[2]

    def _changes(self, outcome: RunOutcome) -> bool:
        return any(verdict.result == "different" for verdict in self._verdicts(outcome))

    def _learn_again(self) -> None:
        """Run the unedited version once more: some of what changes by itself takes its time."""
        if self._learnt_again or self._is_over:
            return
        self._learnt_again = True
        later = self._outcome({})
        if later.error is None:
            self.masks = learn(self.before.answers, later.answers, self.masks)

    def _unexplained(self, chosen: Sequence[_Candidate], outcome: RunOutcome) -> str:
        """What broke beyond the routes and the tests of the findings, or ""."""
        if outcome.error:
            return f"the run failed: {outcome.error}"
        known_routes = {route for one in chosen for route in one.finding.routes}
        suspects = routes_of([one.finding for one in chosen], self.before.recording)
        for verdict in self._verdicts(outcome):
            if verdict.result == "different" and verdict.route in suspects - known_routes:
                return f"the answer of {verdict.route} changes: {verdict.reason}"
        known = {test for one in chosen for test in one.finding.tests}
        for test, passed in self.before.tests.items():
            if passed and not outcome.tests.get(test) and test not in known:
                return f"{test} passes before and fails after"
        return ""

    def _judged(self, finding: Finding, outcome: RunOutcome, edited: Edited) -> Fix:
        before, after = self.before.recording, outcome.recording
        if self.before.answers:
            return judge_replay(finding, before, after, self._verdicts(outcome), edited)
        fix = judge_tests(finding, before, after, self.before.tests, outcome.tests, edited)
        tests = f"{len(outcome.tests):,} of {self._tests.total:,} run"
        return fix if fix.status == "refused" else replace(fix, tests=tests)

    def _alternative(self, candidate: _Candidate) -> Iterator[_Candidate]:
        """prefetch_related instead of a select_related that did not hold."""
        finding = candidate.finding
        if candidate.is_alternative or finding.remedy.kind != "select_related":
            return
        other = proposed(with_prefetch(finding), self._sources, {})
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


def _place(candidate: _Candidate) -> Location:
    place = place_of(candidate.finding)
    assert place is not None  # it was edited there
    return place
