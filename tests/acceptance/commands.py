"""Run the command line as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

BIN = Path(sys.executable).parent
NUAGES = [str(BIN / "nuages")]
# As in an activated environment; pytest's own variables of this run stay out.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
    "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
}


def nuages(
    *arguments: str, cwd: Path, seconds: int = 240, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `nuages` to its end with `env` added; stdout and stderr are kept apart."""
    return subprocess.run(
        [*NUAGES, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        env={**ENVIRONMENT, **(env or {})},
    )
