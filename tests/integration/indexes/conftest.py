"""A help desk's database on a scratch PostgreSQL: 50,000 tickets, and its catalog."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from nuages.catalogs import catalogs_from
from nuages.indexes.explain import Connection
from nuages.model import Catalog
from nuages.scratch import Scratch
from nuages.session import AgentSession
from nuages.stack.databases import PostgresDatabases, start_postgres

PROJECT = Path(__file__).parent / "project"
SOURCE = Path(__file__).resolve().parents[3] / "src"
NAME = "nuages_desk"

# One in a hundred tickets is open, one held; one in fifty is not closed; half are spam.
FILL = """
INSERT INTO desk_team (id, name) SELECT n, 'team ' || n FROM generate_series(1, 300) n;
INSERT INTO desk_ticket
    (id, team_id, owner_id, state, rare, covered, email, subject, data, tags, created, closed,
     is_spam, half)
SELECT n, 1 + n % 300, 1 + n * 7 % 300,
    CASE n % 100 WHEN 0 THEN 'open' WHEN 1 THEN 'held' ELSE 'done' END,
    'r' || n % 20000, n % 25000, 'User' || n || '@example.org',
    md5(n::text) || ' printer' || n % 997,
    jsonb_build_object('room', n % 3000), ARRAY['t' || n % 3000],
    '2020-01-01'::timestamptz + n * interval '37 minutes',
    CASE WHEN n % 50 <> 0 THEN now() END, n % 2 = 0, n % 2
FROM generate_series(1, 50000) n;
INSERT INTO desk_tag (word) SELECT 'w' || n FROM generate_series(1, 400) n;
SELECT setval('desk_ticket_id_seq', 1800000000);
ANALYZE;
"""


@pytest.fixture(scope="session")
def databases() -> Iterator[PostgresDatabases]:
    with Scratch() as scratch, start_postgres(scratch.path) as server:
        server.create([NAME])
        yield server


@pytest.fixture(scope="session")
def agent(databases: PostgresDatabases) -> Iterator[AgentSession]:
    env = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "desk.settings",
        "DESK_SOCKETS": str(databases.socket_dir),
    }
    with AgentSession.start([sys.executable], cwd=PROJECT, env=env) as session:
        session.call("setup")
        session.call("migrate")
        with databases.connect(NAME) as connection:
            connection.execute(FILL.encode())
        yield session


@pytest.fixture(scope="session")
def catalogs(agent: AgentSession) -> Mapping[str, Catalog]:
    return catalogs_from(agent.call("catalog"))


@pytest.fixture
def connection(databases: PostgresDatabases, agent: AgentSession) -> Iterator[Connection]:
    with databases.connect(NAME) as found:
        yield found
