"""record → diagnose → fix through a project's own tests, and tune --record doing the three."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from tests.acceptance.commands import ENVIRONMENT, NUAGES, nuages
from tests.acceptance.projects import SETTINGS, TESTS, URLS, contents, write_shop

from nuages import store
from nuages.model import Recording

MANAGE_TEST = ("python", "manage.py", "test")
PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "--ds", "shop.settings", "shop/tests.py")


@pytest.mark.parametrize("command", [MANAGE_TEST, PYTEST], ids=["manage.py test", "pytest"])
def test_a_recorded_test_run_names_the_loop(tmp_path: Path, command: tuple[str, ...]) -> None:
    root = write_shop(tmp_path)
    recorded = nuages("record", "--", *command, cwd=root)
    assert recorded.returncode == 0, recorded.stderr
    diagnosed = nuages("diagnose", "--json", cwd=root)
    assert diagnosed.returncode == 1, diagnosed.stderr
    found = json.loads(diagnosed.stdout)
    assert found["schema"] == 1
    (finding,) = found["findings"]
    assert finding["rule"] == "n-plus-one"
    assert finding["remedy"] == {"kind": "select_related", "path": "maker"}
    assert finding["location"]["file"] == "shop/views.py"
    assert finding["created_at"]["line"] == 7
    assert finding["routes"] == ["GET /items/"]
    assert finding["evidence"]["per_request_max"] == 5


def test_fix_verifies_by_the_tests_and_applies_when_told(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    assert nuages("record", "--", *MANAGE_TEST, cwd=root).returncode == 0
    before = contents(root)
    applied = nuages("fix", "--apply", "--json", cwd=root)
    assert applied.returncode == 1, applied.stderr
    (finding,) = json.loads(applied.stdout)["findings"]
    assert finding["fix"]["status"] == "verified", finding["fix"]
    assert '+    listed = Item.objects.order_by("pk").select_related("maker")[:50]' in (
        finding["fix"]["diff"].splitlines()
    )
    changed = {name for name, text in contents(root).items() if before.get(name) != text}
    assert changed == {"shop/views.py"}
    assert nuages("record", "--", *MANAGE_TEST, cwd=root).returncode == 0
    assert nuages("diagnose", cwd=root).returncode == 0


def test_tune_record_does_the_three_in_one(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    before = contents(root)
    run = nuages("tune", "--record", "python manage.py test", "--json", cwd=root)
    assert run.returncode == 1, run.stderr
    result = json.loads(run.stdout)
    assert [f["fix"]["status"] for f in result["findings"]] == ["verified"]
    assert result["before"]["routes"]["GET /items/"]["queries"] == 6
    assert result["after"]["routes"]["GET /items/"]["queries"] == 1
    assert contents(root) == before


PYTEST_INI = """
[pytest]
DJANGO_SETTINGS_MODULE = shop.settings_tests
python_files = tests.py sizes.py
"""
# The settings that manage.py names don't do: only those that the command chose.
UNUSABLE = SETTINGS.replace('"shop.urls"', '"shop.nowhere"')
FOR_TESTS = """
from shop.settings import *

ROOT_URLCONF = "shop.urls"
DATABASES["default"]["TEST"] = {"NAME": BASE_DIR / "tests.sqlite3"}
"""
UNDRIVEN = URLS.replace("[path", '[path("unseen/", views.items), path')
MORE = """

class AsyncTest(TestCase):
    async def test_asked_asynchronously(self):
        answer = await self.async_client.get("/joined/", headers={"host": "shop.example"})
        self.assertEqual(answer.status_code, 200)
"""
SIZES = """
import pytest

from shop.models import Item, Maker


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("name", ["a[b]", "x::y", ""])
def test_sizes(client, db, size, name):
    for number in range(size):
        Item.objects.create(name=name, maker=Maker.objects.create(name=str(number)))
    answer = client.get("/items/", headers={"host": "shop.example"})
    assert len(answer.json()["items"]) == size


@pytest.mark.parametrize("number", range(9))
def test_no_requests(db, number):
    assert not Item.objects.exists()
"""


def test_pytest_in_processes_with_parameters_and_files_of_its_own(tmp_path: Path) -> None:
    changes = {
        "pytest.ini": PYTEST_INI,
        "shop/settings.py": UNUSABLE,
        "shop/settings_tests.py": FOR_TESTS,
        "shop/urls.py": UNDRIVEN,
        "shop/tests.py": TESTS + MORE,
        "shop/sizes.py": SIZES,
    }
    root = write_shop(tmp_path, changes)
    for name in ("db.sqlite3", "tests.sqlite3"):
        (root / name).write_bytes(b"whatever stands here")
    before = contents(root)
    run = nuages("tune", "--record", "pytest -q -n 2", "--json", cwd=root)
    assert run.returncode == 1, run.stderr
    result = json.loads(run.stdout)
    (finding,) = result["findings"]
    assert finding["fix"]["status"] == "verified", finding["fix"]
    assert finding["fix"]["tests"] == "18 of 18 run"
    assert len(finding["tests"]) == 7
    states = {route["route"]: route for route in result["coverage"]["routes"]}
    assert states["GET /unseen/"]["state"] == "not driven"
    assert states["GET /unseen/"]["reason"] == "no recorded test requests it"
    assert states["GET /joined/"]["state"] == "reached"
    assert contents(root) == before


def test_a_recorded_command_runs_again_as_it_was(tmp_path: Path) -> None:
    """From another folder, with another interpreter, its settings named by the environment."""
    python = _another_python(tmp_path / "other")
    demands = """
        import os
        import sys

        if not sys.prefix.endswith("other"):
            raise RuntimeError(f"{sys.prefix} is not the recorded interpreter's")
        STAGE = os.environ["SHOP_STAGE"]
    """
    changes = {
        "shop/settings.py": UNUSABLE,
        "shop/settings_tests.py": dedent(demands) + FOR_TESTS,
    }
    root = write_shop(tmp_path / "project", changes)
    chosen = {"DJANGO_SETTINGS_MODULE": "shop.settings_tests", "SHOP_STAGE": "ci"}
    command = (python, "../manage.py", "test", "shop")
    recorded = nuages("record", "--", *command, cwd=root / "shop", env=chosen)
    assert recorded.returncode == 0, recorded.stderr

    lacking = nuages("fix", cwd=root)
    assert lacking.returncode == 2
    assert "SHOP_STAGE" in lacking.stderr

    before = contents(root)
    fixed = nuages("fix", "--env", "SHOP_STAGE=ci", "--json", cwd=root)
    assert fixed.returncode == 1, fixed.stderr
    (finding,) = json.loads(fixed.stdout)["findings"]
    assert finding["fix"]["status"] == "verified", finding["fix"]
    assert contents(root) == before


def _another_python(folder: Path) -> str:
    """The interpreter of a virtual environment that has what this one has."""
    venv.create(folder, symlinks=True, with_pip=False)
    (packages,) = folder.glob("lib/python*/site-packages")
    here = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "here.pth").write_text(here)
    return str(folder / "bin" / "python")


def test_two_rows_show_no_loop(tmp_path: Path) -> None:
    two = TESTS.replace("range(5)", "range(2)").replace('["items"]), 5', '["items"]), 2')
    root = write_shop(tmp_path, {"shop/tests.py": two})
    run = nuages("tune", "--record", "python manage.py test", "--json", cwd=root)
    assert run.returncode in (0, 1), run.stderr
    for finding in json.loads(run.stdout)["findings"]:
        assert finding["fix"]["status"] in ("proposed", "none")
        assert finding["fix"]["reason"]


ON_POSTGRES = SETTINGS.replace(
    '{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}',
    '{"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "db.shop.example"}',
)
NEEDS_POSTGRES = """
    def test_names_together(self):
        from django.contrib.postgres.aggregates import ArrayAgg

        names = Maker.objects.aggregate(names=ArrayAgg("name"))["names"]
        self.assertEqual(len(names), 5)
"""
FAILING = """

from django.db import connection


class ElsewhereTest(TestCase):
    def test_legacy(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM legacy_items")
"""


def test_a_project_on_postgresql_gets_postgresql_and_what_fails_there_is_said(
    tmp_path: Path,
) -> None:
    changes = {"shop/settings.py": ON_POSTGRES, "shop/tests.py": TESTS + NEEDS_POSTGRES + FAILING}
    root = write_shop(tmp_path, changes)
    run = nuages("tune", "--record", "python manage.py test", "--json", cwd=root)
    assert run.returncode == 1, run.stderr
    result = json.loads(run.stdout)
    assert [f["fix"]["status"] for f in result["findings"]] == ["verified"]
    coverage = result["coverage"]
    assert (coverage["tests_passed"], coverage["tests_failed"]) == (3, 1)
    note, failing, elsewhere = coverage["notes"]
    assert note.startswith("1 of 4 tests fail here, with errors of the scratch database")
    assert "legacy_items" in note
    assert failing.startswith("fails: shop.tests.ElsewhereTest.test_legacy: django.db.utils.")
    assert elsewhere.endswith("by hand: python manage.py test")


def test_a_command_without_the_recorder_is_said(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    run = nuages("record", "--", "python", "-I", "-c", "print(1)", cwd=root)
    assert run.returncode == 2
    assert "-I" in run.stderr


def test_a_failing_command_keeps_its_exit_code_and_its_recording(tmp_path: Path) -> None:
    wrong = TESTS.replace('["items"]), 5', '["items"]), 6')
    root = write_shop(tmp_path, {"shop/tests.py": wrong})
    assert (
        nuages("record", "--", "python", "-c", "import django; exit(7)", cwd=root).returncode == 7
    )
    assert nuages("record", "--", *MANAGE_TEST, cwd=root).returncode == 1
    coverage = json.loads(nuages("diagnose", "--json", cwd=root).stdout)["coverage"]
    assert (coverage["tests_passed"], coverage["tests_failed"]) == (1, 1)
    assert [route["state"] for route in coverage["routes"]] == ["reached", "reached"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "No command was given"),
        (("--",), "No command was given"),
        (("--", "no-such-command"), "`no-such-command` could not be started"),
    ],
)
def test_what_can_not_be_recorded(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    run = nuages("record", *arguments, cwd=write_shop(tmp_path))
    assert run.returncode == 2
    assert said in run.stderr
    assert "Next:" in run.stderr


def test_ctrl_c_ends_the_command_and_keeps_what_was_recorded(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    script = "import django, time; print('ready', flush=True); time.sleep(60)"
    run = subprocess.Popen(
        [*NUAGES, "record", "--", "python", "-c", script],
        cwd=root,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert (root / ".nuages" / "recording.sqlite").exists()


def _newer(path: Path) -> None:
    store.write(Recording(), path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
        database.commit()


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE other (name)")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "There is no recording at"),
        (lambda path: path.touch(), "not a recording"),
        (lambda path: path.write_bytes(b"anything" * 500), "not a recording"),
        (_foreign, "not written by nuages"),
        (_newer, "newer nuages"),
    ],
    ids=["missing", "empty", "no database", "of another program", "newer"],
)
def test_what_is_no_recording(tmp_path: Path, make: Callable[[Path], object], said: str) -> None:
    make(tmp_path / "file")
    run = nuages("diagnose", "-i", "file", cwd=tmp_path)
    assert run.returncode == 2
    assert said in run.stderr
    assert "Next:" in run.stderr
