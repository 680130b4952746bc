"""Edits written to the user's tree: all or none, and only over what was measured."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from nuages.codemod import text
from nuages.errors import NuagesError


def apply(
    edits: Mapping[str, str],
    roots: Mapping[str, Path],
    files: Mapping[str, str] | None = None,
    *,
    new: Collection[str] = (),
) -> tuple[Path, ...]:
    """Write edits ("label:file" → new text) and return the paths written.

    `roots` maps labels to folders, `files` "label:file" to the SHA-256 that was recorded; `new`
    names the files that are not there yet. Raises NuagesError, and writes nothing, when a file is
    missing or no longer the one recorded, or a new one is there already.
    """
    targets = {key: _target(key, roots) for key in edits}
    for key, path in targets.items():
        if key in new:
            _check_new(path)
        else:
            _check(key, path, (files or {}).get(key))
    staged: dict[Path, Path] = {}
    try:
        for key, path in targets.items():
            staged[path] = _stage(path, edits[key])
        for path, temporary in staged.items():
            os.replace(temporary, path)
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
    return tuple(targets.values())


def _target(key: str, roots: Mapping[str, Path]) -> Path:
    """The file itself, also behind a symbolic link, and inside its root."""
    label, _, file = key.rpartition(":")
    root = Path(roots[label]).resolve()
    path = (root / file).resolve()
    if not path.is_relative_to(root):
        raise NuagesError(
            f"{file} lies outside of its source root {root}.",
            hint="Apply the printed diff by hand.",
            slug="outside-root",
        )
    return path


def _check(key: str, path: Path, recorded: str | None) -> None:
    if not path.is_file():
        raise NuagesError(
            f"{path} is to be edited and is not there.",
            hint="Run nuages tune again on the present tree.",
            slug="file-changed",
        )
    if recorded is not None and hashlib.sha256(path.read_bytes()).hexdigest() != recorded:
        raise NuagesError(
            f"{path} has changed since it was recorded; nothing was written.",
            hint="Run nuages tune again, or apply the printed diff by hand.",
            slug="file-changed",
        )


def _check_new(path: Path) -> None:
    if path.exists() or not path.parent.is_dir():
        raise NuagesError(
            f"{path} is to be made and "
            + ("is there already." if path.exists() else "its folder is not there."),
            hint="Run nuages tune again on the present tree.",
            slug="file-changed",
        )


def _stage(path: Path, content: str) -> Path:
    """The new content in a file beside the old one, with its permissions."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".nuages")
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(text.to_bytes(content))
    like = path if path.exists() else next(path.parent.glob("*.py"), None)
    if like is not None:
        shutil.copymode(like, name)
    return Path(name)
