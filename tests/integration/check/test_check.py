"""`nuages check` on a project, as it is called: settings imported, code read, nothing run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SECRET = ("--env", "SHOP_SECRET=x")


def check(project: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    variables = {n: v for n, v in os.environ.items() if n != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(
        [sys.executable, "-m", "nuages", "check", str(project), "--python", sys.executable,
         *arguments],
        env={**variables, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def found(output: str) -> dict[str, dict[str, Any]]:
    return {finding["rule"]: finding for finding in json.loads(output)["findings"]}


def test_settings_and_code_are_judged_by_the_rules(shop: Path) -> None:
    code, output, _ = check(shop, "--json", *SECRET)
    findings = found(output)
    assert code == 1
    assert {"uncached-templates", "static-by-django"} <= set(findings)
    location = findings["uncached-templates"]["location"]
    assert (location["file"], location["line"]) == ("config/settings/production.py", 4)
    assert findings["static-by-django"]["location"]["file"] == "config/urls.py"
    document = json.loads(output)
    assert document["schema"] == 1
    assert document["coverage"]["notes"] == [
        "Nothing was run: config.settings.production and the code of shop were read."
    ]


def test_other_settings_and_variables(shop: Path) -> None:
    _, output, _ = check(shop, "--json", *SECRET, "--settings", "config.settings.dev")
    assert "uncached-templates" not in found(output)
    _, output, _ = check(shop, "--json", *SECRET, "--env", "SHOP_DEBUG=1")
    assert "uncached-templates" not in found(output)


def test_nothing_secret_is_printed_and_nothing_written(shop: Path) -> None:
    before = sorted(path for path in shop.rglob("*"))
    _, output, errors = check(shop, "--json", *SECRET)
    assert "hunter2" not in output + errors
    assert "internal" not in output + errors
    assert sorted(path for path in shop.rglob("*")) == before


def test_a_missing_variable_is_named_and_the_code_is_judged(shop: Path) -> None:
    (shop / "config/settings/base.py").write_text('import os\nos.environ["SHOP_PLAN"]\n')
    code, output, _ = check(shop, "--json")
    document = json.loads(output)
    assert code == 1
    assert "static-by-django" in found(output)
    assert "uncached-templates" not in found(output)
    first, why, hint = document["coverage"]["notes"]
    assert first == "Nothing was run: the code of shop was read."
    assert "could not be imported, so only code is judged" in why
    assert "SHOP_PLAN" in why
    assert "--env SHOP_PLAN=" in hint


@pytest.mark.parametrize("way", [(), ("--unenclosed",)])
def test_settings_that_raise_are_told_in_their_own_words(shop: Path, way: tuple[str, ...]) -> None:
    code, output, _ = check(shop, *SECRET, "--settings", "config.settings.broken", *way)
    text = " ".join(output.split())
    assert code == 1
    assert "RuntimeError: the vault did not answer" in text
    assert "static-by-django" in text
    assert "Nothing was run" in text


def test_settings_that_end_the_process_or_cannot_be_parsed(shop: Path) -> None:
    for text in ("raise SystemExit(3)\n", "DEBUG = (\n", "import os\nos._exit(7)\n"):
        (shop / "config/settings/broken.py").write_text(text)
        code, output, _ = check(shop, "--json", *SECRET, "--settings", "config.settings.broken")
        assert code == 1
        assert "only code is judged" in json.loads(output)["coverage"]["notes"][1]


def test_unenclosed_it_is_the_same(shop: Path) -> None:
    _, enclosed, _ = check(shop, "--json", *SECRET)
    _, unenclosed, _ = check(shop, "--json", "--unenclosed", *SECRET)
    assert json.loads(unenclosed) == json.loads(enclosed)


def test_a_project_without_a_fault(shop: Path) -> None:
    (shop / "config/settings/production.py").write_text("from .base import *\nMIDDLEWARE = []\n")
    (shop / "config/urls.py").write_text("urlpatterns = []\n")
    (shop / "config/settings/dev.py").unlink()
    base = shop / "config/settings/base.py"
    base.write_text(base.read_text().replace('"ENGINE": "django.db.backends.postgresql"',
                                             '"ENGINE": "django.db.backends.dummy"'))  # fmt: skip
    code, output, _ = check(shop, *SECRET)
    assert "None in what was read." in output
    assert code == 0


def test_no_project_is_a_failure(tmp_path: Path) -> None:
    code, _, errors = check(tmp_path)
    assert code == 2
    assert "names no settings module" in errors
