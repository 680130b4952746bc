"""The files that findings name, and the comments in them that silence."""

from __future__ import annotations

import ast
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from nuages.code import Module, statements
from nuages.model import Location
from nuages.silencing import comments
from nuages.silencing.comments import Comment


class File:
    """A Python file or a template of the project's."""

    def __init__(self, root: str, name: str, path: Path, recorded: str | None) -> None:
        self.root, self.name = root, name
        self._path = path
        self._recorded = recorded  # SHA-256 of the file when it was recorded
        self._is_python = name.endswith(".py")

    @cached_property
    def _data(self) -> bytes:
        try:
            return self._path.read_bytes()
        except OSError:
            return b""

    @cached_property
    def text(self) -> str:
        return self._data.decode("utf-8", "replace")

    @cached_property
    def is_changed(self) -> bool:
        """Whether the file is another than the one that was recorded: lines may have moved."""
        return self._recorded is not None and sha256(self._data).hexdigest() != self._recorded

    @cached_property
    def comments(self) -> tuple[Comment, ...]:
        """The comments that silence."""
        if not comments.MENTION.search(self.text):
            return ()
        read = comments.of_python if self._is_python else comments.of_template
        return read(self.text, self.root, self.name)

    def about(self, location: Location, rule: str) -> list[Comment]:
        """The comments that speak of a place and of a rule."""
        named = [c for c in self.comments if not c.rules or rule in c.rules]
        if not named:
            return []
        lines = comments.lines_about(location, self._module.tree, self.text)
        exact = [comment for comment in named if comment.line in lines]
        if exact or not self.is_changed:
            return exact
        # The lines have moved, perhaps by this very comment: one in the same function will do.
        return [c for c in named if c.rules and self.function(c) == plain(location.function)]

    def function(self, comment: Comment) -> str:
        """The function or class that a comment speaks of; alone above one, it is that one."""
        line, lines = comment.line, self.text.splitlines()
        while comment.is_alone and line < len(lines) and lines[line - 1].lstrip().startswith("#"):
            line += 1
        return self._module.function(line)

    def is_inside(self, comment: Comment) -> bool:
        """Whether a comment stands in a function; what settings say is written outside of any."""
        return any(
            node.lineno <= comment.line <= (node.end_lineno or node.lineno)
            for node in statements(self._module.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )

    @cached_property
    def _module(self) -> Module:
        return Module(self.root, self.name, self._path, self.text if self._is_python else "")


def plain(function: str) -> str:
    """A qualified name as the text shows it."""
    return function.replace("<locals>.", "")
