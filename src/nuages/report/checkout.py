"""Where the files of findings are in the checkout, as the hosts of repositories name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from nuages.model import Location


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkout:
    """A version-controlled tree, and the source roots in it."""

    prefixes: Mapping[str, str] = field(default_factory=dict)  # label → "backend/" or ""
    settings: str = "manage.py"  # the file of what no line is to blame for

    def path(self, location: Location) -> str | None:
        """The path from the checkout's root, with forward slashes; None for a file outside."""
        prefix = self.prefixes.get(location.root, "" if location.root == "." else None)
        return None if prefix is None else f"{prefix}{location.file}"


def checkout(roots: Mapping[str, str], settings_module: str = "") -> Checkout:
    """The checkout around the project; the project itself where nothing is version-controlled."""
    own = Path(roots.get(".", ".")).resolve()
    top = next((f for f in (own, *own.parents) if (f / ".git").exists()), own)
    prefixes = {}
    for label, folder in roots.items():
        path = Path(folder).resolve()
        if path.is_relative_to(top):
            below = path.relative_to(top).as_posix()
            prefixes[label] = "" if below == "." else f"{below}/"
    return Checkout(
        prefixes=prefixes, settings=prefixes.get(".", "") + _settings(own, settings_module)
    )


def _settings(root: Path, module: str) -> str:
    path = module.replace(".", "/")
    names = (f"{path}.py", f"{path}/__init__.py", "manage.py")
    return next((name for name in names if (root / name).is_file()), "pyproject.toml")
