"""Watches a run of pytest from its main process, judges it at the end, and says what it saw."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nuages import config as configuration
from nuages import store
from nuages.errors import NuagesError
from nuages.model import Budgets, Recording
from nuages.suite import baseline as baselines
from nuages.suite import summary
from nuages.suite.baseline import Baseline, Comparison
from nuages.suite.budgets import Broken, broken, needs_recording, unmatched
from nuages.suite.figures import Suite


class Watch:
    """A plugin of the process that sums up; the workers of xdist send it their reports."""

    def __init__(self, config: pytest.Config, root: Path, spool: Path) -> None:
        self._root, self._spool = root, spool
        self._suite = Suite()
        self._updates = bool(config.getoption("nuages_update_baseline"))
        self._budgets: Budgets
        self._baseline: Baseline | None
        try:
            self._budgets = configuration.load(root).budgets
            self._baseline = self._known(config.getoption("nuages_baseline"))
        except NuagesError as error:
            raise pytest.UsageError(f"{error.message} {error.hint}") from error
        self._broken: list[Broken] = []
        self._compared: Comparison | None = None
        self._said = ""

    def _known(self, named: str | None) -> Baseline | None:
        path = Path.cwd() / named if named else self._root / baselines.FILE
        if path.exists():
            return baselines.load(path)
        if self._updates:
            return Baseline(path=path)
        return baselines.load(path) if named else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what a test asked; what did not pass may not have asked all that it would."""
        told = getattr(report, "nuages", None)
        if told and report.when == "call":
            if report.passed and not hasattr(report, "wasxfail"):
                self._suite.add(report.nodeid, told)
            else:
                self._suite.describe(told)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge, and fail the run where a budget is broken or a test asks more."""
        recording = self._recording() if needs_recording(self._budgets) else None
        self._broken = broken(self._suite, self._budgets, recording)
        if self._updates:
            self._write()
        elif self._baseline is not None:
            tolerance = self._budgets.time_tolerance
            self._compared = baselines.compare(self._suite, self._baseline, tolerance)
            self._said = _said(self._compared)
        regressed = self._compared is not None and bool(self._compared.regressions)
        if (self._broken or regressed) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _recording(self) -> Recording:
        return store.fold(self._spool)

    def _write(self) -> None:
        assert self._baseline is not None
        with_times = self._budgets.time_tolerance is not None
        now = baselines.updated(self._baseline, self._suite, self._root, with_times=with_times)
        try:
            baselines.write(now)
        except NuagesError as error:
            raise pytest.UsageError(f"{error.message} {error.hint}") from error
        self._said = f"{len(self._suite.tests):,} tests written to {os.path.relpath(now.path)}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what ran over, and what changed."""
        if title := summary.title(self._broken, self._compared):
            terminalreporter.section(f"nuages: {title}", red=True, bold=True)
            for line in summary.lines(self._broken, self._compared):
                terminalreporter.line(line)
        if self._said:
            terminalreporter.line(f"nuages: {self._said}")
        for pattern in unmatched(self._suite, self._budgets):
            terminalreporter.line(f'nuages: no request matched budgets.routes."{pattern}"')


def _said(compared: Comparison) -> str:
    """What a baseline does not know yet."""
    parts = [
        f"{number:,} {'test' if number == 1 else 'tests'} {words}"
        for number, words in (
            (compared.better, "asking less than the baseline"),
            (compared.new, "not in the baseline"),
        )
        if number
    ]
    return f"{', '.join(parts)}: --nuages-update-baseline writes them down" if parts else ""
