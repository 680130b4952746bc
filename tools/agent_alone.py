"""Runs the agent's half the way it lives in a project: copied out, with Django and nothing else."""

from __future__ import annotations

import importlib
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

SOURCE = Path(__file__).resolve().parents[1] / "src" / "nuages"
FILES = ("__init__.py", "errors.py", "pytest_plugin.py")
FOLDERS = ("agent", "model", "record", "django")
DJANGO = {"django", "asgiref", "sqlparse"}
# They run something when imported: a server, a shadowed sitecustomize, a pytest hook.
NOT_IMPORTED = {"nuages.agent.__main__", "nuages.agent.sitecustomize", "nuages.pytest_plugin"}


class OnlyDjango:
    """Hides what else is installed, as if it were not."""

    installed = tuple(sysconfig.get_paths()[key] for key in ("purelib", "platlib"))

    @classmethod
    def find_spec(
        cls, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise for what lies in site-packages and is not Django."""
        if "." in name or name in DJANGO:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and str(spec.origin).startswith(cls.installed):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def copy_out(target: Path) -> list[str]:
    """Copy the agent's half; return its modules."""
    package = target / "nuages"
    package.mkdir()
    for name in FILES:
        if (SOURCE / name).is_file():
            shutil.copy(SOURCE / name, package / name)
    for name in FOLDERS:
        if (SOURCE / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(SOURCE / name, package / name, ignore=ignored)
    files = (path.relative_to(target).with_suffix("") for path in package.rglob("*.py"))
    return sorted(".".join(file.parts).removesuffix(".__init__") for file in files)


def main() -> None:
    """Import each module of the copied half in a configured Django."""
    with tempfile.TemporaryDirectory(prefix="nuages-agent-") as folder:
        modules = copy_out(Path(folder))
        sys.path.insert(0, folder)
        sys.meta_path.insert(0, OnlyDjango)
        import django
        from django.conf import settings

        settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
        django.setup()
        imported = [name for name in modules if name not in NOT_IMPORTED]
        for name in imported:
            importlib.import_module(name)
        nuages = sys.modules["nuages"]
        assert str(nuages.__file__).startswith(folder), nuages.__file__
        print(f"{len(imported)} modules with Django {django.__version__} alone")


if __name__ == "__main__":
    main()
