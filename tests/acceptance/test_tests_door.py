"""record → diagnose → fix through a project's own tests, and tune --record doing the three."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.acceptance.commands import nuages
from tests.acceptance.projects import contents, write_shop

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


def test_fix_verifies_by_the_tests_and_applies_only_when_told(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    assert nuages("record", "--", *MANAGE_TEST, cwd=root).returncode == 0
    before = contents(root)
    offered = nuages("fix", "--json", cwd=root)
    assert offered.returncode == 1, offered.stderr
    (finding,) = json.loads(offered.stdout)["findings"]
    assert finding["fix"]["status"] == "verified", finding["fix"]
    assert '+    listed = Item.objects.order_by("pk").select_related("maker")[:50]' in (
        finding["fix"]["diff"].splitlines()
    )
    assert contents(root) == before

    applied = nuages("fix", "--apply", cwd=root)
    assert applied.returncode == 1, applied.stderr
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


def test_a_command_without_the_recorder_is_said(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    run = nuages("record", "--", "python", "-I", "-c", "print(1)", cwd=root)
    assert run.returncode == 2
    assert "-I" in run.stderr
