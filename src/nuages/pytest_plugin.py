"""The pytest plugin: each test a scope under its node id; `--nuages` records without a command."""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from nuages.record import selection, suites

OWN = "NUAGES_PYTEST"  # set where `--nuages` started the recorder


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


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Attach before anything imports Django; workers started later inherit it."""
    namespace = early_config.known_args_namespace
    is_light = getattr(namespace, "nuages_light", False)
    if (is_light or getattr(namespace, "nuages", False)) and not _is_attached():
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
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, None, None]:
    if not _is_attached():
        yield
        return
    with suites.test(item.nodeid) as outcome:
        yield
        outcome.status = _statuses.pop(item.nodeid, "passed")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    status = _status(outcome.get_result())
    if status != "passed" and _statuses.get(item.nodeid) != "failed":
        _statuses[item.nodeid] = status


_statuses: dict[str, str] = {}  # of the running test, if it did not pass; no stash before pytest 7


def _status(report: Any) -> str:
    """The outcome of a phase in the words of pytest's summary."""
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    return str(report.outcome)


def pytest_sessionstart(session: pytest.Session) -> None:
    if _is_attached() and not hasattr(session.config, "workerinput"):  # workers don't sum up
        session.config.pluginmanager.register(_Count(), "nuages-count")


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
    recording.write(seen, cwd / config.getoption("nuages_file"))
    shutil.rmtree(scratch, ignore_errors=True)
    del os.environ[OWN]
