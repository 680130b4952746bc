"""Which settings module a project uses, and who says so."""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nuages.project import expressions
from nuages.project.variables import python_files

MOST_IMPORTED = 50  # files
VARIABLE = "DJANGO_SETTINGS_MODULE"
INI_FILES = ("pytest.ini", ".pytest.ini", "setup.cfg", "tox.ini", "mypy.ini")
_NAMED = re.compile(rf"{VARIABLE}\s*[=:]\s*['\"]?([\w.]+)")
_IMPORT = re.compile(r"^\s*from\s+(\.*)([\w.]*)\s+import\b", re.MULTILINE)
_IN_SOURCE = re.compile(r"^\s*(INSTALLED_APPS|ROOT_URLCONF)\s*[+:=]", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Named:
    """A settings module, and where its name was found."""

    module: str
    by: str


def candidates(root: Path, told: Sequence[str], environment: Mapping[str, str]) -> Iterator[Named]:
    """Settings modules that something names, the best word first; `told` is manage.py's."""
    if own := environment.get(VARIABLE):
        yield Named(module=own, by=f"${VARIABLE}")
    for module in told:
        yield Named(module=module, by="manage.py")
    for script in _entry_points(root):
        for module in expressions.read(script, environment).variables.get(VARIABLE, ()):
            yield Named(module=module, by=str(script.relative_to(root)))
    yield from _in_configuration(root)
    yield from _in_source(root)


def of_command(root: Path, command: str, environment: Mapping[str, str]) -> Iterator[Named]:
    """Settings modules that a command of the tests uses: its own options, else pytest's file."""
    if found := _OPTION.search(command):
        yield Named(module=found[1], by=f"`{command}`")
    elif re.search(r"\bpytest\b", command) and VARIABLE not in environment:
        for table in _pytest_tables(root):
            if module := table.get(VARIABLE) or table.get(VARIABLE.lower()):
                yield Named(module=str(module), by="pytest's configuration")


_OPTION = re.compile(r"(?:^|\s)(?:--ds|--settings)[= ]([\w.]+)")


def imported(file: Path, folder: Path) -> list[Path]:
    """A settings file and the files of the project that it imports from, itself first."""
    found = [file]
    for path in found:  # grows while it is walked
        for dots, module in _IMPORT.findall(path.read_text("utf-8", "replace")):
            base = path.parents[len(dots) - 1] if dots else folder
            each = module_file(module, [base]) if module else None
            if each and each not in found and len(found) < MOST_IMPORTED:
                found.append(each)
    return found


def env_files(root: Path, settings: Path) -> list[Path]:
    """Files of variables that a project may read by itself, where such files usually are."""
    folders = dict.fromkeys([root, *(f for f in settings.parents if f.is_relative_to(root))])
    return [path for folder in folders for path in sorted(folder.glob(".env*")) if path.is_file()]


def entry_point(root: Path, kind: str) -> Path | None:
    """wsgi.py or asgi.py, the one nearest to the root."""
    return next((path for path in _entry_points(root) if path.name == f"{kind}.py"), None)


def python_paths(root: Path) -> list[Path]:
    """Folders that the project's test configuration puts on sys.path."""
    told: list[str] = []
    for table in _pytest_tables(root):
        for key in ("pythonpath", "python_paths"):
            value = table.get(key, ())
            told += value.split() if isinstance(value, str) else [str(item) for item in value]
    return [path for item in told if (path := (root / item).resolve()).is_dir()]


def module_file(module: str, folders: Sequence[Path]) -> Path | None:
    """The file of a module, found as an import would, and not imported."""
    for folder in folders:
        path = folder.joinpath(*module.split("."))
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                return file
    return None


def _entry_points(root: Path) -> list[Path]:
    found = [
        path
        for depth in ("*.py", "*/*.py", "*/*/*.py", "*/*/*/*.py")
        for path in root.glob(depth)
        if path.name in ("wsgi.py", "asgi.py")
        and not any(part.startswith(".") or part in _FOREIGN for part in path.parts)
    ]
    return sorted(found, key=lambda path: (len(path.parts), path.name != "wsgi.py", path))


_FOREIGN = frozenset({"site-packages", "node_modules", "tests", "docs", "examples"})


def _in_configuration(root: Path) -> Iterator[Named]:
    for name in ("pyproject.toml", *INI_FILES, ".env"):
        path = root / name
        if not path.is_file():
            continue
        text = path.read_text("utf-8", "replace")
        for pattern in (_NAMED, re.compile(r"--ds[= ]([\w.]+)"), _STUBS):
            for module in pattern.findall(text):
                yield Named(module=module, by=name)


_STUBS = re.compile(r"django_settings_module\s*=\s*['\"]?([\w.]+)")


def _in_source(root: Path) -> Iterator[Named]:
    """Files that look like settings, when there is just one, or one that is not for tests."""
    files = [path for path in python_files(root) if "settings" in str(path.relative_to(root))]
    files = [path for path in files if _IN_SOURCE.search(path.read_text("utf-8", "replace"))]
    modules = [".".join(path.relative_to(root).with_suffix("").parts) for path in files]
    modules = [module.removesuffix(".__init__") for module in modules]
    plain = [module for module in modules if not re.search(r"test|prod|stag|ci$", module)]
    for found in (modules, plain):
        if len(found) == 1:
            yield Named(module=found[0], by=f"{found[0].replace('.', os.sep)}.py")
            return


def _pytest_tables(root: Path) -> Iterator[Mapping[str, Any]]:
    try:
        document = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        yield document.get("tool", {}).get("pytest", {}).get("ini_options", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
        pass
    for name in INI_FILES:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read(root / name, "utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("pytest", "tool:pytest"):
            if parser.has_section(section):
                yield dict(parser[section])
