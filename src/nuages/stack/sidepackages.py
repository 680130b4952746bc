"""Packages that the project's Python lacks, in a folder of their own beside it."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from nuages.errors import NuagesError
from nuages.project.interpreter import Interpreter

PSYCOPG = ("psycopg[binary]>=3.1.8",)  # Django 4.2's minimum
PSYCOPG2 = ("psycopg2-binary>=2.8.4",)  # all that Django before 4.2 takes
# What nuages' own environment may have of them: a copy needs no network.
OWN: Mapping[str, tuple[str, ...]] = {
    PSYCOPG[0]: ("psycopg", "psycopg-binary", "typing-extensions"),
    "granian>=2.6": ("granian", "click"),
    "redis>=4.5": ("redis",),
}
DONE = ".complete"
PATIENCE = 300  # seconds
# From the newest: a wheel for an older glibc runs on a newer one. PEP 600.
MANYLINUX = ((2, 34), (2, 31), (2, 28), (2, 27), (2, 24), (2, 17), (2, 12), (2, 5))
LEGACY_NAMES = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}


class SidePackagesUnavailable(NuagesError):  # noqa: N818  (caught to fall back to SQLite)
    """The packages could not be had; the caller goes on without PostgreSQL, and says so."""

    slug = "side-packages"


def driver(python: Interpreter, scratch: Path) -> Path | None:
    """A folder with a PostgreSQL driver for the project's Python; None when it has one."""
    if python.drivers:
        return None
    return ensure(python, drivers_for(python), scratch)


def drivers_for(python: Interpreter) -> tuple[str, ...]:
    """What to install for PostgreSQL, for the Django of this interpreter."""
    return PSYCOPG if _release(python.django) >= (4, 2) else PSYCOPG2


def ensure(python: Interpreter, packages: Sequence[str], scratch: Path) -> Path:
    """A folder with packages that fit the project's Python, to be appended last to its sys.path.

    Kept in the user's cache, or in `scratch` where that cannot be written: one folder per ABI and
    list of packages, safe to ask for from several processes at once. Raises
    SidePackagesUnavailable with the installer's last lines.
    """
    folder = cache_folder(scratch) / _key(python, packages)
    if (folder / DONE).exists():
        return folder
    with _locked(folder):
        if not (folder / DONE).exists():
            _fill(folder, python, packages)
    return folder


def cache_folder(scratch: Path) -> Path:
    """The user's cache of side packages, if it is the user's alone and can be written."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    wanted = Path(base) / "nuages" / "side"
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        # What is in it is executed: a folder that somebody else may write will not do.
        status = wanted.stat()
        if status.st_uid == os.geteuid() and not status.st_mode & 0o022:
            return wanted
    except OSError:
        pass
    wanted = scratch / "side"
    wanted.mkdir(mode=0o700, exist_ok=True)
    return wanted


def pip_options(python: Interpreter) -> list[str]:
    """What makes pip of another Python choose wheels for this one."""
    major, minor = python.version[:2]
    options = ["--python-version", f"{major}.{minor}", "--only-binary", ":all:"]
    if python.implementation == "CPython":
        for abi in (f"cp{major}{minor}", "abi3", "none"):
            options += ["--abi", abi]
        options += ["--implementation", "cp"]
    for platform in platforms(python):
        options += ["--platform", platform]
    return options


def platforms(python: Interpreter) -> list[str]:
    """Wheel platform tags that fit, best first; none are named where pip knows them itself."""
    system, _, machine = python.platform.partition("-")
    if system == "macosx":
        return []
    tag = f"{system}_{machine}".replace("-", "_").replace(".", "_")
    if "musl" in python.soabi:
        return [f"musllinux_1_2_{machine}", f"musllinux_1_1_{machine}", tag]
    libc = _release(python.libc[1]) if python.libc[:1] == ("glibc",) else (2, 17)
    tags = []
    for version in (each for each in MANYLINUX if each <= libc):
        tags.append(f"manylinux_{version[0]}_{version[1]}_{machine}")
        if version in LEGACY_NAMES:
            tags.append(f"{LEGACY_NAMES[version]}_{machine}")
    return [*tags, tag]


def _fill(folder: Path, python: Interpreter, packages: Sequence[str]) -> None:
    faults = []
    for attempt in _attempts(python, packages):
        building = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
        try:
            fault = attempt(building)
            if not fault and not (fault := _fault_of_import(python, building, packages)):
                building.chmod(0o755)
                (building / DONE).touch()
                shutil.rmtree(folder, ignore_errors=True)
                building.rename(folder)
                return
            faults.append(fault)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    raise SidePackagesUnavailable(
        f"{' '.join(packages)} could not be installed for Python"
        f" {'.'.join(map(str, python.version))}, which lacks it",
        hint="install it in the project's own environment: pip install "
        + " ".join(map(repr, packages)),
        detail="\n".join(faults[-1].splitlines()[-6:]) if faults else "",
    )


def _attempts(python: Interpreter, packages: Sequence[str]) -> Iterator[Callable[[Path], str]]:
    if python.soabi == sysconfig.get_config_var("SOABI") and OWN.keys() >= set(packages):
        names = dict.fromkeys(name for package in packages for name in OWN[package])
        yield partial(_copy_own, tuple(names))
    for installer in installers(python):
        yield partial(_install, installer, packages)


def installers(python: Interpreter) -> list[tuple[str, ...]]:
    """Commands that install for the project's Python, to be followed by --target and packages."""
    quiet = ("install", "--quiet", "--no-input", "--disable-pip-version-check")
    found: list[tuple[str, ...]] = []
    if importlib.util.find_spec("pip"):
        found.append((sys.executable, "-m", "pip", *quiet, *pip_options(python)))
    if uv := shutil.which("uv"):
        version = ".".join(map(str, python.version[:2]))
        found.append((uv, "pip", "install", "--quiet", "--python-version", version))
    if python.has_pip:
        found.append((*python.command, "-m", "pip", *quiet))
    return found


def _install(installer: Sequence[str], packages: Sequence[str], folder: Path) -> str:
    """Run an installer; what it complained of, "" when nothing."""
    try:
        done = subprocess.run(
            [*installer, "--target", str(folder), *packages], capture_output=True, text=True,
            timeout=PATIENCE, check=False, cwd="/", stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr or done.stdout or "failed without a word"


def _copy_own(names: Sequence[str], folder: Path) -> str:
    """Copy distributions that nuages itself has; what is missing, "" when nothing."""
    for name in names:
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            return f"nuages' own environment has no {name}"
        for file in files:
            source, target = Path(str(file.locate())), folder / file
            if ".." not in file.parts and source.suffix != ".pyc" and source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    return ""


def _fault_of_import(python: Interpreter, folder: Path, packages: Sequence[str]) -> str:
    modules = [re.split(r"[\[<>=!~-]", package)[0] for package in packages]
    code = "import sys; sys.path.append(sys.argv[1]); [__import__(each) for each in sys.argv[2:]]"
    words = [*python.command, "-c", code, str(folder), *modules]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/",
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr or "the packages cannot be imported"


def _key(python: Interpreter, packages: Sequence[str]) -> str:
    digest = hashlib.blake2b("\n".join(sorted(packages)).encode(), digest_size=4).hexdigest()
    abi = python.soabi or "-".join((python.implementation, *map(str, python.version)))
    return f"{abi}-{python.platform}-{digest}"


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2]) or (99,)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
