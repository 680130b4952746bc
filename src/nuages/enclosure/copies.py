"""Work trees with edits: what is copied where there are no overlays, and how an edit is written."""

from __future__ import annotations

import contextlib
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Mapping

_HEAVY = frozenset({
    "node_modules", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache",
    ".git", ".hg", ".svn", ".nuages",
})  # fmt: skip


def copy_tree(source: str, target: str) -> None:
    """Copy what belongs to the project: no history, no environments, no caches, no sockets."""
    import shutil  # slow to import, and the supervisor rarely copies

    shutil.copytree(source, target, symlinks=True, ignore=left_out)


def left_out(folder: str, names: Iterable[str]) -> set[str]:
    """For `shutil.copytree`: what is not copied."""
    paths = {name: os.path.join(folder, name) for name in names}
    return {
        name
        for name, path in paths.items()
        if name in _HEAVY or os.path.exists(f"{path}/pyvenv.cfg") or not _ordinary(path)
    }


def _ordinary(path: str) -> bool:
    mode = os.lstat(path).st_mode
    return stat.S_ISDIR(mode) or stat.S_ISREG(mode) or stat.S_ISLNK(mode)


def write_edits(folder: str, edits: Mapping[str, str | bytes], *, like: str) -> None:
    """Write each edit below the folder, with the modes that the paths have below `like`.

    Text becomes UTF-8, bytes are written as they are. The time of a file is derived from them:
    bytecode caches compare time in seconds and size, and two versions of a fix may well be equal
    in both.
    """
    for name, content in edits.items():
        relative = _resolved(like, name)
        _make_parents(folder, os.path.dirname(relative), like)
        target = os.path.join(folder, relative)
        data = content.encode() if isinstance(content, str) else content
        with open(f"{target}.nuages", "wb") as file:  # a new file: this one may not be writable
            file.write(data)
        _copy_mode(os.path.join(like, relative), f"{target}.nuages")
        os.replace(f"{target}.nuages", target)
        seconds = 1_000_000_000 + zlib.crc32(data) % 700_000_000
        os.utime(target, (seconds, seconds))


def _resolved(root: str, relative: str) -> str:
    """The path below the root with its symbolic links followed, as long as they stay inside."""
    real_root = os.path.realpath(root)
    real = os.path.realpath(os.path.join(real_root, relative))
    inside = real.startswith(f"{real_root}/")
    return os.path.relpath(real, real_root) if inside else relative


def _make_parents(folder: str, relative: str, like: str) -> None:
    if not relative or os.path.isdir(os.path.join(folder, relative)):
        return
    _make_parents(folder, os.path.dirname(relative), like)
    os.mkdir(os.path.join(folder, relative))
    _copy_mode(os.path.join(like, relative), os.path.join(folder, relative))


def _copy_mode(source: str, target: str) -> None:
    with contextlib.suppress(OSError):
        os.chmod(target, stat.S_IMODE(os.stat(source).st_mode) | stat.S_IRUSR)


def discard(folder: str) -> None:
    """Remove a folder, overlayfs's locked work folders too; never fails."""
    import shutil

    def unlock(function: Callable[[str], object], path: str, _error: object) -> None:
        with contextlib.suppress(OSError):
            os.chmod(path, stat.S_IRWXU)
            shutil.rmtree(path) if os.path.isdir(path) else function(path)

    shutil.rmtree(folder, onerror=unlock)
