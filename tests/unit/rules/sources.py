"""Code of a project in a few words: what its files hold."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from nuages.code import Code


def code(folder: Path, **files: str) -> Code:
    """The code of a project with these files; `blog__views` is blog/views.py."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return Code({".": str(folder)})
