"""Attaches the recorder to Django as its modules are imported, and detaches it again."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Protocol

import nuages
from nuages.agent.imports import when_imported
from nuages.record import (
    arrivals,
    audiences,
    breakdown,
    classes,
    executions,
    facts,
    faults,
    hooks,
    interning,
    landmarks,
    locations,
    memory,
    process,
    requests,
    reuse,
    snapshots,
    state,
    suites,
    uses,
)
from nuages.record.encoding import encode
from nuages.record.execution import Execution, sample
from nuages.record.ownership import Ownership
from nuages.record.patches import Patches
from nuages.record.totals import Totals, unfinished_totals


class Config(Protocol):
    """What the recorder needs of agent.attach.AttachConfig."""

    @property
    def roots(self) -> Mapping[str, str]: ...
    @property
    def mode(self) -> Any: ...
    @property
    def spool(self) -> str | None: ...
    @property
    def flush_seconds(self) -> float | None: ...
    @property
    def sample_every(self) -> int | None: ...
    @property
    def kept(self) -> int | None: ...


LIGHT_SAMPLE = 16


class _Recorder:
    """The state of this process's recorder."""

    def __init__(self) -> None:
        self.config: Config | None = None
        self.totals = Totals()
        self.patches = Patches()
        self.cancels: list[Callable[[], None]] = []
        self.key = snapshots.new_key()
        self.sequence = 0


_state = _Recorder()
_registered = False


def install(config: Config) -> None:
    """Record from now on; what is not imported yet is hooked once it is."""
    if _state.config is not None:
        return
    _state.config = config
    landmarks.set_ownership(Ownership(config.roots))
    classes.forget()
    locations.forget()
    facts.forget()
    breakdown.sample.choose(breakdown.EVERY)
    memory.find_heap()  # now, and not within a request: it imports ctypes
    sample.choose(config.sample_every or (1 if config.mode == "deep" else LIGHT_SAMPLE))
    _register_once()
    for name, hook in (*hooks.ALWAYS, *(hooks.DEEP if config.mode == "deep" else hooks.LIGHT)):
        _state.cancels.append(when_imported(name, _guarded(hook)))
    for name, listen in hooks.SIGNALS:
        _state.cancels.append(when_imported(name, _listening(listen)))
    pace = snapshots.pace(config.mode, config.flush_seconds)
    snapshots.open_spool(config.spool, snapshot, pace=pace, kept=config.kept)


def is_installed() -> bool:
    """Whether this process is being recorded."""
    return _state.config is not None


def uninstall() -> None:
    """Put everything back as it was found; what was recorded stays until reset()."""
    snapshots.close_spool()
    while _state.cancels:
        _state.cancels.pop()()
    uses.stop()
    _state.patches.undo()
    _state.config = None


def _guarded(hook: hooks.Hook) -> Callable[[ModuleType], None]:
    def run(module: ModuleType) -> None:
        try:
            hook(module, _state.patches)
        except Exception:
            faults.note()

    return run


def _listening(listen: Callable[[ModuleType], Callable[[], None]]) -> Callable[[ModuleType], None]:
    def run(module: ModuleType) -> None:
        try:
            _state.cancels.append(listen(module))
        except Exception:
            faults.note()

    return run


def _register_once() -> None:
    global _registered
    if not _registered:
        _registered = True
        executions.on_begin(state.began)
        executions.on_end(state.ended)
        executions.on_begin(process.began)
        executions.on_begin(breakdown.began)
        executions.on_end(breakdown.ended)
        executions.on_end(arrivals.ended)
        executions.on_end(_fold)
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def _fold(execution: Execution) -> None:
    if _state.config is None:
        return
    try:
        _state.totals.offer(execution)
        snapshots.touch()
    except Exception:
        faults.note()


def _before_fork() -> None:
    try:
        if snapshots.writer is not None:
            snapshots.writer.pause()
    except Exception:
        faults.note()


def _after_fork() -> None:
    try:
        _begin_anew()
    except Exception:
        faults.note()


def _begin_anew() -> None:
    """Be a process of its own, which has recorded nothing."""
    _state.key = snapshots.new_key()
    _state.sequence = 0
    interning.renew_lock()
    inherited = executions.forget_parent_process()
    if snapshots.writer is not None:
        snapshots.writer.renew_after_fork()
    reset()
    for execution in inherited:
        if execution.request is not None:
            requests.identify(execution)


def reset() -> None:
    """Forget what was counted so far."""
    executions.clear()
    _state.totals = Totals()
    suites.counts.clear()
    uses.clear()
    reuse.clear()
    state.clear()
    audiences.clear()
    arrivals.clear()
    process.clear()
    interning.cut.clear()
    faults.clear()


def snapshot() -> dict[str, Any]:
    """All that was counted since the start or the last reset(), ready for JSON."""
    _state.sequence += 1
    _state.totals.catch_up()
    config = _state.config
    return {
        "key": _state.key,
        "sequence": _state.sequence,
        "mode": config.mode if config else "deep",
        "roots": dict(config.roots) if config else {},
        "meta": _meta(),
        "facts": facts.text(),
        **encode(
            lambda: _state.totals,
            unfinished_totals,
            lambda: process.totals(_state.totals.scopes),
        ),
    }


def _meta() -> dict[str, str]:
    meta = {
        "nuages": nuages.__version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "settings": os.environ.get("DJANGO_SETTINGS_MODULE", ""),
        "argv": " ".join(sys.orig_argv),
        **{f"tests_{outcome}": str(count) for outcome, count in suites.counts.items()},
    }
    django = sys.modules.get("django")
    if django is not None:
        meta["django"] = django.get_version()
    if faults.count:
        meta["recorder_faults"] = str(faults.count)
        meta["recorder_fault"] = faults.texts[0]
    return meta


@contextmanager
def scope(kind: str, name: str) -> Iterator[None]:
    """Count what is done within as one execution of this scope."""
    execution = executions.begin(kind, name)
    try:
        with executions.enter(execution):
            yield
    finally:
        executions.end(execution)


def last_request() -> dict[str, Any]:
    """Figures of the request that just ended in this thread, {} before the first: route, view,
    status, queries, rows, db_ns, wall_ns, cpu_ns.
    """
    return requests.last()
