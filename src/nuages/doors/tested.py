"""The project's own tests: its data, its logins, its mocks."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Mapping
from dataclasses import replace

from nuages.commands import Command
from nuages.doors import Measured, Seen, Version, failing, version
from nuages.errors import NuagesError
from nuages.fix import ALL, RunOutcome
from nuages.lab import CommandRun, Lab
from nuages.model import Recording
from nuages.traffic.recorded import coverage, outcomes, summarise

MANY = 0.2  # share of failing tests from which on the run says little
DATABASE_ERROR = re.compile(
    r"^(?:E\s+)?((?:[\w.]+\.)?(?:OperationalError|ProgrammingError|NotSupportedError"
    r"|DatabaseError|UndefinedTable|UndefinedFunction)\b.*)$",
    re.MULTILINE,
)


class TestsDoor:
    """Runs one command, usually the tests, against every version."""

    __test__ = False  # not a test case, whatever pytest makes of its name

    def __init__(
        self, lab: Lab, command: Command, *, outside: Mapping[str, bool] | None = None
    ) -> None:
        self._lab = lab
        self._command = command
        self._outside = outside or {}  # tests that were run without walls → whether they passed
        self._latest: dict[tuple[Version, frozenset[str]], Recording] = {}

    def record(self) -> Seen:
        """Run the command as the project stands."""
        outcome, notes = self._outcome({}, ALL)
        seen = coverage(outcome.recording, routes=self._lab.routes)
        return Seen(outcome=outcome, coverage=replace(seen, notes=notes))

    def run(self, edits: Mapping[str, str], tests: frozenset[str] = ALL) -> RunOutcome:
        """Run the command with edits, all of its tests or those that are named."""
        outcome, _ = self._outcome(edits, tests)
        if tests and not tests.issuperset(outcome.tests):
            self._lab.progress.say("Not every selected test was found again: all are run.")
        return outcome

    def run_varied(self, edits: Mapping[str, str]) -> RunOutcome | None:
        """Nothing: tests make their own data."""
        return None

    def summaries(self, edits: Mapping[str, str]) -> Measured:
        """Figures of the requests that the tests made, from the widest runs of both versions."""
        old, new = version({}), version(edits)
        both = {tests for at, tests in self._latest if at == new and (old, tests) in self._latest}
        tests = ALL if ALL in both else max(both, key=len, default=ALL)
        if not both:
            self._outcome(edits, tests)
        return Measured(
            before=summarise(self._latest[old, tests]), after=summarise(self._latest[new, tests])
        )

    def _outcome(
        self, edits: Mapping[str, str], tests: frozenset[str]
    ) -> tuple[RunOutcome, tuple[str, ...]]:
        started = time.monotonic()
        run = self._lab.command(
            self._command.argv,
            mode="deep",
            edits=edits,
            cwd=self._command.cwd,
            select=sorted(tests),
        )
        recording = self._checked(run, whole=not tests)
        self._latest[version(edits), tests] = recording
        outcome = RunOutcome(
            recording=recording,
            tests=outcomes(recording),
            seconds=time.monotonic() - started,
        )
        return outcome, self._faults(run, outcome)

    def _checked(self, run: CommandRun, *, whole: bool) -> Recording:
        command = shlex.join(self._command.argv)
        if run.recording is None or not run.recording.processes:
            raise NuagesError(
                f"No process of `{command}` could be recorded (it ended with {run.exit_code}).",
                hint=self._unset() or "Leave out -I, -E and wrappers that clear the environment.",
                detail=run.output[-3000:],
                slug="not-attached",
            )
        if whole and not run.recording.groups:
            raise NuagesError(
                f"`{command}` ended with {run.exit_code} and made no query.",
                hint=self._unset() or "Run it by hand first; name the tests that use the database.",
                detail=run.output[-3000:],
                slug="nothing-recorded",
            )
        return run.recording

    def _faults(self, run: CommandRun, outcome: RunOutcome) -> tuple[str, ...]:
        """Which tests fail here and why; whether they are so many that their word counts little."""
        if not run.exit_code:
            return ()
        named = failing.notes(
            outcome.tests,
            run.output,
            command=shlex.join(self._command.argv),
            outside=self._outside,
        )
        return (*self._too_many(run, outcome), *named)

    def _too_many(self, run: CommandRun, outcome: RunOutcome) -> tuple[str, ...]:
        failed = sum(not passed for passed in outcome.tests.values())
        if failed <= MANY * len(outcome.tests):
            return ()
        said = f"{failed:,} of {len(outcome.tests):,} tests fail here"
        if found := DATABASE_ERROR.search(run.output):
            vendor = "SQLite" if self._lab.databases.vendor == "sqlite" else "PostgreSQL"
            said += f", with errors of the scratch database ({vendor}): {found[1][:160]}"
        return tuple(filter(None, (said, self._unset())))

    def _unset(self) -> str:
        """The variables that were set when it was recorded and that the project asks for."""
        names = self._command.missing(self._lab.project)
        return f"Set what was set when it was recorded: {', '.join(names)}" if names else ""
