"""A server that is not the stack's: asked only when it is named, and migrated only then."""

from __future__ import annotations

import socket
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


INHERITING = """
from tills.settings import *  # what a project's settings for production do

import os

for line in (BASE_DIR / ".env").read_text().splitlines():
    name, _, value = line.partition("=")
    os.environ.setdefault(name, value)
PORT = os.environ["DATABASE_PORT"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop",
                         "HOST": "127.0.0.1", "PORT": PORT, "USER": "shop", "PASSWORD": "x"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache",
                      "LOCATION": os.environ["CACHE_URL"]}}
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(PORT)
"""


def test_what_the_environment_and_an_env_file_name_is_never_asked(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as trap, running.copied_project() as root:
        trap.setblocking(False)
        port = trap.getsockname()[1]
        (root / "tills" / "production.py").write_text(INHERITING, "utf-8")
        (root / ".env").write_text(f"CACHE_URL=redis://127.0.0.1:{port}/0\n", "utf-8")
        monkeypatch.setenv("DATABASE_PORT", str(port))
        monkeypatch.setenv("DATABASE_URL", f"postgres://shop:x@127.0.0.1:{port}/shop")
        with running.stack(root, ["--settings", "tills.production"]) as stack:
            tally = stack.under_load(lambda: stack.ask("restart", names=[]), rps=20)
            assert tally.why() == {}
            assert stack.lost_writes() == []
        with pytest.raises(BlockingIOError):
            trap.accept()
