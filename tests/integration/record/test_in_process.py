"""Recording from within: `with nuages.recording(…)`, `pytest --nuages`, work after a response."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nuages import store

PREPARE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from shelf.data import fill
fill()
"""
SET_UP = """
import os, sys
sys.path.insert(0, {root!r})
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import nuages
from nuages.errors import NuagesError
import django
django.setup()
from shelf.models import Book
"""


@pytest.fixture(scope="module", autouse=True)
def database(library, run):
    run("-c", PREPARE)


@pytest.fixture
def script(library, environment, tmp_path):
    """Runs a script in a folder; → what it printed, and its recording."""

    def script(text, *, cwd=library):
        output = tmp_path / "own.sqlite"
        text = SET_UP.format(root=str(library)) + text.replace("OUTPUT", repr(str(output)))
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=cwd, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return done, store.read(output) if output.exists() else None

    return script


def test_the_projects_root_is_found_from_a_folder_within(script, library):
    done, recording = script(
        "with nuages.recording(OUTPUT):\n    list(Book.objects.all())\n", cwd=library / "shelf"
    )
    assert done.returncode == 0, done.stderr
    assert recording.roots == {".": str(library)}


def test_outside_of_any_project_the_settings_tell_where_it_is(script, library, tmp_path):
    _, recording = script("with nuages.recording(OUTPUT):\n    len(Book.objects.all())\n",
                          cwd=tmp_path)  # fmt: skip
    assert recording.roots == {".": str(library)}


def test_what_was_recorded_before_an_exception_is_written(script):
    done, recording = script(
        "with nuages.recording(OUTPUT):\n    len(Book.objects.all())\n    raise KeyError('meant')\n"
    )
    assert "KeyError: 'meant'" in done.stderr
    assert sum(stats.queries for stats in recording.scopes) == 1


NESTED = """
with nuages.recording(OUTPUT):
    try:
        with nuages.recording("other.sqlite"):
            print("within")
    except NuagesError as error:
        print(error.slug)
    len(Book.objects.all())
with nuages.recording(OUTPUT):
    len(Book.objects.all())
    len(Book.objects.all())
"""


def test_one_within_another_is_refused_and_one_after_another_is_not(script):
    done, recording = script(NESTED)
    assert done.stdout == "recorded-already\n"
    assert sum(stats.queries for stats in recording.scopes) == 2


AFTERWARDS = """
from django.conf import settings
settings.ROOT_URLCONF = "live.later"
from django.test import Client
from live.later import answered, threads
with nuages.recording(OUTPUT, deep=DEEP):
    Client().get("/go/")
    answered.set()
    threads[0].join()
"""


@pytest.mark.parametrize("deep", ["True", "False"])
def test_work_that_goes_on_after_the_response_is_counted(script, deep):
    done, recording = script(AFTERWARDS.replace("DEEP", deep))
    assert done.returncode == 0, done.stderr
    [late] = [g for g in recording.groups if "WHERE" in g.statement.sql]
    assert late.calls == 1
    assert (late.location.file, late.location.function) == ("live/later.py", "work")
    assert sum(group.calls for group in recording.groups) == 2


@pytest.fixture
def pytest_in(environment):
    """Runs pytest in a folder; → its recording."""

    def run(folder, *arguments):
        output = folder / "by-pytest.sqlite"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "nuages.pytest_plugin",
             f"--nuages-file={output}", *arguments],
            cwd=folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert output.exists(), done.stdout + done.stderr
        return store.read(output)

    return run


def test_pytest_records_lightly_when_asked(pytest_in, library):
    recording = pytest_in(library, "--nuages-light")
    assert recording.mode == "light"
    assert sum(stats.queries for stats in recording.scopes) > 0
    assert not [group for group in recording.groups if group.load]


def test_pytest_in_a_folder_of_tests_takes_the_root_of_its_configuration(pytest_in, library):
    recording = pytest_in(library / "shelf", "--nuages", "tests")
    assert recording.roots == {".": str(library)}


def test_pytest_takes_the_source_roots_that_the_project_names(pytest_in, library, tmp_path):
    (tmp_path / "libs").mkdir()
    (library / "pyproject.toml").write_text(
        f"[tool.nuages]\nsource_roots = ['{tmp_path / 'libs'}', 'no/such/folder', 7]\n"
    )
    try:
        recording = pytest_in(library, "--nuages")
    finally:
        (library / "pyproject.toml").unlink()
    assert recording.roots == {".": str(library), str(tmp_path / "libs"): str(tmp_path / "libs")}


def test_a_site_without_a_url_configuration_fails_as_it_does_unrecorded(script):
    done, recording = script("""
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS = ["*"]
with nuages.recording(OUTPUT):
    del settings.ROOT_URLCONF
    try:
        Client().get("/")
    except AttributeError:
        print("as ever")
""")
    assert done.stdout == "as ever\n", done.stderr
    assert recording.meta.get("recorder_faults", "0") == "0"
    (stats,) = (stats for stats in recording.scopes if stats.scope.kind == "request")
    assert stats.executions == 1
