"""Spools: folders of snapshots, one file a process, replaced whole."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from nuages.record.clocks import time_ns

SUFFIX = ".nuages"
UNFINISHED = ".tmp"
SLACK = 16  # files beyond those that stay before any is removed: looking at each costs 2 µs
ABANDONED = 3600.0  # seconds after which a file that was never finished is nobody's


class Spool:
    """A folder of snapshots.

    One that lasts keeps only its newest `kept` files, and lies in no folder that another user of
    the machine could have put there. A scratch one (`kept` is None) is its reader's to remove.
    """

    def __init__(self, folder: str, *, kept: int | None = None) -> None:
        self.folder = Path(folder)
        self.kept = kept

    def put(self, name: str, data: bytes) -> None:
        """Write a process's file in the place of its earlier one."""
        make(self.folder, is_checked=self.kept is not None)
        temporary = self.folder / f"{name}.{threading.get_ident()}{UNFINISHED}"
        try:
            temporary.write_bytes(data)
            temporary.replace(self.folder / f"{name}{SUFFIX}")
        except BaseException:
            temporary.unlink(missing_ok=True)  # a full disk has no room for what is useless
            raise

    def prune(self) -> None:
        """Remove the oldest files beyond those that stay: a process that lives writes its anew."""
        if self.kept is None:
            return
        files = [entry for entry in os.scandir(self.folder) if entry.name.endswith(SUFFIX)]
        if len(files) > self.kept + SLACK:
            files.sort(key=_written, reverse=True)
            for entry in files[self.kept :]:
                _remove(entry)
        for entry in os.scandir(self.folder):
            if entry.name.endswith(UNFINISHED) and _written(entry) < time_ns() / 1e9 - ABANDONED:
                _remove(entry)


def _written(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:  # another process was faster
        return 0.0


def _remove(entry: os.DirEntry[str]) -> None:
    Path(entry.path).unlink(missing_ok=True)


def make(folder: Path, *, is_checked: bool) -> None:
    """Make a folder that only this user can read, unless there is one; OSError when that fails."""
    for path in reversed((folder, *folder.parents)):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
        if is_checked and hasattr(os, "geteuid"):
            _refuse_foreign(path)


def _refuse_foreign(path: Path) -> None:
    """Raise PermissionError for a folder that somebody else could have made first.

    In a folder that everybody may write to, such as /tmp, whoever knows a name in advance can
    take it, as a folder or as a link to one.
    """
    above = path.parent.stat().st_mode
    if not (above & stat.S_ISVTX and above & stat.S_IWOTH):
        return
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), 0):
        raise PermissionError(f"{path} is not a folder of this user's own")
