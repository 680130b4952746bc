"""What every test may rely on: an environment of its own, and the few programs it asks for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

# Whoever runs the tests may be at work on a Django project, or inside a run of nuages.
INHERITED = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL", "PYTHONPATH", "PYTEST_ADDOPTS")
for name in list(os.environ):
    if name in INHERITED or name.startswith(("NUAGES_", "PG")):
        del os.environ[name]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of this checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def browser() -> str:
    """A headless browser's program; skips the test where there is none."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    pytest.skip(f"no browser found (looked for {', '.join(BROWSERS)})")


@pytest.fixture(scope="session")
def chorus_python(repository: Path) -> Path:
    """The interpreter of the example's own environment; skips the test where it is not made."""
    python = repository / ".venv-chorus" / "bin" / "python"
    if not python.exists():
        pytest.skip("no environment for examples/chorus: run make setup")
    return python
