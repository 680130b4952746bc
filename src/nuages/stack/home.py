"""The folder of one project's stack: sockets, data, logs, and the lock that makes it one stack."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from nuages.errors import NuagesError
from nuages.scratch import NOBODY, process_start

# Short, as sockets' paths hold 103 bytes at most on macOS; it outlives a restart of the machine,
# as the data in it should; and it can be entered by nobody, as whom PostgreSQL runs for root.
PARENT = Path("/var/tmp")


class StackError(NuagesError):
    """Something of a stack is not as it was asked for."""

    slug = "stack"


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where everything of one project's stack is."""

    path: Path

    @property
    def control(self) -> Path:
        return self.path / "control.sock"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def replicas(self) -> Path:
        return self.path / "r"

    @property
    def postgres(self) -> Path:
        return self.path / "pg"

    def pool(self, name: str) -> Path:
        """The sockets of a pool's first PgBouncer; its successor has the next number."""
        return self.path / f"pool-{name}-1"

    def folder(self, name: str) -> Path:
        """A private folder inside, created when missing."""
        path = self.path / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path


def home_of(project: Path, parent: Path = PARENT) -> Home:
    """The home of the stack of the project at `project`; it need not exist."""
    digest = blake2b(os.fsencode(project.resolve()), digest_size=5).hexdigest()
    return Home(path=parent / f"nuages-up-{os.geteuid()}-{digest}")


def make(home: Home) -> None:
    """Create the folder; StackError when somebody else was there first."""
    home.path.mkdir(mode=0o700, exist_ok=True)
    status = home.path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise StackError(
            f"{home.path} is not a folder of this user alone",
            hint="remove it, then run `nuages up` again",
        )
    if os.geteuid() == 0:
        with suppress(OSError):  # a user namespace may not have that group
            os.chown(home.path, 0, NOBODY)
            home.path.chmod(0o710)
    for folder in (home.logs, home.replicas):
        folder.mkdir(mode=0o700, exist_ok=True)


def lock(home: Home, patience: float = 0.0) -> IO[str]:
    """Hold the stack for this process; StackError when another `up` has it for so many seconds.

    The kernel lets go of the lock when the process ends, whatever its end was.
    """
    file = open(home.path / "lock", "a+", encoding="utf-8")  # noqa: SIM115  (held while we run)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except OSError:
            if time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            file.close()
            raise StackError(
                "this project's stack is up already, or just starting",
                hint="nuages ps shows it, nuages down ends it",
            ) from None


def write_state(home: Home, **values: Any) -> None:
    """Leave word of who runs the stack, whole or not at all."""
    told = {"pid": os.getpid(), "started": process_start(os.getpid()), **values}
    draft = home.state.with_suffix(".new")
    draft.write_text(json.dumps(told), "utf-8")
    draft.replace(home.state)


def running(home: Home) -> dict[str, Any] | None:
    """The state of the stack that runs here; None when none does."""
    try:
        told: dict[str, Any] = json.loads(home.state.read_text("utf-8"))
        return told if process_start(int(told["pid"])) == told["started"] else None
    except (OSError, ValueError, KeyError):
        return None
