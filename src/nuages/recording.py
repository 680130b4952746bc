"""The `record` verb: runs a command as the user would, with nothing but the recorder added.

`with nuages.recording(path, deep=True): …` records a block of this process in the same way.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from nuages import remains, store
from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.django.places import project_roots
from nuages.errors import NuagesError
from nuages.model import Recording
from nuages.origins import is_work
from nuages.outputs import make_folder
from nuages.project import find_root, source_roots
from nuages.project.roots import MARKS

Launch = Callable[[Sequence[str], Mapping[str, str]], int]  # argv, environment → exit code

FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
ENDING = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})


@dataclass(frozen=True, kw_only=True)
class RecordedRun:
    """A command that has run, and what was seen of it."""

    exit_code: int  # the command's own; 128 + n when signal n ended it
    recording: Recording
    is_partial: bool = False  # it was interrupted in its work
    written: Path | None = None  # where the recording is


def record_command(
    argv: Sequence[str],
    *,
    cwd: Path,
    output: Path,
    deep: bool = True,
    roots: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> RecordedRun:
    """Run a command in its own environment and write what was recorded to `output`; of one that
    was interrupted in its work, beside it: an earlier recording of the whole is worth more.

    Raises NuagesError when no process of the command could be attached.
    """
    signals: list[int] = []

    def launch(argv: Sequence[str], env: Mapping[str, str]) -> int:
        code = _run_in_foreground(argv, cwd, env, signals)
        if signals:  # which may not have reached what a shell or a reloader has started
            remains.stop(env)
        return code

    run = run_attached(argv, launch=launch, cwd=cwd, deep=deep, roots=roots, env=env)
    is_partial = bool(signals and run.exit_code) and _was_at_work(run.recording)
    target = partial(output) if is_partial else output
    write(run.recording, target)
    return replace(run, is_partial=is_partial, written=target)


def partial(output: Path) -> Path:
    """Where the recording goes of what did not come to its end."""
    return output.with_name(f"{output.stem}.partial{output.suffix}")


def _was_at_work(recording: Recording) -> bool:
    """Whether there was an end to come to: of tests or a command, not of a server, whose end is
    always a signal.
    """
    scopes = [stats.scope for stats in recording.scopes]
    return any(s.kind == "test" or (s.kind == "command" and is_work(s)) for s in scopes)


def run_attached(
    argv: Sequence[str],
    *,
    launch: Launch,
    cwd: Path,
    deep: bool = True,
    roots: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
) -> RecordedRun:
    """Have `launch` run a command attached to the recorder, wherever and however it runs it."""
    environment = dict(os.environ if env is None else env)
    with tempfile.TemporaryDirectory(prefix="nuages-") as folder:
        scratch = Path(folder)
        config = AttachConfig(
            roots=dict(roots or {".": str(cwd)}),
            mode="deep" if deep else "light",
            spool=str(scratch / "spool"),
            scratch=folder,
        )
        environment |= prepare(scratch, config, environment)
        exit_code = launch(argv, environment)
        recording = collect(scratch / "spool", argv)
    recording = described(recording, argv, cwd=cwd, exit_code=exit_code)
    names = json.dumps(sorted(os.environ if env is None else env))  # and no value of any
    return RecordedRun(
        exit_code=exit_code,
        recording=replace(recording, meta={**recording.meta, "variables": names}),
    )


def collect(spool: Path, argv: Sequence[str]) -> Recording:
    """The recording of a command that has ended; NuagesError when none of it was attached."""
    if not any(spool.glob("*.attached")):
        raise NuagesError(
            f"No process of `{shlex.join(argv)}` could be recorded.",
            hint="Leave out -I, -E and -S, and wrappers that clear the environment "
            "(env -i, sudo, tox without pass_env); it takes Python 3.11 or later.",
            detail=_attach_errors(spool),
            slug="not-attached",
        )
    recording = store.fold(spool)
    if not recording.processes:
        raise NuagesError(
            f"`{shlex.join(argv)}` ran, but no process of it imported Django.",
            hint="Name a command that runs the project: nuages record -- python manage.py test",
            detail=_attach_errors(spool),
            slug="nothing-recorded",
        )
    return recording


def _attach_errors(spool: Path) -> str:
    errors = [json.loads(path.read_text())["error"] for path in spool.glob("attach-error-*.json")]
    return "\n".join(str(error)[-1500:] for error in errors[:2])


def described(recording: Recording, argv: Sequence[str], *, cwd: Path, exit_code: int) -> Recording:
    """With what is known about the command in its meta."""
    meta = {
        **recording.meta,
        "command": json.dumps(list(argv)),
        "cwd": str(cwd),
        "exit_code": str(exit_code),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    meta.pop("argv", None)
    return replace(recording, meta=meta)


def write(recording: Recording, output: Path) -> None:
    """Write a recording; a folder of our own making stays out of version control."""
    make_folder(output)
    store.write(recording, output)


def _run_in_foreground(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], signals: list[int]
) -> int:
    """Wait for a command that shares our terminal; signals sent to us are passed on."""
    try:
        process = subprocess.Popen(list(argv), cwd=cwd, env=dict(env))
    except OSError as error:
        raise NuagesError(
            f"`{argv[0]}` could not be started: {error.strerror}.",
            hint="Give the command as you would type it, after --: nuages record -- pytest",
            slug="command-not-started",
        ) from error
    with _forwarding(process, signals):
        return _exit_code(process.wait())


def _exit_code(returncode: int) -> int:
    return 128 - returncode if returncode < 0 else returncode


@contextmanager
def _forwarding(process: subprocess.Popen[bytes], signals: list[int]) -> Iterator[None]:
    """Pass signals on while the command runs, and note those that ask it to end.

    Ctrl-C reaches it by the terminal already.
    """

    def forward(number: int, _: FrameType | None) -> None:
        process.send_signal(number)
        note(number, None)

    def note(number: int, _: FrameType | None) -> None:
        if number in ENDING:
            signals.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    previous = {number: signal.signal(number, forward) for number in FORWARDED}
    previous[signal.SIGINT] = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def recording(path: str | Path, *, deep: bool = True) -> Iterator[None]:
    """Record what this process does within the `with`, and write it to `path`.

    Raises NuagesError when the process is being recorded already.
    """
    from nuages.record import recorder

    if recorder.is_installed():
        raise NuagesError(
            "This process is being recorded already.",
            hint="Record it once: by `with nuages.recording(…)` without another around it, by "
            '`nuages record`, or by "nuages.django" in INSTALLED_APPS.',
            slug="recorded-already",
        )
    cwd = Path.cwd()
    recorder.install(AttachConfig(roots=_roots(cwd), mode="deep" if deep else "light"))
    recorder.reset()
    try:
        yield
    finally:
        snapshot = recorder.snapshot()
        recorder.uninstall()
        seen = store.recording_from([snapshot])
        write(described(seen, sys.orig_argv, cwd=cwd, exit_code=0), Path(path))


def _roots(cwd: Path) -> Mapping[str, str]:
    """Of the project around the working directory, else of the one whose settings are set."""
    root = find_root(cwd)
    if any((root / mark).exists() for mark in MARKS):
        return source_roots(root)
    settings = os.environ.get("DJANGO_SETTINGS_MODULE")
    return project_roots(None, settings) if settings else {".": str(cwd)}


class _Callable(ModuleType):
    """Lets `with nuages.recording(path):` work beside `import nuages.recording`."""

    def __call__(self, path: str | Path, *, deep: bool = True) -> Any:
        return recording(path, deep=deep)


sys.modules[__name__].__class__ = _Callable
