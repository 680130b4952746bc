"""A small project with tests of its own, and pytest run on it as a user does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

KIOSK = Path(__file__).parent / "projects" / "kiosk"
SOURCE = Path(__file__).parents[3] / "src"


class Project:
    """A copy of the kiosk."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def configure(self, text: str) -> None:
        """Add to pyproject.toml."""
        with (self.root / "pyproject.toml").open("a") as file:
            file.write(f"\n{text}\n")

    def loop(self) -> None:
        """Make a query a row of what was one."""
        self.edit("press/views.py", '.select_related("author")', "")

    def pytest(self, *args: str, code: int = 0) -> str:
        """Run its tests; → what was printed."""
        return self.run("pytest", "-q", *args, code=code)

    def run(self, module: str, *args: str, code: int = 0) -> str:
        env = {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, "-m", module, *args],
            cwd=self.root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


def copied(source: Path, folder: Path) -> Project:
    shutil.copytree(source, folder / "kiosk")
    return Project(folder / "kiosk")


@pytest.fixture
def kiosk(tmp_path: Path) -> Project:
    return copied(KIOSK, tmp_path)


@pytest.fixture(scope="session")
def with_baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kiosk with a baseline of its tests."""
    project = copied(KIOSK, tmp_path_factory.mktemp("baseline"))
    project.pytest("--nuages-update-baseline")
    return project.root
