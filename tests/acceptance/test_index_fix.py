"""tune writes the index that a trial found: into Meta, with a migration that ran."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.commands import nuages
from tests.acceptance.projects import SETTINGS, contents, write_shop

VIEWS = """
from django.http import JsonResponse

from shop.models import Item


def items(request):
    newest = Item.objects.filter(name__gt="a").order_by("-name")[:20]
    return JsonResponse({"names": [item.name for item in newest]})


def joined(request):
    return JsonResponse({})
"""
SOW = """
from django.core.management.base import BaseCommand
from django.db import connection

from shop.models import Maker


class Command(BaseCommand):
    def handle(self, **options):
        maker = Maker.objects.create(name="maker")
        connection.cursor().execute(
            "INSERT INTO shop_item (name, maker_id) "
            "SELECT md5(n::text), %s FROM generate_series(1, 100000) n",
            [maker.pk],
        )
"""
POSTGRES = SETTINGS.replace(
    '{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}',
    '{"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "db.example"}',
)
MODELS = "shop/models.py"
MIGRATION = "shop/migrations/"


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    files = {
        "shop/views.py": VIEWS,
        "shop/settings.py": POSTGRES,
        "shop/management/__init__.py": "",
        "shop/management/commands/__init__.py": "",
        "shop/management/commands/sow.py": SOW,
    }
    root = write_shop(tmp_path_factory.mktemp("shop"), files)
    before = contents(root)
    run = nuages("tune", "--no-load", "--json", "--data-command", "sow", "--apply", cwd=root)
    assert run.returncode == 1, run.stderr
    after = contents(root)
    written = {name for name in after if after[name] != before.get(name)}
    told: dict[str, Any] = json.loads(run.stdout)
    assert {name for name in written if not name.startswith(".nuages")} >= {MODELS}, told
    return root, told


def test_the_index_is_verified(tuned: tuple[Path, dict[str, Any]]) -> None:
    (found,) = (f for f in tuned[1]["findings"] if f["rule"] == "missing-index")
    assert found["fix"]["status"] == "verified", found["fix"]
    assert "migration ran" in found["fix"]["reason"]
    assert f"+++ b/{MODELS}" in found["fix"]["diff"]
    assert f"+++ b/{MIGRATION}0002_" in found["fix"]["diff"]


def test_models_and_migration_are_written_and_agree(tuned: tuple[Path, dict[str, Any]]) -> None:
    root, _ = tuned
    assert "models.Index(" in (root / MODELS).read_text()
    (migration,) = (root / MIGRATION).glob("0002_*.py")
    text = migration.read_text()
    assert "AddIndexConcurrently(" in text
    assert "atomic = False" in text
    (root / "shop/sqlite.py").write_text("from shop.settings import *\n" + _sqlite())
    done = subprocess.run(
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
        cwd=root,
        env={"DJANGO_SETTINGS_MODULE": "shop.sqlite", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _sqlite() -> str:
    return 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}\n'
