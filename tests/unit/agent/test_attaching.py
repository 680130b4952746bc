"""What becomes of a process to which nuages fails to attach."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nuages.agent.attach import AttachConfig
from nuages.attach import prepare

CODE = """
try:
    import django
    import django.conf
except BaseException:
    pass
print("went on")
"""
OVERLAY = {"sqlite": {"dir": "/tmp", "prefix": "nuages_x"}}
BROKEN = "raise SystemExit('broken on purpose')\n"


def run(folder: Path, config: AttachConfig, broken: str = "") -> tuple[int, str, str]:
    added = prepare(folder, config, {})
    if broken:
        (folder / "attach/nuages" / broken).write_text(BROKEN)
    return python({**os.environ, **added})


def python(env: dict[str, str]) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_without_the_overlay_nothing_runs(tmp_path: Path) -> None:
    code, out, said = run(tmp_path, AttachConfig(overlay=OVERLAY), "agent/overlay.py")
    assert (code, out) == (2, "")
    assert "broken on purpose" in said


@pytest.mark.parametrize("text", [None, "{", '{"version": "99"}'])
def test_without_a_configuration_nothing_runs(tmp_path: Path, text: str | None) -> None:
    added = prepare(tmp_path, AttachConfig(), {})
    path = Path(added["NUAGES_ATTACH"])
    path.unlink() if text is None else path.write_text(text)
    code, out, said = python({**os.environ, **added})
    assert (code, out) == (2, "")
    assert "could not attach" in said


def test_without_the_agent_nothing_runs(tmp_path: Path) -> None:
    assert run(tmp_path, AttachConfig(), "agent/imports.py")[:2] == (2, "")


def test_without_the_recorder_a_process_goes_on(tmp_path: Path) -> None:
    config = AttachConfig(overlay=OVERLAY, mode="deep", spool=str(tmp_path / "spool"))
    prepare(tmp_path, config, {})
    (tmp_path / "attach/nuages/record/recorder.py").write_text("raise ValueError('broken')\n")
    code, out, said = run(tmp_path, config)
    assert (code, out) == (0, "went on\n"), said
    assert "broken" in said
