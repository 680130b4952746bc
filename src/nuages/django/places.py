"""Where a project's code is, and where its recordings go when nobody says so."""

from __future__ import annotations

import getpass
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

INSTALLED = frozenset({"site-packages", "dist-packages"})


def spool_of(root: str) -> Path:
    """The folder that this user's processes of a project write to, unless SPOOL names another."""
    return Path(tempfile.gettempdir()) / f"nuages-{_user()}" / _name(root)


def spools_of(root: str) -> list[Path]:
    """The folders that any user's processes of a project wrote to."""
    return sorted(Path(tempfile.gettempdir()).glob(f"nuages-*/{_name(root)}"))


def _name(root: str) -> str:
    path = os.path.realpath(root)
    return f"{os.path.basename(path) or 'root'}-{hashlib.sha256(path.encode()).hexdigest()[:8]}"


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()


def labelled(folders: Sequence[str]) -> dict[str, str]:
    """Label → folder: the first is the project, the others are named as seen from it."""
    first, *others = folders
    names = {os.path.relpath(folder, first).replace(os.sep, "/"): folder for folder in others}
    return {".": first, **names}


def project_roots(base_dir: object, settings_module: str | None) -> dict[str, str]:
    """Label → folder of the project's code: BASE_DIR, the folder of manage.py, or a package's."""
    file = _file_of(settings_module)
    if file is None:
        folder = base_dir if isinstance(base_dir, str | os.PathLike) else os.getcwd()
        return {".": os.path.abspath(folder)}
    if INSTALLED.intersection(file.parts):
        return {str(settings_module).partition(".")[0]: str(_package(file))}
    if isinstance(base_dir, str | os.PathLike) and Path(base_dir).resolve() in file.parents:
        return {".": os.path.abspath(base_dir)}
    above = [folder for folder in file.parents if (folder / "manage.py").is_file()]
    return {".": str(above[0] if above else _package(file).parent)}


def _file_of(module: str | None) -> Path | None:
    try:
        spec = importlib.util.find_spec(module) if module else None
    except (ImportError, ValueError):
        return None
    return Path(spec.origin).resolve() if spec and spec.origin else None


def _package(file: Path) -> Path:
    """The outermost package that a module is in; its own folder when it is in none."""
    folder = file.parent
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return folder
