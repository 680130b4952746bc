"""Source files as exact text: encoding, byte order mark and line ends survive the round trip."""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path


def read(path: Path) -> str:
    return from_bytes(path.read_bytes())


def from_bytes(data: bytes) -> str:
    """The text as Python decodes it, a byte order mark kept as its first character."""
    return data.decode(_encoding(data))


def to_bytes(text: str) -> bytes:
    """The inverse of `from_bytes`."""
    declared = _encoding("".join(text.splitlines(keepends=True)[:2]).encode("utf-8"))
    return text.encode(declared)


def sha256(text: str) -> str:
    """The digest of the file that holds the text."""
    return hashlib.sha256(to_bytes(text)).hexdigest()


def diff(file: str, old: str, new: str) -> str:
    """A unified diff with paths relative to the source root; of a new file where `old` is empty."""
    before = f"a/{file}" if old else "/dev/null"
    lines = unified_diff(_lines(old), _lines(new), before, f"b/{file}")
    return "".join(_ended(lines))


def _encoding(data: bytes) -> str:
    """As PEP 263 finds it; the mark of utf-8-sig stays in the text."""
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:
        return "utf-8"
    return "utf-8" if name == "utf-8-sig" else name


def _lines(text: str) -> list[str]:
    """Lines as diff and patch count them: by line feeds alone."""
    parts = text.split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
