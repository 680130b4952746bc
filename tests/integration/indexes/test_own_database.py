"""The project's own database: read when a flag says so, and left as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tests.integration.indexes.test_trial import FASTER, recording

from nuages.errors import NuagesError
from nuages.indexes.explain import Connection
from nuages.model import Recording
from nuages.own_database import read_own
from nuages.project import Project, discover
from nuages.stack.databases import PostgresDatabases

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(databases: PostgresDatabases, agent, monkeypatch) -> Project:
    monkeypatch.setenv("DESK_SOCKETS", str(databases.socket_dir))
    folder = Path(__file__).parent / "project"
    return discover(folder, settings="desk.settings", python=sys.executable)


def test_its_catalog_says_that_it_is_production(project: Project, connection: Connection) -> None:
    seen, trials = read_own(project, Recording())
    catalog = seen.facts.catalogs["default"]
    assert catalog.is_production
    assert catalog.tables["desk_ticket"].rows == 50_000
    assert trials == ()


def test_hypopg_is_not_created_where_it_lacks(project: Project, connection: Connection) -> None:
    with pytest.raises(NuagesError, match="hypopg is not installed"):
        read_own(project, recording(FASTER["equality"][0]), hypopg=True)
