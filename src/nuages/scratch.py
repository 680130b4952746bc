"""The folder of one run: private, short of path, gone at the end whatever the end was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from nuages.errors import NuagesError

PREFIX = "nuages-"
OWNER_FILE = "owner.json"
NOBODY = 65534  # also the group's number on every Linux and on none of macOS's real accounts
LONGEST_PATH = 60  # sun_path holds 103 bytes on macOS, 107 on Linux; leaves 40 for what is inside


class Scratch:
    """Context manager of a run's folder, removed on leaving, on Ctrl-C and on SIGTERM.

    `keep=True` leaves it and `path` says where. Folders of runs that were killed are removed by
    the next run. As root the folder can be entered, not listed, by the group of `nobody`, since
    servers that refuse root run as nobody inside it.
    """

    def __init__(self, *, keep: bool = False, parent: Path | None = None) -> None:
        self.keep = keep
        self.parent = parent or short_temporary_folder()
        self.path = self.parent  # until entered
        self._handlers: dict[int, Any] = {}

    def __enter__(self) -> Scratch:
        remove_stale(self.parent)
        self.path = make_owned_folder(self.parent, keep=self.keep)
        self._handlers = _exit_on((signal.SIGTERM, signal.SIGHUP))
        return self

    def folder(self, name: str) -> Path:
        """A private folder below the run's, created when missing."""
        path = self.path / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        impatient = _replace((signal.SIGINT,), signal.SIG_IGN)  # a second Ctrl-C leaves no rubbish
        try:
            if not self.keep:
                remove(self.path)
        finally:
            _restore(impatient)
            _restore(self._handlers)


def short_temporary_folder() -> Path:
    """The temp dir, or /tmp where that is so long that a socket's path would not fit."""
    folder = Path(tempfile.gettempdir()).resolve()
    return folder if len(os.fsencode(folder)) <= LONGEST_PATH else Path("/tmp")


def make_owned_folder(parent: Path, *, keep: bool = False) -> Path:
    """Make a private folder that `remove_stale` removes once this process is gone."""
    try:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    except OSError as error:
        raise NuagesError(
            f"cannot create a scratch folder in {parent}: {error.strerror}",
            hint="set TMPDIR to a folder that can be written",
            slug="scratch",
        ) from error
    if os.geteuid() == 0:
        with suppress(OSError):  # a user namespace may not have that group
            os.chown(path, 0, NOBODY)
            path.chmod(0o710)
    owner = {"pid": os.getpid(), "started": process_start(os.getpid()), "keep": keep}
    (path / OWNER_FILE).write_text(json.dumps(owner), "utf-8")
    return path


def remove_stale(parent: Path) -> tuple[Path, ...]:
    """Remove the folders of runs whose process is gone; those of other users are left alone."""
    removed = []
    for path in parent.glob(f"{PREFIX}*"):
        if _abandoned(path):
            remove(path)
            removed.append(path)
    return tuple(removed)


def _abandoned(path: Path) -> bool:
    try:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return False
        owner = json.loads((path / OWNER_FILE).read_text("utf-8"))
        return not owner["keep"] and process_start(int(owner["pid"])) != owner["started"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def process_start(pid: int) -> str:
    """When a process started, as its system tells it; "" when there is no such process.

    A number is used again for another process, a number and its start are not.
    """
    if Path("/proc/self/stat").exists():
        try:
            line = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        except OSError:
            return ""
        return line.rpartition(")")[2].split()[19]  # field 22 of proc(5); the name has spaces
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def remove(path: Path) -> None:
    """Remove a tree, read-only folders inside it too (overlayfs leaves some); never fails."""

    def unlock(function: Callable[..., object], name: str, _error: object) -> None:
        try:
            os.chmod(os.path.dirname(name), 0o700)
            os.chmod(name, 0o700)
            if os.path.isdir(name) and not os.path.islink(name):
                shutil.rmtree(name, ignore_errors=True)
            else:
                os.unlink(name)
        except OSError:
            pass

    shutil.rmtree(path, onerror=unlock)


def _exit_on(signals: tuple[int, ...]) -> dict[int, Any]:
    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    # Whoever has a handler already, such as the command line, leaves in its own way.
    return _replace(
        tuple(each for each in signals if signal.getsignal(each) == signal.SIG_DFL), leave
    )


def _replace(signals: tuple[int, ...], handler: Any) -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}  # only the main thread may set handlers, and only it is interrupted
    return {number: signal.signal(number, handler) for number in signals}


def _restore(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
