"""NUAGES: every key has a default, and what cannot be meant is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nuages.django.settings import KEYS, NuagesSettings, SettingError, reference

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "settings.md"


def test_nothing_needs_to_be_told():
    told = NuagesSettings.read({})
    assert told == NuagesSettings()
    assert (told.enabled, told.mode, told.flush_seconds) == (True, "light", 10.0)


def test_every_key_is_read():
    told = NuagesSettings.read({
        "ENABLED": False, "MODE": "deep", "SPOOL": Path("/var/spool/n"), "FLUSH_SECONDS": 2,
        "SAMPLE_EVERY": 4, "KEEP": 10, "ROOTS": [Path("/srv/shop"), "/srv/libs"],
    })  # fmt: skip
    assert told == NuagesSettings(
        enabled=False, mode="deep", spool="/var/spool/n", flush_seconds=2.0, sample_every=4,
        keep=10, roots=("/srv/shop", "/srv/libs"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ({"SPOLL": "/tmp"}, "NUAGES['SPOLL'] is no setting", "Did you mean SPOOL?"),
        ({"spool": "/tmp"}, "NUAGES['spool'] is no setting", "Did you mean SPOOL?"),
        ({"COLOUR": 1}, "NUAGES['COLOUR'] is no setting", "The keys are ENABLED, MODE"),
        ({7: 1}, "NUAGES[7] is no setting", "The keys are"),
        ({"ENABLED": "no"}, "NUAGES['ENABLED']: expected True or False, found 'no' (str).", ""),
        ({"MODE": "fast"}, "NUAGES['MODE']: expected 'light' or 'deep', found 'fast'", ""),
        ({"MODE": ["light"]}, "NUAGES['MODE']: expected", ""),
        ({"SPOOL": "spool"}, "NUAGES['SPOOL']: expected an absolute path", ""),
        ({"FLUSH_SECONDS": 0}, "NUAGES['FLUSH_SECONDS']: expected a number of seconds", ""),
        ({"FLUSH_SECONDS": True}, "NUAGES['FLUSH_SECONDS']: expected", ""),
        ({"SAMPLE_EVERY": 1.5}, "NUAGES['SAMPLE_EVERY']: expected a whole number", ""),
        ({"KEEP": -1}, "NUAGES['KEEP']: expected a whole number", ""),
        ({"ROOTS": "/srv"}, "NUAGES['ROOTS']: expected a list of absolute paths", ""),
        ({"ROOTS": []}, "NUAGES['ROOTS']: expected a list of absolute paths", ""),
        (None, "NUAGES: expected a dictionary, found None (NoneType).", ""),
    ],
)
def test_what_cannot_be_meant_is_named(table, message, hint):
    with pytest.raises(SettingError) as raised:
        NuagesSettings.read(table)
    assert raised.value.message.startswith(message)
    assert hint in raised.value.hint


def test_the_page_is_the_one_that_the_keys_make():
    """Written by tools/docs.py."""
    assert PAGE.read_text("utf-8") == reference()
    assert all(f"| `{key}` |" in reference() for key in KEYS)


CHECK = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["nuages.django"], NUAGES={told})
django.setup()
from django.core.checks import run_checks
from nuages.record import recorder
print([m.id for m in run_checks()], recorder.is_installed())
"""
COMMAND = """
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "nuages.django"], NUAGES={told},
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
)
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "migrate"])
"""


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ({"SPOOL": "{folder}"}, "[] True"),
        ({"SPOOL": "{folder}", "ENABLED": False}, "[] False"),
        ({"SPOOL": "{folder}", "SPOLL": 1}, "['nuages.W002'] False"),
        ({"SPOOL": "{folder}", "KEEP": "all"}, "['nuages.W003'] False"),
        ({"SPOOL": "/dev/null/spool"}, "['nuages.W001'] True"),
    ],
)
def test_a_wrong_setting_is_a_check_and_stops_nothing(told, seen, tmp_path):
    text = repr(told).replace("{folder}", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", CHECK.format(told=text)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == seen, done.stderr
    is_wrong = "W002" in seen or "W003" in seen
    assert ("Nothing is recorded. NUAGES[" in done.stderr) == is_wrong
    assert list(tmp_path.iterdir()) == []  # and a process that did nothing leaves nothing


# A name that long, like a folder that may not be entered, is an error even to look at.
@pytest.mark.parametrize("told", [{"SPOLL": 1}, {"SPOOL": "/" + "a" * 300 + "/spool"}])
def test_commands_go_on_whatever_stands_against_recording(told, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", COMMAND.format(told=told)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Applying contenttypes" in done.stdout
