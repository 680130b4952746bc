"""The interpreter of the contenders: a virtual environment with the peers' pinned releases."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv-bench"
PYTHON = os.environ.get("PYTHON") or sys.executable
REQUIREMENTS = HERE / "requirements.txt"


@cache
def python() -> Path:
    """Make or refresh the environment; → its interpreter, of PYTHON's or this process's version."""
    _install(_venv(), REQUIREMENTS)
    interpreter = _venv() / "bin" / "python"
    _fill_folder(interpreter, folder("nplusone"), HERE / "requirements-nplusone.txt")
    return interpreter


def folder(name: str) -> Path:
    """Packages that only one contender gets to see."""
    return _venv() / "apart" / name


@cache
def _venv() -> Path:
    code = "import sys; print('{}.{}'.format(*sys.version_info))"
    asked = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return ENVIRONMENT / asked.stdout.strip()


def _install(venv: Path, requirements: Path) -> None:
    subprocess.run(
        [ROOT / "tools/environment.sh", venv, requirements, "--", "-r", requirements],
        env={**os.environ, "PYTHON": PYTHON},
        stdout=sys.stderr,
        check=True,
    )


def _fill_folder(interpreter: Path, folder: Path, requirements: Path) -> None:
    stamp, wanted = folder / "requirements.txt", requirements.read_text("utf-8")
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--upgrade", "--target", folder, "-r", requirements], stdout=sys.stderr, check=True
    )
    stamp.write_text(wanted, encoding="utf-8")
