"""Where PgBouncer comes from: the machine, Homebrew, or a private download of Debian's packages."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nuages.stack.sidepackages import cache_folder

PLACES = (
    "/usr/sbin/pgbouncer",
    "/usr/bin/pgbouncer",
    "/usr/local/sbin/pgbouncer",
    "/opt/homebrew/opt/pgbouncer/bin/pgbouncer",
    "/usr/local/opt/pgbouncer/bin/pgbouncer",
    "/home/linuxbrew/.linuxbrew/opt/pgbouncer/bin/pgbouncer",
)
PATIENCE = 60  # seconds, for a download


@dataclass(frozen=True, kw_only=True)
class PgBouncerProgram:
    """One installation."""

    path: Path
    version: tuple[int, ...]  # (1, 18, 0)
    libraries: Path | None = None  # folder of libraries that the system lacks
    takes_socket: bool = False  # built to be handed its socket

    def environment(self) -> dict[str, str]:
        """Its variables."""
        found = {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC"}
        return {**found, "LD_LIBRARY_PATH": str(self.libraries)} if self.libraries else found

    def describe(self) -> str:
        return f"PgBouncer {'.'.join(map(str, self.version))} from {self.path.parent}"


def find(told: str, scratch: Path) -> PgBouncerProgram | None:
    """The one that was told, the system's, or one downloaded; None where there is none."""
    places = [told] if told else [shutil.which("pgbouncer") or "", *PLACES]
    for place in filter(None, places):
        if found := examine(Path(place)):
            return found
    return None if told else downloaded(cache_folder(scratch).parent / "pgbouncer")


def runnable(program: PgBouncerProgram, folder: Path) -> PgBouncerProgram:
    """The program, or a copy in `folder` where nobody, as whom it runs for root, can reach it."""
    if program.libraries is None or os.geteuid() != 0:
        return program
    copy = folder / "pgbouncer"
    if not (copy / "pgbouncer").exists():
        shutil.copytree(program.libraries, copy, symlinks=True, dirs_exist_ok=True)
        shutil.copy(program.path, copy / "pgbouncer")
    for path in (folder, copy):
        path.chmod(0o755)
    return replace(program, path=copy / "pgbouncer", libraries=copy)


def downloaded(folder: Path) -> PgBouncerProgram | None:
    """Debian's and Ubuntu's packages, unpacked into a private folder; nothing is installed.

    Needs `apt-get` and its lists, no rights; None where that fails.
    """
    program = folder / "usr" / "sbin" / "pgbouncer"
    if not program.exists():
        if sys.platform != "linux" or not (shutil.which("apt-get") and shutil.which("dpkg")):
            return None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _unpack(["pgbouncer"], folder):
            return None
        if "not found" in _output(["ldd", str(program)]):
            _unpack(_libraries_needed(), folder)
    libraries = next(folder.glob("usr/lib/*/libevent*.so*"), None)
    return examine(program, libraries.parent if libraries else None)


def examine(path: Path, libraries: Path | None = None) -> PgBouncerProgram | None:
    """What is at `path`, if it runs."""
    if not os.access(path, os.X_OK):
        return None
    env = {"LD_LIBRARY_PATH": str(libraries)} if libraries else {}
    told = _output([str(path), "--version"], env)
    found = re.search(r"PgBouncer (\d+(?:\.\d+)*)", told)
    if found is None:
        return None
    version = tuple(map(int, found[1].split(".")))
    return PgBouncerProgram(
        path=path, version=version, libraries=libraries, takes_socket="systemd: yes" in told
    )


def _unpack(packages: Sequence[str], folder: Path) -> bool:
    """Download packages and unpack them; apt verifies their signatures."""
    if _code(["apt-get", "download", "--quiet=2", *packages], folder) != 0:
        return False
    archives = list(folder.glob("*.deb"))
    unpacked = [_code(["dpkg", "-x", str(path), str(folder)], folder) == 0 for path in archives]
    for path in archives:
        path.unlink()
    return bool(unpacked) and all(unpacked)


def _libraries_needed() -> list[str]:
    told = _output(["apt-cache", "depends", "--important", "pgbouncer"])
    return [name for name in _depends(told) if re.match(r"libevent|libc-?ares", name)]


def _depends(told: str) -> Iterator[str]:
    for line in told.splitlines():
        if found := re.match(r"\s*Depends: ([\w.+-]+)$", line):
            yield found[1]


def _output(command: Sequence[str], env: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE,
            env={**os.environ, **(env or {})},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _code(command: Sequence[str], folder: Path) -> int:
    try:
        return subprocess.run(
            command, cwd=folder, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return 1
