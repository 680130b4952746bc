"""Run the command line as a user would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NUAGES = [str(Path(sys.executable).parent / "nuages")]


def nuages(*arguments: str, cwd: Path, seconds: int = 240) -> subprocess.CompletedProcess[str]:
    """Run `nuages` to its end; stdout and stderr are kept apart."""
    return subprocess.run(
        [*NUAGES, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
    )
