"""Which files are the project's own."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping

# Folders that hold other people's code wherever they stand below a source root.
FOREIGN = frozenset({
    "site-packages", "dist-packages", "node_modules", ".venv", "venv", ".tox", ".nox",
    "__pypackages__", ".git", ".nuages",
})  # fmt: skip


class Ownership:
    """Tells the project's files from all others, by source root."""

    def __init__(self, roots: Mapping[str, str]) -> None:
        spelled = {
            _with_slash(form(path)): label
            for label, path in roots.items()
            for form in (os.path.abspath, os.path.realpath)
        }
        # The longest root first: a library inside the project keeps its own label.
        self._roots = sorted(spelled.items(), key=lambda item: -len(item[0]))
        own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        prefixes = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), own}
        self._foreign = tuple(_with_slash(os.path.abspath(path)) for path in prefixes)

    def place(self, filename: str) -> tuple[str, str] | None:
        """(label of the root, path below it with forward slashes), None for foreign files."""
        if not filename or filename.startswith("<"):
            return None
        path = os.path.abspath(filename)
        return self._place(path) or self._place(os.path.realpath(path))

    def _place(self, path: str) -> tuple[str, str] | None:
        for root, label in self._roots:
            if not path.startswith(root):
                continue
            below = path[len(root) :]
            if FOREIGN.intersection(below.split(os.sep)[:-1]) or self._in_prefix(path, root):
                return None
            return label, below.replace(os.sep, "/")
        return None

    def _in_prefix(self, path: str, root: str) -> bool:
        """Whether an interpreter or nuages itself, installed below the root, owns the file."""
        return any(
            path.startswith(prefix) and prefix.startswith(root) and prefix != root
            for prefix in self._foreign
        )


def _with_slash(path: str) -> str:
    return path.rstrip(os.sep) + os.sep
