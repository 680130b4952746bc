"""Once the recorder is gone nothing of it is left, in any module that was ever imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PREPARE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from shelf.data import fill
fill()
"""


@pytest.fixture(scope="module")
def detached(library, run, environment):
    run("-c", PREPARE)

    def detached(mode, when):
        done = subprocess.run(
            [sys.executable, "live/detach.py", mode, when],
            cwd=library, env={**environment, "LIBRARY_SPOOL": str(library / "spool")},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return detached


@pytest.mark.parametrize("mode", ["deep", "light"])
@pytest.mark.parametrize("when", ["early", "late"])
def test_every_attribute_is_as_it_was_found(detached, mode, when):
    seen = detached(mode, when)
    assert seen["patched"] > 50
    assert seen["changed"] == []
    assert seen["left"] == []
    assert seen["same"]
