"""`nuages manage`: a management command of the project, on the stack's databases and cache."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from nuages.stack import control
from nuages.stack.home import Home, StackError

# What would change a schema under the running version, unjudged and without the lock.
REFUSED = {"migrate": "nuages restart runs what is pending, once, before the replicas are replaced"}

TAKEN = ("TERM", "COLUMNS", "LINES", "DJANGO_SUPERUSER_")  # of this terminal's own variables


def manage(home: Home, arguments: Sequence[str]) -> int:
    """Run it in this terminal; its exit code."""
    for name in REFUSED.keys() & set(arguments[:1]):
        raise StackError(f"{name} is not run beside a running stack", hint=REFUSED[name])
    told = control.ask(home.control, "manage")
    here = {name: value for name, value in os.environ.items() if name.startswith(TAKEN)}
    return subprocess.run(
        [*told["argv"], *arguments], cwd=told["cwd"], env={**told["environment"], **here},
        check=False,
    ).returncode  # fmt: skip
