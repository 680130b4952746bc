"""Databases that know no binary COPY: SQLite, and MySQL or MariaDB where one is told."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.xdist_group("portable")  # the file is made once
PROJECT = Path(__file__).parent / "portable"
MODELS = {"plain.Section", "plain.Piece", "plain.Story", "plain.Badge", "plain.Page", "plain.Mark",
          "plain.Story_fans", "auth.User"}  # fmt: skip
MYSQL = os.environ.get("TEST_MYSQL_URL", "")  # mysql://user:password@host:port
READ = """
import django; django.setup()
from django.db.models import Count, F
from plain.models import Badge, Mark, Page, Section, Story
from django.contrib.auth.models import User
stories = list(Story.objects.select_related("section", "author")[:50])
print(all(s.both == 2 * s.words and s.pay >= 0 and s.section.slug and s.author.username
          for s in stories)
      and User.objects.get(pk=1).check_password("nuages")
      and all(mark.about is not None for mark in Mark.objects.all()[:50])
      and not Page.objects.values("story", "number").annotate(n=Count("pk")).filter(n__gt=1)
      and Badge.objects.values("user").distinct().count() == Badge.objects.count()
      and Section.objects.filter(lead__isnull=False).exists()
      and User.objects.create(username="after").pk > User.objects.count() - 1)
"""


def argv(url: str, *arguments: str) -> list[str]:
    """The command, on a copy of nothing: the project is only read."""
    return [sys.executable, "-m", "nuages", "populate", str(PROJECT), "--python", sys.executable,
            "--database", url, *arguments]  # fmt: skip


def populate(url: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        argv(url, *arguments, "--json"), capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def read_by_orm(settings: str) -> str:
    """What READ prints, with these DATABASES."""
    program = f"from plain import settings; settings.DATABASES = {{'default': {settings}}}\n{READ}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT, env={**os.environ, "DJANGO_SETTINGS_MODULE": "plain.settings"},
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("portable") / "nuages_plain.sqlite3"


@pytest.fixture(scope="module")
def told(file: Path) -> dict[str, Any]:
    return populate(f"sqlite:///{file}", "--users", "300")


class TestSqlite:
    def test_every_model_has_rows(self, told: dict[str, Any]) -> None:
        assert told["rows"].keys() >= MODELS
        assert told["rows"]["auth.User"] == 300

    def test_full_clean_accepts_a_sample(self, told: dict[str, Any]) -> None:
        assert told["refused"] == {}

    def test_the_orm_reads_the_rows(self, told: dict[str, Any], file: Path) -> None:
        engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}
        assert read_by_orm(repr(engine)) == "True"

    def test_more_users_add(self, told: dict[str, Any], file: Path) -> None:
        more = populate(f"sqlite:///{file}", "--users", "500")
        assert more["rows"]["auth.User"] == 200
        with sqlite3.connect(file) as connection:
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    def test_kill_leaves_every_index_and_the_next_run_goes_on(
        self, tmp_path: Path, told: dict[str, Any], file: Path
    ) -> None:
        before = _schema(file)
        killed = tmp_path / "nuages_killed.sqlite3"
        url = f"sqlite:///{killed}"
        populate(url, "--users", "6000", "--plan")  # makes and migrates it
        process = subprocess.Popen(
            argv(url, "--users", "6000"), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        journal = Path(f"{killed}-journal")
        until = time.monotonic() + 60
        while not (journal.exists() and _made(killed)) and process.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        assert _schema(killed) == before
        populate(url, "--users", "6000")
        assert _schema(killed) == before
        with sqlite3.connect(killed) as connection:
            users = connection.execute("SELECT count(*), count(DISTINCT username) FROM auth_user")
            assert users.fetchone() == (6_000, 6_000)


def _made(file: Path) -> bool:
    """Whether a first model is there; the journal is that of a later one."""
    return file.exists() and file.stat().st_size > 600_000


def _schema(file: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(file) as connection:
        return connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master"
            " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name"
        ).fetchall()


@pytest.mark.skipif(not MYSQL, reason="TEST_MYSQL_URL names no server")
class TestMysql:
    def test_every_model_has_rows_and_more_users_add(self) -> None:
        url = f"{MYSQL}/nuages_test_{os.getpid()}"
        told = populate(url, "--users", "300")
        assert told["rows"].keys() >= MODELS
        assert told["refused"] == {}
        assert populate(url, "--users", "500")["rows"]["auth.User"] == 200
        _, _, rest = MYSQL.partition("://")
        told_as, _, where = rest.partition("@")
        user, _, password = told_as.partition(":")
        host, _, port = where.partition(":")
        engine = {
            "ENGINE": "django.db.backends.mysql", "NAME": url.rpartition("/")[2], "USER": user,
            "PASSWORD": password, "HOST": host, "PORT": port,
        }  # fmt: skip
        assert read_by_orm(repr(engine)) == "True"
