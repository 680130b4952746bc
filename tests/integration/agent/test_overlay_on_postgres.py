"""Whole commands of a project, on scratch databases instead of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.scratch import Scratch
from nuages.stack.databases import PostgresDatabases, ScratchDatabases, start_postgres, start_sqlite

FILES = {
    "manage.py": "import os, sys\n"
    'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf")\n'
    "from django.core.management import execute_from_command_line\n"
    "execute_from_command_line(sys.argv)\n",
    "conf.py": 'SECRET_KEY = "x"\nINSTALLED_APPS = ["shop", "words"]\n'
    'DEFAULT_AUTO_FIELD = "django.db.models.AutoField"\n'
    "def place(engine, host, **more):\n"
    '    return {"ENGINE": f"django.db.backends.{engine}", "NAME": "shop", "HOST": host, **more}\n'
    "DATABASES = {\n"
    '    "default": place("mysql", "db.example.com"),\n'
    '    "replica": place("mysql", "replica.example.com", TEST={"MIRROR": "default"}),\n'
    '    "legacy": place("postgresql", "old.example.com", OPTIONS={\n'
    '        "sslmode": "require", "options": "-c search_path=old,public"}),\n'
    "}\n",
    "shop/__init__.py": "",
    "shop/models.py": "from django.db import models\n"
    "class Item(models.Model):\n    name = models.TextField()\n",
    "shop/tests.py": "from django.db import connection, connections\n"
    "from django.test import TransactionTestCase\nfrom shop.models import Item\n"
    "class Items(TransactionTestCase):\n"
    '    databases = {"default", "replica", "legacy"}\n'
    "    def test_where(self):\n"
    '        Item.objects.create(name="a")\n'
    '        assert Item.objects.using("replica").count() == 1\n'
    '        assert Item.objects.using("legacy").count() == 0\n'
    '        names = sorted(str(c.settings_dict["NAME"]) for c in connections.all())\n'
    '        print("NAMES", *names, connection.vendor)\n'
    '        assert names[0].startswith(("test_nuages_r1_", "file:memorydb_")), names\n',
    "words/__init__.py": "",
    "words/migrations/__init__.py": "",
    "words/migrations/0001_initial.py": "from django.db import migrations\n"
    "from django.contrib.postgres.operations import CreateExtension, TrigramExtension\n"
    "class Migration(migrations.Migration):\n"
    '    operations = [TrigramExtension(), CreateExtension("pageinspect")]\n',
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = conf\npython_files = tests.py\n",
}
INSERT = "from shop.models import Item; Item.objects.create(name='x'); print(Item.objects.count())"


class Project:
    """A project on disk, and its commands run on scratch databases."""

    def __init__(self, folder: Path, databases: ScratchDatabases) -> None:
        self.folder, self.databases = folder, databases
        for name, text in FILES.items():
            path = folder / "project" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def run(self, *command: str, prefix: str) -> str:
        config = AttachConfig(
            overlay={**self.databases.overlay(prefix), "services": True},
            scratch=str(self.folder),
        )
        done = subprocess.run(
            [sys.executable, *command], cwd=self.folder / "project", capture_output=True,
            text=True, check=False, env={**self._env(), **prepare(self.folder, config, {})},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def _env(self) -> Mapping[str, str]:
        return {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "DJANGO"))}


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresDatabases]:
    extensions = ["pg_trgm", "pageinspect"]  # the second is a superuser's to make
    with Scratch() as scratch, start_postgres(scratch.path, extensions=extensions) as databases:
        yield databases


@pytest.fixture
def project(tmp_path: Path, postgres: PostgresDatabases) -> Project:
    return Project(tmp_path, postgres)


def test_commands_use_the_scratch_databases_and_clones_are_apart(project: Project) -> None:
    databases = project.databases
    names = [f"nuages_base_{alias}" for alias in ("default", "legacy")]
    databases.create(names)
    for alias in ("default", "legacy"):
        project.run("manage.py", "migrate", "--run-syncdb", f"--database={alias}",
                    prefix="nuages_base")  # fmt: skip
    for run in ("nuages_r1", "nuages_r2"):
        for name in names:
            databases.clone(name, name.replace("nuages_base", run))
        assert project.run("manage.py", "shell", "-c", INSERT, prefix=run).endswith("1\n")
    assert project.run("manage.py", "shell", "-c", INSERT, prefix="nuages_r2").endswith("2\n")


def test_a_schema_of_the_search_path_is_made(project: Project, postgres: PostgresDatabases) -> None:
    postgres.create(["nuages_x_legacy"])
    project.run("manage.py", "migrate", "--run-syncdb", "--database=legacy", prefix="nuages_x")
    with postgres.server.connect("nuages_x_legacy") as connection:
        found = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'shop_item'")
        assert found.fetchone() == ("old",)


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "test", "-v", "0"),
        ("-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"),
        ("-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"),
    ],
    ids=["manage.py test", "pytest", "pytest -n"],
)
def test_test_runs_make_their_databases_on_the_scratch_server(
    project: Project, postgres: PostgresDatabases, command: tuple[str, ...]
) -> None:
    said = project.run(*command, prefix="nuages_r1")
    if "-n" not in command:
        assert "NAMES test_nuages_r1_default" in said
        assert "postgresql" in said
    assert not postgres.exists("test_nuages_r1_default"), "the runner drops what it made"


def test_test_runs_on_sqlite(tmp_path: Path) -> None:
    with start_sqlite(tmp_path) as databases:
        said = Project(tmp_path, databases).run("manage.py", "test", "-v", "0", prefix="nuages_r1")
    assert "sqlite" in said
