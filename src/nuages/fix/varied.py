"""Whether edits give the same answers on data that are more various than those that were filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nuages.answers import Masks, compare_all, learn, unordered_routes
from nuages.budget import TimeBudget
from nuages.errors import NuagesError
from nuages.fix.judging import what_changed
from nuages.fix.outcome import RunOutcome
from nuages.fix.proposals import combine
from nuages.fix.reached import routes_of
from nuages.model import Finding, Recording

# Edits → the same requests on the varied data; None where there are none.
Replay = Callable[[Mapping[str, str]], RunOutcome | None]


class VariedData:
    """Replays on the varied data, each set of edits against the version without them."""

    def __init__(self, replay: Replay | None, until: TimeBudget) -> None:
        self._replay = replay
        self._until = until
        self._before: RunOutcome | None = None
        self._masks: Masks | None = None
        self._learnt_again = False

    def guilty(
        self,
        findings: Sequence[Finding],
        sources: Mapping[str, str],
        recording: Recording,
        masks: Masks,
    ) -> dict[int, str] | None:
        """Which of the findings, by their number, change an answer, and which one.

        None where there are no such data. `recording` tells what each finding's edit reaches.
        """

        def accused(numbers: Sequence[int]) -> dict[int, str] | None:
            chosen = [findings[number] for number in numbers]
            changed = self.changed(combine(chosen, sources), masks)
            if changed is None:
                return None
            found: dict[int, str] = {}
            for number, finding in zip(numbers, chosen, strict=True):
                routes = {*finding.routes, *routes_of([finding], recording)} & changed.keys()
                found |= {number: changed[min(routes)]} if routes else {}
            return found

        def by_themselves(together: dict[int, str]) -> dict[int, str]:
            if len(together) < 2 or self._until.is_over:
                return together
            numbers, middle = list(together), len(together) // 2
            halves = (accused(half) or {} for half in (numbers[:middle], numbers[middle:]))
            return {n: why for half in halves for n, why in by_themselves(half).items()} or together

        found = accused(range(len(findings)))
        return found and by_themselves(found)

    def changed(self, edits: Mapping[str, str], masks: Masks) -> dict[str, str] | None:
        """Route → what these edits change there; None where there are no such data.

        `masks`: what was learnt of the same requests on the usual data.
        """
        if self._before is None:
            self._before, self._masks = self._run({}), masks
        if self._before is None:
            self._replay = None
            return None
        after = self._run(edits)
        if after is None:
            return {answer.route: "the requests fail with it" for answer in self._before.answers}
        found = self._differing(self._before, after)
        if found and not self._learnt_again:
            self._learn_again(self._before)
            found = self._differing(self._before, after)
        return found

    def _run(self, edits: Mapping[str, str]) -> RunOutcome | None:
        try:
            return self._replay(edits) if self._replay else None
        except NuagesError:
            return None

    def _learn_again(self, before: RunOutcome) -> None:
        """Some of what changes by itself does so on these data only."""
        self._learnt_again = True
        again = self._run({})
        if again is not None:
            self._masks = learn(before.answers, again.answers, self._masks)

    def _differing(self, before: RunOutcome, after: RunOutcome) -> dict[str, str]:
        verdicts = compare_all(
            self._masks or Masks(),
            before.answers,
            after.answers,
            unordered=unordered_routes(before.recording),
        )
        return {
            route: change
            for route in dict.fromkeys(verdict.route for verdict in verdicts)
            if (change := what_changed({route}, before.recording, after.recording, verdicts))
        }
