"""The pytest plugin: each test a scope under its node id; `--nuages` records without a command."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from nuages.record import faults, per_test, selection, suites

OWN = "NUAGES_PYTEST"  # set where `--nuages` started the recorder
# Options that start it.
ASKING = ("nuages", "nuages_light", "nuages_baseline", "nuages_update_baseline")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("nuages")
    group.addoption(
        "--nuages",
        action="store_true",
        help="record what the tests ask the database",
    )
    group.addoption(
        "--nuages-light",
        action="store_true",
        help="record as in production: without lineage, at next to no cost",
    )
    group.addoption(
        "--nuages-file",
        default=".nuages/recording.sqlite",
        metavar="FILE",
        help="the recording. [default: .nuages/recording.sqlite]",
    )
    group.addoption(
        "--nuages-baseline",
        metavar="FILE",
        help="fail where a test asks the database more often than it says. "
        "[default: .nuages-tests.json, where it exists]",
    )
    group.addoption(
        "--nuages-update-baseline",
        action="store_true",
        help="write down what the tests ask the database now",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "nuages(max_queries): what a test may ask the database, judged under --nuages.",
    )


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Attach before anything imports Django; workers started later inherit it."""
    namespace = early_config.known_args_namespace
    is_light = getattr(namespace, "nuages_light", False)
    if any(getattr(namespace, name, False) for name in ASKING) and not _is_attached():
        attach_module = importlib.import_module("nuages.agent.attach")
        scratch = Path(tempfile.mkdtemp(prefix="nuages-"))
        config = attach_module.AttachConfig(
            roots=source_roots(_root(early_config)),
            mode="light" if is_light else "deep",
            spool=str(scratch / "spool"),
            scratch=str(scratch),
        )
        os.environ.update(importlib.import_module("nuages.attach").prepare(scratch, config))
        os.environ[OWN] = str(scratch)
        attach_module.attach(config)


def _root(config: pytest.Config) -> Path:
    """pytest's root; without a configuration file that is a folder of tests at best."""
    return config.rootpath if config.inipath else Path(config.invocation_params.dir)


def source_roots(root: Path) -> dict[str, str]:
    """Label → folder: the root, and those that `[tool.nuages]` names as the project's too."""
    try:
        document = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        told = document["tool"]["nuages"]["source_roots"]
    except (OSError, ValueError, LookupError, TypeError):  # its own readers will say what is wrong
        told = ()
    labels = [told] if isinstance(told, str) else list(told)
    folders = {label: (root / label).resolve() for label in labels if isinstance(label, str)}
    return {".": str(root), **{n: str(path) for n, path in folders.items() if path.is_dir()}}


def _is_attached() -> bool:
    """Whether this run is recorded; installed beside a project, the plugin is loaded in any."""
    return "NUAGES_ATTACH" in os.environ


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was not asked for, once every other plugin has had its say."""
    if _is_attached() and selection.selects({item.nodeid for item in items}):
        config.hook.pytest_deselected(items=[i for i in items if i.nodeid not in selection.wanted])
        items[:] = [item for item in items if item.nodeid in selection.wanted]


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, None]:
    if not _is_attached():
        yield
        return
    with suites.test(item.nodeid) as outcome:
        ended = yield
        outcome.status = _statuses.pop(item.nodeid, "passed")
    if ended.excinfo is not None:  # no test's own error: an interrupt, or the end of the run
        faults.give_lines(ended.excinfo[2])


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    if OWN in os.environ:
        per_test.enable()
        per_test.start()
    yield
    per_test.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if call.when == "call" and (asked := per_test.take()):
        asked["max_queries"] = allowed(item)
        report.nuages = asked  # its attributes travel from xdist's workers
    status = _status(report)
    if status != "passed" and _statuses.get(item.nodeid) != "failed":
        _statuses[item.nodeid] = status


def allowed(item: pytest.Item) -> int | None:
    """What the nearest marker of a test allows it; None without one."""
    marker = item.get_closest_marker("nuages")
    return None if marker is None else marker.kwargs.get("max_queries")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a test whose marker says what it cannot mean."""
    for marker in item.iter_markers("nuages"):
        value = marker.kwargs.get("max_queries")
        is_whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        if marker.args or set(marker.kwargs) != {"max_queries"} or not is_whole:
            told = ", ".join([*map(repr, marker.args), *(f"{k}={v!r}" for k, v in
                                                         marker.kwargs.items())])  # fmt: skip
            pytest.fail(
                f"@pytest.mark.nuages({told}): expected max_queries=, a whole number from 0",
                pytrace=False,
            )


_statuses: dict[str, str] = {}  # of the running test, if it did not pass; no stash before pytest 7


def _status(report: Any) -> str:
    """The outcome of a phase in the words of pytest's summary."""
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return str(report.outcome)


def pytest_sessionstart(session: pytest.Session) -> None:
    if _is_attached() and not hasattr(session.config, "workerinput"):  # workers don't sum up
        session.config.pluginmanager.register(_Count(), "nuages-count")
        if OWN in os.environ:
            watch = importlib.import_module("nuages.suite.watch")
            session.config.pluginmanager.register(
                watch.Watch(session.config, _root(session.config), Path(os.environ[OWN]) / "spool"),
                "nuages-watch",
            )


class _Count:
    """Counts tests as the summary does."""

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self._passed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.passed and report.when == "call":
            self._passed.add(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        suites.report(passed=len(self._passed - self._failed), failed=len(self._failed))


_exit_code = 0


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    global _exit_code
    _exit_code = int(exitstatus)
    if _is_attached():
        importlib.import_module("nuages.record.snapshots").flush()


def pytest_unconfigure(config: pytest.Config) -> None:
    scratch = os.environ.get(OWN)
    if scratch is None or hasattr(config, "workerinput"):
        return
    importlib.import_module("nuages.record.recorder").uninstall()
    recording = importlib.import_module("nuages.recording")
    cwd = Path(config.invocation_params.dir)
    argv = ["pytest", *map(str, config.invocation_params.args)]
    seen = recording.collect(Path(scratch) / "spool", argv)
    seen = recording.described(seen, argv, cwd=cwd, exit_code=_exit_code)
    target = cwd / config.getoption("nuages_file")
    is_whole = _exit_code != pytest.ExitCode.INTERRUPTED
    target = target if is_whole else recording.partial(target)
    recording.write(seen, target)
    if not is_whole:
        print(f"nuages: interrupted; what was recorded until then: {target}", file=sys.stderr)
    shutil.rmtree(scratch, ignore_errors=True)
    del os.environ[OWN]
