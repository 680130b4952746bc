"""A server that is not the stack's: asked only when it is named, and migrated only then."""

from __future__ import annotations

import urllib.request

import pytest

from benchmarks.stack import running
from nuages.scratch import Scratch
from nuages.stack.databases import start_postgres
from nuages.stack.postgres import PORT, USER

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("stack"),
]
NAME = "nuages_shop"


@pytest.fixture
def server():
    with Scratch() as scratch, start_postgres(scratch.path) as databases:
        databases.create([NAME])
        yield databases


@pytest.fixture
def root(server):
    url = f"postgres://{USER}@/{NAME}?host={server.socket_dir}&port={PORT}"
    with running.copied_project() as copied:
        text = f'[tool.nuages.topology]\ncache = "none"\ndatabases = {{ default = "{url}" }}\n'
        (copied / "pyproject.toml").write_text(text, "utf-8")
        yield copied


def tables(server) -> list[str]:
    with server.connect(NAME) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return sorted(row[0] for row in found)


def test_it_is_left_alone_until_its_database_is_named(server, root):
    process, output = running.launch(root, running.free_port())
    assert process.wait(60) == 2
    output.seek(0)
    assert f"--migrate-external {NAME}" in " ".join(output.read().split())
    output.close()
    assert tables(server) == []


def test_it_is_used_when_it_is(server, root):
    with running.stack(root, ["--migrate-external", NAME]) as stack:
        assert "postgres" not in {row["name"] for row in stack.rows()}
        url = f"http://127.0.0.1:{stack.port}/entries/"
        with urllib.request.urlopen(url, data=b"one", timeout=20) as answer:
            assert answer.status == 201
    assert "tills_entry" in tables(server)
    with server.connect(NAME) as connection:
        assert connection.execute("SELECT key FROM tills_entry").fetchall() == [("one",)]
