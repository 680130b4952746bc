"""How edits are written."""

from __future__ import annotations

from pathlib import Path

from nuages.codemod.text import from_bytes, to_bytes
from nuages.enclosure.copies import write_edits

LATIN = "# -*- coding: latin-1 -*-\nNAME = 'é'\n".encode("latin-1")


def test_bytes_are_written_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(LATIN)
    edited = to_bytes(from_bytes(LATIN).replace("NAME", "WORD"))
    write_edits(str(tmp_path), {"a.py": edited, "b.py": "x = 'é'\n"}, like=str(tmp_path))
    assert (tmp_path / "a.py").read_bytes() == LATIN.replace(b"NAME", b"WORD")
    assert (tmp_path / "b.py").read_text("utf-8") == "x = 'é'\n"
