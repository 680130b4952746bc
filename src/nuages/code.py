"""The project's own Python files, read and parsed only as far as a question asks."""

from __future__ import annotations

import ast
import gc
import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from nuages.model import Location

# Folders that hold what somebody else wrote, or what no process of a site runs.
SKIPPED = frozenset({
    "__pycache__", "node_modules", "site-packages", "dist-packages", "venv", "env", "build", "dist",
})  # fmt: skip
LARGEST = 2_000_000  # bytes; what is larger was generated


class Module:
    """One Python file of a source root."""

    def __init__(self, root: str, file: str, path: Path, text: str) -> None:
        self.root = root  # label, as in Location
        self.file = file
        self.path = path
        self.text = text

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file; empty for one that this Python cannot parse."""
        was_enabled = gc.isenabled()
        gc.disable()  # a tree has no cycles: looking for some takes longer than parsing
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError):
            return ast.Module(body=[], type_ignores=[])
        finally:
            if was_enabled:
                gc.enable()

    @cached_property
    def _functions(self) -> list[tuple[int, int, str]]:
        """First line, last line and qualified name of each function and class, outer ones first."""
        found: list[tuple[int, int, str]] = []
        _collect(self.tree, "", found)
        return found

    def location(self, node: ast.expr | ast.stmt) -> Location:
        """Where a node stands; columns in characters."""
        lines = self._lines
        end_line = node.end_lineno or node.lineno
        return Location(
            file=self.file,
            root=self.root,
            line=node.lineno,
            column=_characters(lines[node.lineno - 1], node.col_offset),
            end_line=end_line,
            end_column=_characters(lines[end_line - 1], node.end_col_offset or 0),
            function=self.function(node.lineno),
        )

    def function(self, line: int) -> str:
        """Qualified name of the innermost function or class around a line; "" for none."""
        return next(
            (n for first, last, n in reversed(self._functions) if first <= line <= last), ""
        )

    def text_around(self, line: int) -> str:
        """The innermost function or class around a line, or the whole file."""
        around = [(first, last) for first, last, _ in self._functions if first <= line <= last]
        return self.lines(*around[-1]) if around else self.text

    def lines(self, first: int, last: int) -> str:
        """The text from one line to another, both included."""
        return b"\n".join(self._lines[first - 1 : last]).decode("utf-8", "replace")

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.text.encode().splitlines() or [b""]


class Code:
    """All modules of the source roots; nothing is read before it is asked for.

    `edits` ("label:file" → text) stand for what the files say.
    """

    def __init__(
        self, roots: Mapping[str, str] | None = None, *, edits: Mapping[str, str] | None = None
    ) -> None:
        self._edits = edits or {}
        folders = {label: Path(folder) for label, folder in (roots or {}).items()}
        self.roots = {label: folder for label, folder in folders.items() if folder.is_dir()}

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """Every readable file, in the order of roots and paths; each once."""
        found: dict[Path, Module] = {}
        for label, root in self.roots.items():
            for path in _python_files(root):
                file = path.relative_to(root).as_posix()
                edited = self._edits.get(f"{label}:{file}")
                if path not in found and (text := edited or _read(path)) is not None:
                    found[path] = Module(label, file, path, text)
        return tuple(found.values())

    def matching(self, pattern: re.Pattern[str]) -> Iterator[Module]:
        """The modules whose text holds a match: a hundred times cheaper than to parse them all."""
        return (module for module in self.modules if pattern.search(module.text))

    def module(self, location: Location) -> Module | None:
        """The module that a location is in."""
        return self._by_name.get((location.root, location.file))

    def text_of(self, location: Location) -> str:
        """The lines of a place; "" where its file is not known."""
        module = self.module(location)
        return module.lines(location.line, location.end_line or location.line) if module else ""

    def text_around(self, location: Location | None) -> str:
        """The innermost function or class around a place, or its file; "" where it is not known."""
        module = self.module(location) if location is not None else None
        return module.text_around(location.line) if location and module else ""

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], Module]:
        return {(module.root, module.file): module for module in self.modules}


def _python_files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if _is_own(Path(folder, name)))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _is_own(folder: Path) -> bool:
    name = folder.name
    hidden = name.startswith(".") or name in SKIPPED
    return not hidden and not (folder / "pyvenv.cfg").exists()


def _read(path: Path) -> str | None:
    try:
        return path.read_text("utf-8") if path.stat().st_size <= LARGEST else None
    except (OSError, UnicodeDecodeError):
        return None


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements below a node, handlers and cases too; ast.walk() takes ten times as long."""
    for child in _inner(node):
        yield child
        yield from statements(child)


def _inner(node: ast.AST) -> Iterator[ast.AST]:
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        yield from getattr(node, name, ())


def _collect(node: ast.AST, prefix: str, found: list[tuple[int, int, str]]) -> None:
    for child in _inner(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}{child.name}"
            found.append((child.lineno, child.end_lineno or child.lineno, name))
            _collect(child, f"{name}.", found)
        else:
            _collect(child, prefix, found)


def _characters(line: bytes, column: int) -> int:
    return len(line[:column].decode("utf-8", "replace"))
