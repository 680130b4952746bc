"""`nuages up -d`: the same command in a session of its own, awaited until it serves."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from nuages.project import find_root
from nuages.stack.home import Home, StackError, home_of, make, running

LIMIT = 3600.0  # seconds; migrations may take long
DETACHING = ("-d", "--detach")


def start_detached(project: Path, arguments: Sequence[str], *, say: Callable[[str], None]) -> int:
    """Start `nuages up` without a terminal and return once it serves; StackError if it ends."""
    home = _home(project)
    make(home)
    if running(home) is not None:
        raise StackError(
            "this project's stack is up already", hint="nuages ps shows it, nuages down ends it"
        )
    log = home.logs / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "nuages", *(a for a in arguments if a not in DETACHING)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + LIMIT
    while running(home) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise StackError(
                "the stack did not come up",
                hint=f"more of it is in {home.logs}",
                detail=log.read_text("utf-8", "replace"),
            )
        time.sleep(0.05)
    say(log.read_text("utf-8", "replace").rstrip())
    return 0


def _home(project: Path) -> Home:
    path = project.expanduser().resolve()
    return home_of(path if (path / "manage.py").exists() else find_root(path))
