"""A driver beside a real virtual environment that has neither driver nor pip."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nuages.project.interpreter import probe
from nuages.stack.sidepackages import PSYCOPG, ensure


def test_one_folder_for_all_who_ask_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = probe([str(tmp_path / "venv/bin/python")], tmp_path)
    assert not python.drivers
    assert not python.has_pip
    folders: list[Path] = []
    threads = [
        threading.Thread(target=lambda: folders.append(ensure(python, PSYCOPG, tmp_path)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(folders)) == 1
    code = f"import sys; sys.path.append({str(folders[0])!r}); import psycopg; psycopg.connect"
    subprocess.run([*python.command, "-c", code], check=True)
    assert [path.name for path in folders[0].parent.iterdir() if path.is_dir()] == [folders[0].name]
