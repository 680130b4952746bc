"""tune on a project that is driven: filled, crawled, fixed, and left as it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.acceptance.commands import ENVIRONMENT, NUAGES, nuages
from tests.acceptance.projects import SETTINGS, contents, write_shop


def test_tune_finds_fixes_and_proves(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    before = contents(root)
    run = nuages("tune", "--no-load", "--json", cwd=root)
    assert run.returncode == 1, run.stderr
    result = json.loads(run.stdout)
    (finding,) = result["findings"]
    assert finding["rule"] == "n-plus-one"
    assert finding["fix"]["status"] == "verified", finding["fix"]
    assert finding["routes"] == ["GET /items/"]
    assert result["before"]["routes"]["GET /items/"]["queries"] == 51
    assert result["after"]["routes"]["GET /items/"]["queries"] == 1
    assert contents(root) == before
    page = (root / ".nuages" / "report.html").read_text("utf-8")
    assert "shop/views.py" in page


OWN_TESTS = """
from django.test import TestCase

from shop.models import Item, Maker


class Queries(TestCase):
    def setUp(self):
        maker = Maker.objects.create(name="one")
        Item.objects.bulk_create(Item(name=str(n), maker=maker) for n in range(3))

    def ask(self, path):
        return self.client.get(path, headers={"host": "shop.example"})

    def test_items(self):
        with self.assertNumQueries(%s):
            self.ask("/items/")

    def test_joined(self):
        with self.assertNumQueries(1):
            self.ask("/joined/")
"""


@pytest.mark.parametrize(
    ("queries", "status", "reason"),
    [
        (4, "refused", "the project's own test shop.tests.Queries.test_items fails with it"),
        (1, "verified", ", 1 of the project's tests pass as before"),  # the other fails without it
    ],
)
def test_the_projects_own_tests_have_the_last_word(
    tmp_path: Path, queries: int, status: str, reason: str
) -> None:
    root = write_shop(tmp_path, {"shop/tests.py": OWN_TESTS % queries})
    run = nuages("tune", "--no-load", "--tests", "manage.py test", "--json", cwd=root)
    (finding,) = json.loads(run.stdout)["findings"]
    assert finding["fix"]["status"] == status
    assert reason in finding["fix"]["reason"]


def test_tests_of_which_none_passes_are_told_before_anything_is_tried(tmp_path: Path) -> None:
    root = write_shop(tmp_path, {"shop/tests.py": OWN_TESTS.replace("(1)", "(9)") % 9})
    run = nuages("tune", "--no-load", "--tests", "manage.py test", cwd=root)
    assert run.returncode == 2
    assert "no test passed, 2 failed" in run.stderr


@pytest.mark.slow
def test_both_versions_are_put_under_load(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    run = nuages("tune", "--json", cwd=root, seconds=400)
    assert run.returncode == 1, run.stderr
    load = json.loads(run.stdout)["load"]
    assert load["verdict"] != "different answers"
    assert any("51 queries, then 1" in reason for reason in load["reasons"])
    assert load["before"]["error_share"] == load["after"]["error_share"] == 0
    assert load["rate"] > 0
    page = (root / ".nuages" / "report.html").read_text("utf-8")
    assert "requests/s within p95 ≤ 100 ms" in page


def test_without_time_no_edit_and_no_load_is_begun(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    run = nuages("tune", "--minutes", "0.001", "--json", cwd=root)
    result = json.loads(run.stdout)
    (finding,) = result["findings"]
    assert finding["fix"]["status"] == "proposed"
    assert "no time left" in finding["fix"]["reason"]
    assert result["load"] is None
    assert any("no load was put on the site" in note for note in result["notes"])


def test_apply_writes_the_fix_and_a_second_run_is_clean(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    assert nuages("tune", "--no-load", "--apply", cwd=root).returncode == 1
    assert 'select_related("maker")[:50]' in (root / "shop/views.py").read_text("utf-8")
    again = nuages("tune", "--no-load", cwd=root)
    assert again.returncode == 0, again.stdout


BROKEN = {
    "import error": (
        {"shop/views.py": "import no_such_package\n"},
        ["no_such_package", "shop/views.py"],
    ),
    "settings error": (
        {"shop/settings.py": SETTINGS + "\nimport shop.nowhere\n"},
        ["shop.nowhere"],
    ),
    "missing environment variable": (
        {"shop/settings.py": SETTINGS + "\nimport os\nos.environ['PAYMENT_HOST']\n"},
        ["PAYMENT_HOST", "--env"],
    ),
    "failing migration": (
        {
            "shop/migrations/0002_broken.py": """
            from django.db import migrations


            class Migration(migrations.Migration):
                dependencies = [("shop", "0001_initial")]
                operations = [migrations.RunSQL("SELECT broken FROM nowhere")]
            """
        },
        ["0002_broken", "nowhere"],
    ),
    "no URLs": ({"shop/urls.py": "urlpatterns = []\n"}, ["--record"]),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_project_gets_one_screen(tmp_path: Path, fault: str) -> None:
    changes, words = BROKEN[fault]
    root = write_shop(tmp_path, changes)
    before = contents(root)
    run = nuages("tune", "--no-load", cwd=root)
    assert run.returncode == 2, run.stdout
    for word in (*words, "Next:"):
        assert word in run.stderr
    assert "Traceback (most recent call last)" not in run.stderr.replace("  Traceback", "")
    assert len(run.stderr.splitlines()) <= 45
    assert contents(root) == before


def test_no_project_is_said_with_the_three_ways_to_name_one(tmp_path: Path) -> None:
    run = nuages("tune", "--no-load", cwd=tmp_path)
    assert run.returncode == 2
    for way in ("manage.py", "[tool.nuages]", "--settings"):
        assert way in run.stderr


@pytest.mark.parametrize("delay", [0.4, 1.5, 3.0, 5.0, 7.0])
def test_ctrl_c_leaves_no_process_and_no_changed_file(tmp_path: Path, delay: float) -> None:
    root = write_shop(tmp_path / "project")
    temporary = tmp_path / "t"
    temporary.mkdir(mode=0o777)
    temporary.chmod(0o777)
    before = contents(root)
    run = subprocess.Popen(
        [*NUAGES, "tune", "--no-load"],
        cwd=root,
        env={**ENVIRONMENT, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(delay)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode in (130, 1), said  # 1: it was done before the signal came
    assert contents(root) == before
    assert _left_over(temporary) == []
    assert list(temporary.iterdir()) == []


def _left_over(folder: Path) -> list[str]:
    """Command lines of processes that still work below the folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found
