"""What happens in a child process before any of its own code runs."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NoReturn

import nuages
from nuages.agent.imports import when_imported

VARIABLE = "NUAGES_ATTACH"  # names the JSON file of an AttachConfig
STACK = "NUAGES_STACK"  # names that of a StackConfig, for the processes of a stack


@dataclass(frozen=True, kw_only=True)
class AttachConfig:
    """What an attached process is told, by a JSON file that its environment names."""

    roots: Mapping[str, str] = field(default_factory=dict)  # label → absolute path
    mode: Literal["deep", "light"] | None = None  # of the recorder; None: nothing is recorded
    spool: str | None = None  # where processes write their snapshots
    flush_seconds: float | None = None  # a killed process loses no more; None: as the mode is
    sample_every: int | None = None  # executions, to measure what is dear in one of them
    kept: int | None = None  # newest snapshots that stay in the spool; None: a scratch spool
    overlay: Mapping[str, Any] | None = None
    select: Sequence[str] | None = None  # tests to run; None: all
    ledger: str | None = None  # the audit hook is on when set
    side: str | None = None  # packages the interpreter lacks, appended last to sys.path
    scratch: str | None = None  # writable for the child
    version: str = nuages.__version__

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> AttachConfig:
        """Raises ValueError when the text is of another version of nuages, or of none."""
        values = json.loads(text)
        version = values.get("version") if isinstance(values, dict) else None
        if version != nuages.__version__:
            raise ValueError(
                f"nuages {nuages.__version__} was told to attach by nuages {version}: "
                "another copy of nuages stands before the attached one on PYTHONPATH"
            )
        return cls(**values)


def attach_from_environment() -> None:
    """Attach as the environment says.

    A failure is reported. It ends the process where going on might mean the project's own
    databases: without a readable configuration, or without the overlay.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        if os.environ.get(STACK):
            attach(AttachConfig())
        return
    try:
        with open(path, encoding="utf-8") as file:
            config = AttachConfig.from_json(file.read())
    except BaseException:
        _end(None)
    attach(config)


def attach(config: AttachConfig) -> None:
    """Set up, in this order: side packages, audit hook, settings overlay or stack, recorder."""
    for step in STEPS:
        _guarded(step, config)


def _guarded(step: Callable[[AttachConfig], None], config: AttachConfig) -> None:
    try:
        step(config)
    except Exception:
        _report(config.spool)


def _mark(config: AttachConfig) -> None:
    """Leave a mark in the spool: this process was reached, whether it runs Django or not."""
    if config.spool:
        os.makedirs(config.spool, exist_ok=True)
        path = os.path.join(config.spool, f"{os.getpid()}.attached")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"version": config.version, "argv": getattr(sys, "orig_argv", [])}, file)


def _add_side_packages(config: AttachConfig) -> None:
    if config.side and config.side not in sys.path:
        sys.path.append(config.side)


def _install_audit(config: AttachConfig) -> None:
    if config.ledger:
        importlib.import_module("nuages.agent.audit").install(config)


def _install_overlay(config: AttachConfig) -> None:
    if not config.overlay:
        return

    def install(_: object) -> None:
        try:
            importlib.import_module("nuages.agent.overlay").install(config)
        except BaseException:
            _end(config.spool)

    try:
        when_imported("django.conf", install)
    except BaseException:
        _end(config.spool)


def _join_stack(config: AttachConfig) -> None:
    path = os.environ.get(STACK)
    if not path:
        return
    try:
        importlib.import_module("nuages.agent.stack").join(path)
    except BaseException:
        _end(config.spool)


def _install_recorder(config: AttachConfig) -> None:
    if config.mode:
        when_imported("django", _later("nuages.record.recorder", config))


def _select_tests(config: AttachConfig) -> None:
    if config.select:
        importlib.import_module("nuages.record.selection").choose(config.select)


STEPS = (
    _mark, _add_side_packages, _install_audit, _install_overlay, _join_stack, _install_recorder,
    _select_tests,
)  # fmt: skip


def _later(name: str, config: AttachConfig) -> Callable[[object], None]:
    def install(_: object) -> None:
        _guarded(lambda config: importlib.import_module(name).install(config), config)

    return install


def _end(spool: str | None) -> NoReturn:
    """Report, and end at once: an exception could be caught by the project's code."""
    try:
        _report(spool)
        sys.stderr.flush()
    finally:
        os._exit(2)


def _report(spool: str | None) -> None:
    """Say once on standard error, and in the spool, why attaching failed."""
    text = traceback.format_exc()
    print(f"nuages could not attach to this process: {text}", file=sys.stderr)
    try:
        if spool and os.path.isdir(spool):
            path = os.path.join(spool, f"attach-error-{os.getpid()}.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"argv": getattr(sys, "orig_argv", []), "error": text}, file)
    except OSError:
        return
