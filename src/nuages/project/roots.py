"""Where a project begins, and which folders hold its own code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nuages.config import Config, ConfigError
from nuages.errors import NuagesError

MARKS = ("manage.py", "pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg", "setup.py", ".git")
NOT_SEARCHED = frozenset({"node_modules", "site-packages", "venv", "env", "docs", "tests", "build"})
SOURCE_FOLDERS = frozenset({"src", "source", "code", "app", "backend", "server", "django"})
INSTALLED = frozenset({"site-packages", "dist-packages"})
_OF_DJANGO = re.compile(r"DJANGO_SETTINGS_MODULE|execute_from_command_line|django")
_IMPORTED = re.compile(r"^\s*(?:from|import)\s+([\w.]+)", re.MULTILINE)
_EXTENSIONS = re.compile(
    r"CreateExtension\(\s*(?:name\s*=\s*)?['\"]([\w-]+)"
    r"|CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?[\\\"']*(?!IF\b)([\w-]+)"
    r"|\b(HStore|CIText|Crypto|Trigram|Unaccent|BtreeGin|BtreeGist|Bloom)Extension\("
    r"|backends\.(postgis)\b",
    re.IGNORECASE,
)
_MENTIONED = re.compile("xtension|XTENSION|postgis|POSTGIS")  # a tenth of the time of all of it
_OPERATIONS = {
    "hstore": "hstore", "citext": "citext", "crypto": "pgcrypto", "trigram": "pg_trgm",
    "unaccent": "unaccent", "btreegin": "btree_gin", "btreegist": "btree_gist", "bloom": "bloom",
}  # fmt: skip


class ProjectNotFound(NuagesError):  # noqa: N818  (the situation that code asks about)
    """No Django project, or more than one, where nuages was pointed at."""

    slug = "project"


def find_root(start: Path) -> Path:
    """The project that a folder belongs to: the nearest manage.py above, else the nearest mark."""
    start = start.resolve()
    above = (start, *start.parents)
    for marks in (MARKS[:1], MARKS):
        for folder in above:
            if any((folder / mark).exists() for mark in marks):
                return folder
            if (folder / ".git").exists():
                break
    return start


def name_of(root: Path) -> str:
    """What people call a project: its folder's name, or the one above `src` and the like."""
    return root.parent.name if root.name in SOURCE_FOLDERS and root.parent.name else root.name


def source_roots(root: Path) -> dict[str, str]:
    """Label → folder of a project's own code, as far as it can be told without its interpreter."""
    from nuages.config import load

    roots = {".": str(root)}
    for label in load(root).source_roots:
        if (folder := (root / label).resolve()).is_dir():
            roots[label] = str(folder)
    return roots


def find_manage(given: Path, *, settings_told: bool) -> Path | None:
    """The manage.py of a folder or of one up to two levels below; None when there is none.

    Raises ProjectNotFound when several are equally near, unless the settings were told.
    """
    for pattern in ("manage.py", "*/manage.py", "*/*/manage.py"):
        found = [path for path in sorted(given.glob(pattern)) if _is_manage(path, given)]
        if len(found) == 1:
            return found[0]
        if found and not settings_told:
            raise ProjectNotFound(
                f"{given} has {len(found)} Django projects: "
                + ", ".join(str(path.parent.relative_to(given)) for path in found),
                hint=f"point nuages at one of them: nuages tune {found[0].parent}",
            )
        if found:
            return None
    return None


def _is_manage(path: Path, given: Path) -> bool:
    between = path.relative_to(given).parts[:-1]
    if any(part in NOT_SEARCHED or part.startswith(".") for part in between):
        return False
    return bool(_OF_DJANGO.search(speaking(path).read_text("utf-8", "replace")))


def speaking(manage: Path) -> Path:
    """The file that says what a manage.py runs: itself, or a module beside it that it imports."""
    text = manage.read_text("utf-8", "replace")
    modules = () if _OF_DJANGO.search(text) else _IMPORTED.findall(text)
    for module in modules:
        file = manage.parent.joinpath(*module.split(".")).with_suffix(".py")
        if file.is_file() and _OF_DJANGO.search(file.read_text("utf-8", "replace")):
            return file
    return manage


def roots_of(
    root: Path, *, settings: str, file: Path, config: Config, packages: Mapping[str, str]
) -> dict[str, Path]:
    """Label → folder of the project's own code.

    A project that is an installed package is its package's folder alone, labelled with its name:
    its neighbours in site-packages are not the project's. `packages` says where packages are.
    """
    roots: dict[str, Path] = {}
    if is_below(file, root) or (root / "manage.py").is_file():
        roots["."] = root
    if not is_below(file, root):
        top = settings.partition(".")[0]
        roots[top] = Path(packages.get(top) or file.parent)
        if roots[top].name in INSTALLED or roots[top].is_file():
            del roots[top]  # a lone module among all the others
    for label in config.source_roots:
        roots[label] = _told(root, label, packages)
    return roots or {".": root}


def is_below(file: Path, root: Path) -> bool:
    """Whether a file is in a folder, and not in a package that is installed there."""
    try:
        parts = file.relative_to(root).parts
    except ValueError:
        return False
    return not INSTALLED.intersection(parts)


def _told(root: Path, label: str, packages: Mapping[str, str]) -> Path:
    folder = (root / label).resolve()
    if folder.is_dir():
        return folder
    if label in packages and (installed := Path(packages[label])).is_dir():
        return installed
    raise ConfigError(
        f"tool.nuages.source_roots: {label!r} is neither a folder below {root} nor a package"
        " that the project's Python can import",
        hint="correct source_roots under [tool.nuages] in pyproject.toml",
    )


def extensions_in(texts: Iterable[str]) -> Iterator[str]:
    """Extensions of PostgreSQL that source creates."""
    for text in filter(_MENTIONED.search, texts):
        for named, created, operation, engine in _EXTENSIONS.findall(text):
            found = (named or created or engine).lower()
            yield found or _OPERATIONS[operation.lower()]
