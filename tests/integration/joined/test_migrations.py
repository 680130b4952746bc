"""Migrations run once however many are told to, and those that break what runs are refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.joined.conftest import environment, python, where

from nuages.agent.stack_config import StackConfig
from nuages.errors import NuagesError
from nuages.stack import migrations
from nuages.stack.cluster import Cluster
from nuages.stack.migrations import Hazard
from nuages.stack.programs import pg_major

HEAD = "from django.db import migrations, models\nimport time\n"
BODY = """
class Migration(migrations.Migration):
    dependencies = [("market", "{before}")]
    operations = [{operations}]
"""
SLOW = HEAD + BODY.format(
    before="0001_initial",
    operations="migrations.RunPython(lambda apps, editor: time.sleep(0.5)),"
    "migrations.AddField('item', 'note', models.TextField(null=True)),",
)


@pytest.fixture(scope="module")
def copied(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated") / "market"
    shutil.copytree(project, folder)
    return folder


@pytest.fixture(scope="module")
def preparing(primary: Cluster) -> StackConfig:
    """Told to a process that migrates databases of these tests' own."""
    primary.make_databases(["nuages_m_default", "nuages_m_stats"])
    return StackConfig(postgres=where(primary, "nuages_m"), prepares=True)


def test_of_several_at_once_one_migrates(
    copied: Path, scratch: Path, preparing: StackConfig
) -> None:
    (copied / "market/migrations/0002_slow.py").write_text(SLOW)
    code = (
        "import django; django.setup()\n"
        "from nuages.agent import migrations; print(migrations.migrate()['applied'])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=copied, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment(copied, scratch, preparing),
        )
        for _ in range(3)
    ]  # fmt: skip
    ended = [(process.communicate(timeout=120), process.returncode) for process in processes]
    assert [code for _, code in ended] == [0] * 3, ended
    applied = sorted(int(output) for (output, _), _ in ended)
    assert applied[:2] == [0, 0]
    assert applied[2] > 10


def test_the_lock_goes_with_a_process_that_is_killed(
    copied: Path, scratch: Path, preparing: StackConfig
) -> None:
    code = (
        "from nuages.agent import turns\n"
        "with turns.taken(['default']):\n    print('held', flush=True); input()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=copied, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(copied, scratch, preparing),
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    holder.kill()
    holder.wait()
    done = python(copied, scratch, preparing, code.replace("input()", "pass"))
    assert done.stdout == "held\n", done.stderr


Judge = Callable[[Sequence[str]], list[list[Hazard]]]

PENDING = """
import importlib, json, pathlib, sys
from nuages.agent import pending
told = []
for number, text in enumerate(json.loads({texts!r})):
    path = pathlib.Path("market/migrations") / f"0003_try_{{number}}.py"
    path.write_text(text)
    importlib.invalidate_caches()
    told.append(pending.migrations("default"))
    path.unlink()
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def judged(copied: Path, scratch: Path, preparing: StackConfig, primary: Cluster) -> Judge:
    """Hazards of each of some operations, in a migration that comes after what is applied."""
    linter = migrations.find_linter()
    if linter is None:
        pytest.skip("squawk is not installed")
    (copied / "market/migrations/0002_slow.py").write_text(SLOW)
    migrate = "from nuages.agent import migrations; migrations.migrate()"
    assert python(copied, scratch, preparing, migrate).returncode == 0

    def judge(operations: Sequence[str]) -> list[list[Hazard]]:
        texts = json.dumps(
            [HEAD + BODY.format(before="0002_slow", operations=each) for each in operations]
        )
        done = python(copied, scratch, preparing, PENDING.format(texts=texts))
        assert done.returncode == 0, done.stderr
        major = pg_major(primary.programs.version)
        return [migrations.judge(told, linter, major=major) for told in json.loads(done.stdout)]

    return judge


def test_what_breaks_the_running_version_is_refused(judged: Judge) -> None:
    expected = (
        ("migrations.RemoveField('item', 'name')", "ban-drop-column"),
        ("migrations.RenameField('item', 'name', 'title')", "renaming-column"),
        ("migrations.RenameModel('Item', 'Thing')", "renaming-table"),
        ("migrations.DeleteModel('Item')", "ban-drop-table"),
        ("migrations.AddField('item', 'n', models.IntegerField(default=1))", "ban-drop-default"),
        ("migrations.AlterField('item', 'name', models.IntegerField())", "changing-column-type"),
    )
    found = judged([operation for operation, _ in expected])
    for (operation, rule), hazards in zip(expected, found, strict=True):
        assert (rule, "breaks") in {(hazard.rule, hazard.kind) for hazard in hazards}, operation
        with pytest.raises(migrations.BreakingMigrationError, match="0003_try"):
            migrations.refuse(hazards)


def test_what_the_running_version_bears_is_let_through(judged: Judge) -> None:
    borne = (
        "migrations.AddField('item', 'n', models.IntegerField(null=True))",
        "migrations.AddField('item', 'n', models.IntegerField(null=True, default=1))",
        "migrations.AlterField('item', 'name', models.CharField(max_length=80))",
        "migrations.AlterField('item', 'name', models.TextField())",
        "migrations.CreateModel('Box', [('id', models.BigAutoField(primary_key=True)), "
        "('n', models.IntegerField(default=3))]), "
        "migrations.AddField('box', 'm', models.IntegerField(default=1)), "
        "migrations.RemoveField('box', 'n')",
        "migrations.SeparateDatabaseAndState(state_operations=["
        "migrations.RemoveField('item', 'name')])",
    )
    for operation, hazards in zip(borne, judged(borne), strict=True):
        assert not [hazard for hazard in hazards if hazard.kind == "breaks"], operation
        migrations.refuse(hazards)


def test_what_is_told_and_not_refused(judged: Judge) -> None:
    locks, unjudged = judged([
        "migrations.AddIndex('item', models.Index(fields=['name'], name='i'))",
        "migrations.RunPython(lambda apps, editor: None)",
    ])  # fmt: skip
    assert [hazard.kind for hazard in locks] == ["locks"]
    assert "AddIndexConcurrently" in locks[0].advice
    assert [hazard.kind for hazard in unjudged] == ["unjudged"]
    migrations.refuse([*locks, *unjudged])


def test_a_linter_that_does_not_answer(tmp_path: Path) -> None:
    program = tmp_path / "squawk"
    program.write_text("#!/bin/sh\necho broken >&2; exit 3\n")
    program.chmod(0o755)
    pending = [{"name": "a.0001", "sql": ["DROP TABLE x;"], "alterations": [], "unjudged": []}]
    with pytest.raises(NuagesError, match="did not answer"):
        migrations.judge(pending, program)


def test_a_database_that_is_not_to_be_migrated_is_left(
    copied: Path, scratch: Path, primary: Cluster
) -> None:
    primary.make_databases(["nuages_n_default", "nuages_n_stats"])
    config = StackConfig(postgres=where(primary, "nuages_n"), prepares=True)
    code = (
        "import json\nfrom nuages.agent import migrations\n"
        "from nuages.errors import NuagesError\n"
        "try:\n    migrations.migrate('migrate', leave=['stats'])\n"
        "except NuagesError as error:\n    print(error.slug)\n"
        "print(json.dumps(migrations.migrate(leave=['stats'])))\n"
    )
    done = python(copied, scratch, config, code)
    slug, told = done.stdout.splitlines()
    assert slug == "external-database", done.stderr
    assert json.loads(told)["left"]["stats"] > 10
    with primary.connect("nuages_n_stats") as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert found.fetchone() == (0,)


def test_what_a_pool_would_lose_is_set_on_the_database(
    copied: Path, scratch: Path, primary: Cluster
) -> None:
    primary.make_databases(["nuages_o_default", "nuages_o_stats"])
    preparing = StackConfig(postgres=where(primary, "nuages_o"), prepares=True)
    settings = {"DJANGO_SETTINGS_MODULE": "config.paths"}
    migrate = "from nuages.agent import migrations; print(migrations.migrate()['applied'] > 10)"
    done = python(copied, scratch, preparing, migrate, **settings)
    assert done.stdout == "True\n", done.stderr
    code = (
        "from django.db import connection\n"
        "from market.models import Item\n"
        "print(connection.settings_dict['OPTIONS'], Item.objects.count())\n"
        "with connection.cursor() as cursor:\n"
        "    for name in ('search_path', 'statement_timeout'):\n"
        "        cursor.execute(f'SHOW {name}'); print(cursor.fetchone()[0])\n"
    )
    pooled = replace(preparing, prepares=False, pool="transaction")
    done = python(copied, scratch, pooled, code, **settings)
    assert done.stdout.splitlines() == ["{} 0", "shop, public", "4321ms"], done.stderr
