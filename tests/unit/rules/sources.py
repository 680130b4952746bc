"""Code of a project in a few words: what its files hold."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from nuages.code import Code
from nuages.model import Location


def code(folder: Path, **files: str) -> Code:
    """The code of a project with these files; `blog__views` is blog/views.py."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return Code({".": str(folder)})


def text_at(code: Code, location: Location | None) -> str:
    """The line of the project that a location begins on."""
    module = code.module(location) if location else None
    assert location is not None
    assert module is not None
    return module.text.splitlines()[location.line - 1].strip()
