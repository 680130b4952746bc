"""The project's own Python: found, and asked what it is and has."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nuages.errors import NuagesError

OLDEST = (3, 11)  # co_positions() gives columns from there on
PATIENCE = 120  # seconds; a command prefix may have a container to start
FOLDERS = (".venv", "venv", "env", ".env", "virtualenv")
LEVELS = 3  # how far above the project a virtual environment is looked for
MARK = "@@nuages "

# Runs on any Python, so that an old one can be named in the error. The project's folder goes
# off the path first: a json.py of its own must not be imported.
PROBE = """
import sys
sys.path[:] = [entry for entry in sys.path if entry not in ("", ".")]
import json, platform, sysconfig
def version(name):
    try:
        from importlib.metadata import version
        return version(name)
    except Exception:
        return ""
def folder(name):
    try:
        from importlib.util import find_spec
        spec = find_spec(name)
        if spec.submodule_search_locations:
            return list(spec.submodule_search_locations)[0]
        return spec.origin or ""
    except Exception:
        return ""
print(%r + json.dumps({
    "version": list(sys.version_info[:3]), "executable": sys.executable,
    "implementation": platform.python_implementation(),
    "soabi": sysconfig.get_config_var("SOABI") or "", "platform": sysconfig.get_platform(),
    "libc": list(platform.libc_ver()), "path": sys.path,
    "django": folder("django") and (version("django") or "unknown"),
    "packages": {name: version(name) for name in ("psycopg", "psycopg2", "psycopg2-binary", "pip")},
    "drivers": [name for name in ("psycopg", "psycopg2") if folder(name)],
    "folders": {name: folder(name) for name in sys.argv[1:]},
}))
"""


class InterpreterError(NuagesError):
    """The project's Python is missing, too old, or lacks Django."""

    slug = "interpreter"


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """What the project's Python said of itself."""

    command: tuple[str, ...]
    version: tuple[int, ...]
    django: str  # version, "" when it has none
    drivers: tuple[str, ...] = ()  # of "psycopg", "psycopg2", those it can import
    implementation: str = "CPython"
    soabi: str = ""  # "cpython-312-x86_64-linux-gnu": what compiled packages must fit
    platform: str = ""  # "linux-x86_64", "macosx-14.0-arm64"
    libc: tuple[str, ...] = ()  # ("glibc", "2.36")
    path: tuple[str, ...] = ()
    has_pip: bool = False
    folders: Mapping[str, str] = field(default_factory=dict)  # package asked for → where it is


def find(root: Path, told: Sequence[str] | None, *, packages: Iterable[str] = ()) -> Interpreter:
    """The interpreter that was told, or the first found that has Django.

    Raises InterpreterError. `packages` are top-level names whose folders are wanted.
    """
    if told:
        return _usable(probe(resolve(told, root), root, packages=packages))
    faults: list[InterpreterError] = []
    for command in dict.fromkeys(_candidates(root)):
        try:
            return _usable(probe(command, root, packages=packages))
        except InterpreterError as fault:
            faults.append(fault)
    # An old Python with Django says more than a virtual environment without.
    raise max(faults, key=lambda fault: "older" in fault.message, default=_no_django(()))


def resolve(told: Sequence[str], root: Path) -> tuple[str, ...]:
    """A command prefix with its program's path made absolute; a virtual environment is enough."""
    first, *rest = told
    for folder in (root, Path.cwd()):
        path = folder / os.path.expanduser(first)
        if os.sep in first and path.is_file():
            return (os.path.abspath(path), *rest)  # not resolved: venvs hang on the link's place
        if not rest and (path / "bin" / "python").is_file():
            return (os.path.abspath(path / "bin" / "python"),)
    return tuple(told)


def probe(command: Sequence[str], root: Path, *, packages: Iterable[str] = ()) -> Interpreter:
    """Run an interpreter and read what it is; no code of the project is imported."""
    words = [*command, "-c", PROBE % MARK, *packages]
    try:
        done = subprocess.run(
            words, cwd=root, capture_output=True, text=True, timeout=PATIENCE, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InterpreterError(
            f"cannot run the project's Python `{shlex.join(command)}`: {error}", hint=_HINT
        ) from None
    line = next((line for line in done.stdout.splitlines() if line.startswith(MARK)), None)
    if line is None:
        raise InterpreterError(
            f"`{shlex.join(command)}` does not run as a Python interpreter"
            f" (it ended with {done.returncode})",
            hint=_HINT,
            detail="\n".join((done.stderr or done.stdout).splitlines()[-6:]),
        )
    return _interpreter(tuple(command), json.loads(line.removeprefix(MARK)))


_HINT = "name it with --python PATH, or python = … under [tool.nuages] in pyproject.toml"


def _interpreter(command: tuple[str, ...], said: dict[str, object]) -> Interpreter:
    def texts(key: str) -> tuple[str, ...]:
        values = said[key]
        return tuple(map(str, values)) if isinstance(values, list) else ()

    def table(key: str) -> dict[str, str]:
        values = said[key]
        pairs = values.items() if isinstance(values, dict) else ()
        return {str(name): str(value) for name, value in pairs if value}

    return Interpreter(
        command=command,
        version=tuple(map(int, texts("version"))),
        django=str(said["django"]),
        drivers=texts("drivers"),
        implementation=str(said["implementation"]),
        soabi=str(said["soabi"]),
        platform=str(said["platform"]),
        libc=texts("libc"),
        path=texts("path"),
        has_pip="pip" in table("packages"),
        folders=table("folders"),
    )


def _usable(found: Interpreter) -> Interpreter:
    spelled = ".".join(map(str, found.version))
    if not found.django:
        raise _no_django(found.command)
    if found.version[:2] < OLDEST:
        raise InterpreterError(
            f"the project's Python `{shlex.join(found.command)}` is {spelled}, which is older"
            f" than {'.'.join(map(str, OLDEST))}",
            hint="make a virtual environment of a newer Python and name it with --python",
        )
    return found


def _no_django(command: tuple[str, ...]) -> InterpreterError:
    where = f"`{shlex.join(command)}` has no Django" if command else "no Python here has Django"
    return InterpreterError(
        f"the project's own Python is needed, and {where}",
        hint=f"install the project's requirements, or {_HINT}",
    )


def _candidates(root: Path) -> Iterator[tuple[str, ...]]:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if active := os.environ.get(name):
            yield from _python_in(Path(active))
    for folder in (root, *list(root.parents)[:LEVELS]):
        for name in FOLDERS:
            yield from _python_in(folder / name)
    yield (sys.executable,)


def _python_in(folder: Path) -> Iterator[tuple[str, ...]]:
    path = folder / "bin" / "python"
    if path.is_file():
        yield (str(path),)
