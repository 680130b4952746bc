"""Whether edits give the same answers on data that are more various than those that were filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nuages.answers import Masks, compare_all, learn, unordered_routes
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

    stands = ", on varied data too"
    falls = "on more varied data "

    def __init__(
        self, replay: Replay, sources: Mapping[str, str], recording: Recording, masks: Masks
    ) -> None:
        """`recording` tells what an edit reaches, `masks` what was learnt on the usual data."""
        self._replay = replay
        self._sources = sources
        self._recording = recording
        self._masks = masks
        self._before: RunOutcome | None = None
        self._learnt_again = False

    def accused(self, findings: Sequence[Finding]) -> dict[int, str] | None:
        """Those that reach an answer which changes, and which one. None: there are no such data."""
        changed = self.changed(combine(findings, self._sources))
        if changed is None:
            return None
        found: dict[int, str] = {}
        for number, finding in enumerate(findings):
            routes = {*finding.routes, *routes_of([finding], self._recording)} & changed.keys()
            found |= {number: changed[min(routes)]} if routes else {}
        return found

    def changed(self, edits: Mapping[str, str]) -> dict[str, str] | None:
        """Route → what these edits change there; None where there are no such data."""
        self._before = self._before or self._run({})
        if self._before is None:
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
            return self._replay(edits)
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
            self._masks,
            before.answers,
            after.answers,
            unordered=unordered_routes(before.recording),
        )
        return {
            route: change
            for route in dict.fromkeys(verdict.route for verdict in verdicts)
            if (change := what_changed({route}, before.recording, after.recording, verdicts))
        }
