"""Which of the project's tests are run: those that reach the findings, then once all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nuages.errors import NuagesError
from nuages.fix.outcome import ALL, Run, RunOutcome
from nuages.model import Recording

AFFORDABLE = 300.0  # seconds: a command that takes longer is not run whole for each set of fixes


class SelectedTests:
    """Runs the tests that matter; what they give is comparable with `before`."""

    def __init__(self, before: RunOutcome, run: Run, wanted: Iterable[str]) -> None:
        self.before = before  # of the same tests as later runs
        self.chosen = ALL
        self.total = len(before.tests)
        self._whole = before
        self._run = run
        names = frozenset(wanted)
        passing = frozenset(test for test in names if before.tests.get(test))
        # A test that has another name by now could be any of them.
        if passing and names <= before.tests.keys() and 2 * len(passing) <= self.total:
            self._choose(passing)

    @property
    def may_run_all(self) -> bool:
        """Whether the whole command is still to be run, and short enough for that."""
        return self.chosen != ALL and self._whole.seconds < AFFORDABLE

    def run(self, edits: Mapping[str, str], *, whole: bool = False) -> RunOutcome:
        """The chosen tests, or all, with edits; a test that fails by itself no longer counts."""
        before = self._whole if whole else self.before
        outcome = self._run(edits, ALL if whole else self.chosen)
        broken = failing(before, outcome)
        if broken and edits and outcome.error is None:
            again = self._run({}, broken)
            self._ignore({test for test in broken if not again.tests.get(test)})
        return outcome

    def broken_by(self, outcome: RunOutcome) -> frozenset[str]:
        """Tests that a run of the whole command broke."""
        return failing(self._whole, outcome)

    def add(self, tests: Iterable[str]) -> None:
        """Run these, too, from now on; without any, the whole command."""
        added = frozenset(tests)
        if added:
            self._choose(self.chosen | added)
        else:
            self.chosen, self.before = ALL, self._whole

    def _choose(self, tests: frozenset[str]) -> None:
        try:
            again = self._run({}, tests)
        except NuagesError as error:
            again = RunOutcome(recording=Recording(), error=error.message)
        depends_on_others = any(not again.tests.get(test) for test in tests)
        if depends_on_others and self._whole.seconds < AFFORDABLE:
            self.chosen, self.before = ALL, self._whole
        else:
            self.chosen, self.before = tests, again

    def _ignore(self, tests: set[str]) -> None:
        self.before, self._whole = _without(self.before, tests), _without(self._whole, tests)


def failing(before: RunOutcome, after: RunOutcome) -> frozenset[str]:
    """Tests that passed and don't any more."""
    return frozenset(
        test for test, passed in before.tests.items() if passed and not after.tests.get(test)
    )


def _without(outcome: RunOutcome, tests: set[str]) -> RunOutcome:
    kept = {test: passed for test, passed in outcome.tests.items() if test not in tests}
    return replace(outcome, tests=kept)
