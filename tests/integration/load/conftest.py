from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nuages.lab import Lab, open_lab
from nuages.populate import prepare_databases
from nuages.progress import Progress
from nuages.project import discover

KINDS = Path(__file__).with_name("kinds")


@pytest.fixture(scope="session")
def narrow() -> Iterator[Lab]:
    """The project `kinds` on PostgreSQL, migrated."""
    with open_lab(discover(KINDS), progress=Progress()) as lab:
        if "SQLite" in type(lab.databases).__name__ or lab.databases.socket_dir is None:
            pytest.skip("needs PostgreSQL")
        prepare_databases(lab, rows=1)
        yield lab
