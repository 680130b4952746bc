"""A project whose settings are a package: parts by star import, values from the environment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SHOP = Path(__file__).parent / "projects" / "shop"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The project, at a place that no other project's configuration reaches."""
    folder = tmp_path / "shop"
    shutil.copytree(SHOP, folder, ignore=shutil.ignore_patterns("__pycache__", ".nuages"))
    return folder
