"""`record`: the user's own commands, attached with only the agent's set on the path."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from nuages import store
from nuages.agent.attach import AttachConfig
from nuages.attach import prepare
from nuages.errors import NuagesError
from nuages.recording import record_command

PYTHON = sys.executable


@pytest.fixture
def record(library, environment, tmp_path):
    """Records a command of the project; → exit code, scopes by name, recording."""

    def record(*argv, **additions):
        output = tmp_path / ".nuages" / "recording.sqlite"
        recorded = record_command(
            argv, cwd=library, output=output, env={**environment, **additions}
        )
        assert store.read(output) == recorded.recording
        scopes = {stats.scope.name: stats for stats in recorded.recording.scopes}
        return recorded.exit_code, scopes, recorded.recording

    return record


@pytest.fixture(scope="module", autouse=True)
def database(library, run):
    run("-c", PREPARE)


SET_UP = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
"""
PREPARE = f"""{SET_UP}
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from shelf.data import fill
fill()
"""


def test_a_management_command(record, tmp_path):
    code, scopes, recording = record(PYTHON, "manage.py", "digest")
    assert code == 0
    assert scopes["manage.py digest"].queries == 6
    assert scopes["manage.py digest"].statuses == {"0": 1}
    assert json.loads(recording.meta["command"]) == [PYTHON, "manage.py", "digest"]
    assert recording.meta["settings"] == "config.settings"
    assert (tmp_path / ".nuages" / ".gitignore").read_text() == "*\n"


def test_the_exit_code_of_the_command_is_kept(record):
    code, scopes, recording = record(PYTHON, "manage.py", "digest", "--fail")
    assert code == 3
    assert scopes["manage.py digest"].statuses == {"3": 1}
    assert recording.meta["exit_code"] == "3"


def test_djangos_own_test_runner(record):
    _, scopes, recording = record(PYTHON, "manage.py", "test")
    name = "shelf.tests.test_views.ViewTests.test_titles"
    assert scopes[name].statuses == {"passed": 1}
    assert scopes[name].queries == 11
    assert (recording.meta["tests_passed"], recording.meta["tests_failed"]) == ("3", "1")
    assert scopes["shelf.tests.test_views.MoreTests.test_wrong"].statuses == {"failed": 1}
    [group] = [g for g in recording.groups if g.scope.name == "GET /books/" and g.loops][:1]
    assert group.tests == ("shelf.tests.test_views.ViewTests.test_books",)


def test_djangos_own_test_runner_in_parallel(record):
    # Django itself needs tblib to send a failure home, so these all pass.
    tests = ["shelf.tests.test_views.ViewTests", "shelf.tests.test_views.MoreTests.test_nothing"]
    _, scopes, recording = record(PYTHON, "manage.py", "test", "--parallel", "2", *tests)
    assert recording.processes >= 2
    assert (recording.meta["tests_passed"], recording.meta["tests_failed"]) == ("3", "0")
    assert scopes["shelf.tests.test_views.ViewTests.test_titles"].queries == 11
    assert scopes["GET /books/"].executions == 1


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_pytest(record, arguments):
    code, scopes, recording = record(PYTHON, "-m", "pytest", "-q", *arguments)
    assert code == 1
    name = "shelf/tests/test_views.py::ViewTests::test_books"
    assert scopes[name].statuses == {"passed": 1}
    assert scopes["shelf/tests/test_views.py::MoreTests::test_wrong"].statuses == {"failed": 1}
    assert (recording.meta["tests_passed"], recording.meta["tests_failed"]) == ("3", "1")
    groups = [g for g in recording.groups if g.scope.name == "GET /books/" and g.loops]
    assert {group.tests for group in groups} == {(name,)}
    assert scopes["GET /books/"].queries == 11


def test_a_script_given_on_the_command_line(record):
    script = f"{SET_UP}\nfrom shelf.models import Book\nlist(Book.objects.all())\n"
    _, scopes, _ = record(PYTHON, "-c", script)
    assert scopes["process"].queries == 1


def test_an_entry_point_script(record):
    script = Path(sys.executable).with_name("django-admin")
    code, scopes, _ = record(
        str(script), "digest", DJANGO_SETTINGS_MODULE="config.settings", PYTHONPATH="."
    )
    assert code == 0
    assert scopes["manage.py digest"].queries == 6


def test_processes_that_cannot_be_attached_are_an_error_that_says_why(record):
    with pytest.raises(NuagesError) as caught:
        record(PYTHON, "-I", "-c", "print()")
    assert caught.value.slug == "not-attached"
    assert "-I, -E" in caught.value.hint


def test_a_command_without_django_is_an_error_that_says_so(record, tmp_path):
    with pytest.raises(NuagesError) as caught:
        record(PYTHON, "-c", "print()")
    assert caught.value.slug == "nothing-recorded"
    assert not (tmp_path / ".nuages").exists()


def test_a_command_that_does_not_exist(record):
    with pytest.raises(NuagesError) as caught:
        record("no-such-command")
    assert caught.value.slug == "command-not-started"


def test_the_sitecustomize_that_stood_there_still_runs(record, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os\nos.environ['WAS_RUN'] = 'yes'\n")
    script = "import os, django; assert os.environ['WAS_RUN'] == 'yes'; import sitecustomize\n"
    script += "assert 'nuages' not in sitecustomize.__file__, sitecustomize"
    code, _, _ = record(PYTHON, "-c", script, PYTHONPATH=str(tmp_path))
    assert code == 0


def test_another_copy_of_nuages_in_front_is_reported_and_nothing_runs(
    library, environment, tmp_path
):
    config = AttachConfig(roots={".": str(library)}, mode="deep", spool=str(tmp_path / "spool"))
    additions = prepare(tmp_path, config, environment)
    described = Path(additions["NUAGES_ATTACH"])
    described.write_text(described.read_text().replace('"version": "', '"version": "9.'))
    done = subprocess.run(
        [PYTHON, "manage.py", "digest"],
        cwd=library,
        env={**environment, **additions},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "another copy of nuages" in done.stderr


def test_a_server_killed_while_idle_loses_nothing(library, environment, tmp_path):
    spool = tmp_path / "spool"
    config = AttachConfig(roots={".": str(library)}, mode="deep", spool=str(spool))
    server = subprocess.Popen(
        [PYTHON, "manage.py", "runserver", "8768"],  # with its reloader: two processes
        cwd=library,
        env={**environment, **prepare(tmp_path, config, environment)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _until_it_answers("http://127.0.0.1:8768/books/1/")
        for _ in range(3):
            urllib.request.urlopen("http://127.0.0.1:8768/books/").read()
        time.sleep(2)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    recording = store.fold(spool)
    [books] = [s for s in recording.scopes if s.scope.name == "GET /books/"]
    assert (books.executions, books.queries) == (3, 33)
    assert recording.cut == {}


def _until_it_answers(address):
    for _ in range(200):
        try:
            return urllib.request.urlopen(address).read()
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError(f"{address} never answered")


FORKING = """
import os, sys, time
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import warnings
warnings.simplefilter("error")  # CPython warns about forks with threads
import django
django.setup()
from django.db import connection
from django.test import Client
from shelf.models import Book
list(Book.objects.all())
connection.close()
time.sleep(0.5)  # until the parent's thread is writing
children = []
for number in range(2):
    pid = os.fork()
    if not pid:
        for _ in range(number + 1):
            Client().get("/books/1/")
        time.sleep(1)
        os._exit(0)  # as granian's and uvicorn's workers do: no atexit
    children.append(pid)
for pid in children:
    assert os.waitpid(pid, 0)[1] == 0
"""


def test_forked_workers_count_their_own_requests_only(record):
    code, scopes, recording = record(PYTHON, "-c", FORKING)
    assert code == 0
    assert recording.processes == 3
    assert scopes["GET /books/<int:pk>/"].executions == 3
    assert scopes["process"].queries == 1


def test_signals_are_passed_on_to_the_command(library, environment, tmp_path):
    script = (
        "import signal, sys, time, django\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    tool = (
        "import sys\nfrom pathlib import Path\nfrom nuages.recording import record_command\n"
        f"run = record_command([{PYTHON!r}, '-c', {script!r}], cwd=Path('.'), "
        f"output=Path({str(tmp_path / 'out.sqlite')!r}))\nsys.exit(run.exit_code)"
    )
    process = subprocess.Popen(
        [PYTHON, "-c", tool], cwd=library, env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"ready\n"
    process.terminate()
    assert process.wait(timeout=30) == 7
    process.stdout.close()


def test_recording_within_a_script(library, environment, tmp_path):
    output = tmp_path / "own.sqlite"
    script = SET_UP + (
        f"import nuages\nfrom shelf.models import Book\n"
        f"with nuages.recording({str(output)!r}):\n"
        f"    for book in Book.objects.all():\n        book.author\n"
        f"list(Book.objects.all())\n"
    )
    subprocess.run([PYTHON, "-c", script], cwd=library, env=environment, check=True)
    recording = store.read(output)
    assert sum(stats.queries for stats in recording.scopes) == 6


def test_pytest_records_by_itself_when_asked(library, environment, tmp_path):
    output = tmp_path / "by-pytest.sqlite"
    done = subprocess.run(
        [
            PYTHON,
            "-m",
            "pytest",
            "-q",
            "-p",
            "nuages.pytest_plugin",
            "--nuages",
            f"--nuages-file={output}",
        ],
        cwd=library,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 3 passed" in done.stdout
    names = {stats.scope.name for stats in store.read(output).scopes}
    assert "shelf/tests/test_views.py::ViewTests::test_books" in names
