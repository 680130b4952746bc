"""Where nuages writes what it makes: its own folder in the project, or a file that was named."""

from __future__ import annotations

import os
from pathlib import Path

from nuages.errors import NuagesError

OWN_FOLDER = ".nuages"


def own_folder(root: Path) -> Path:
    """`.nuages` in the project, or here where the project can't be written."""
    installed = "site-packages" in root.parts
    return (root if os.access(root, os.W_OK) and not installed else Path.cwd()) / OWN_FOLDER


def make_folder(output: Path) -> None:
    """Make the folder of a file to be written, where it is one of our own; git ignores it."""
    if output.parent.name == OWN_FOLDER:
        output.parent.mkdir(parents=True, exist_ok=True)
        ignore = output.parent / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")


def writable(path: Path) -> Path:
    """The path, checked before the work is done that it is for; nothing new is left of the check,
    since the work may fail.
    """
    folder = path.parent
    try:
        is_new = not path.exists()
        is_first = folder.name == OWN_FOLDER and not folder.exists()
        if is_first:
            folder.mkdir()
        path.open("ab").close()
        if is_new:
            path.unlink()
        if is_first:
            folder.rmdir()
    except OSError as error:
        raise NuagesError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Name a file in a folder that exists and can be written.",
            slug="output",
        ) from error
    return path
