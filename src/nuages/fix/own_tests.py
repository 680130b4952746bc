"""Whether the project's own tests pass with edits that were verified by other means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nuages.errors import NuagesError
from nuages.fix.outcome import ALL, Run, RunOutcome
from nuages.fix.proposals import combine
from nuages.fix.selection import failing
from nuages.model import Finding, Recording


class OwnTests:
    """Runs of the tests, without edits and with them; what fails by itself says nothing."""

    falls = ""

    def __init__(self, run: Run, sources: Mapping[str, str]) -> None:
        self._run = run
        self._sources = sources
        self._before: RunOutcome | None = None
        self._broken = ALL  # those that failed with some edits: only they are asked again

    @property
    def stands(self) -> str:
        passed = sum(self._before.tests.values()) if self._before else 0
        return f", {passed:,} of the project's tests pass as before"

    def accused(self, findings: Sequence[Finding]) -> dict[int, str] | None:
        """All of them, where a test breaks: any may have done it. None where no test passes."""
        if self._before is None:
            self._before = self._outcome({}, ALL)
        if not any(self._before.tests.values()):
            return None
        after = self._outcome(combine(findings, self._sources), self._broken)
        if after.error is not None:
            return dict.fromkeys(range(len(findings)), f"the tests do not run: {after.error}")
        broken = self._lasting(failing(self._asked(self._before), after))
        self._broken |= broken
        why = f"the project's own test {min(broken)} fails with it" if broken else ""
        return dict.fromkeys(range(len(findings)), why) if broken else {}

    def _asked(self, before: RunOutcome) -> RunOutcome:
        tests = {name: ok for name, ok in before.tests.items() if name in (self._broken or {name})}
        return RunOutcome(recording=Recording(), tests=tests)

    def _lasting(self, broken: frozenset[str]) -> frozenset[str]:
        """Those that pass without the edits when they are run by themselves."""
        if not broken or broken <= self._broken:
            return broken
        again = self._outcome({}, broken)
        return frozenset(name for name in broken if again.tests.get(name))

    def _outcome(self, edits: Mapping[str, str], tests: frozenset[str]) -> RunOutcome:
        try:
            return self._run(edits, tests)
        except NuagesError as error:
            return RunOutcome(recording=Recording(), error=error.message)
