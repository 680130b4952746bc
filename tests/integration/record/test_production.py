"""`"nuages.django"` in INSTALLED_APPS: forked workers, kills, commands, and what is left alone."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest

from nuages import store
from nuages.collect import collect
from nuages.diagnose import diagnose
from nuages.recording import record_command

FLUSH_SECONDS = 2
QUERIES = 11  # of GET /books/: the books, then author and tags of each of five
PREPARE = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from shelf.data import fill
fill()
"""


@pytest.fixture(scope="module", autouse=True)
def database(library, run):
    run("-c", PREPARE)


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def production(environment, spool):
    """The environment of a process whose settings name the app."""
    told = {"SPOOL": str(spool), "FLUSH_SECONDS": FLUSH_SECONDS}
    return {
        **environment,
        "DJANGO_SETTINGS_MODULE": "config.production",
        "LIBRARY_NUAGES": json.dumps(told),
    }


@pytest.fixture
def serving(library, production):
    """Starts a server of two workers; → its URL and its workers' process ids."""

    @contextmanager
    def serving(how):
        server = subprocess.Popen(
            [sys.executable, "live/prefork.py", how, "2"],
            cwd=library, env=production, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            port, *pids = map(int, server.stdout.readline().split())
            yield f"http://127.0.0.1:{port}", pids
        finally:
            server.terminate()
            server.wait(10)
            server.stdout.close()

    return serving


def get(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read()


def executions(spool, name="GET /books/"):
    return sum(s.executions for s in store.fold(spool).scopes if s.scope.name == name)


def until(condition, seconds=15):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never happened")


@pytest.mark.parametrize("how", ["preload", "later"])
def test_each_worker_writes_what_it_answered(serving, spool, library, how):
    with serving(how) as (url, _):
        for _ in range(20):
            get(f"{url}/books/")
        until(lambda: executions(spool) == 20)
    recording = collect([spool], here=library)
    [books] = [s for s in recording.scopes if s.scope.name == "GET /books/"]
    assert books.statuses == {"200": 20}
    assert books.queries == 20 * QUERIES
    blamed = {g.location.function for g in recording.groups if g.loops == 20}
    assert blamed == {"books"}
    found = diagnose(recording, project="library").findings
    loops = [finding for finding in found if finding.rule == "n-plus-one"]
    assert {finding.location.function for finding in loops} == {"books"}
    assert recording.mode == "light"
    assert recording.roots == {".": str(library)}
    assert "argv" not in recording.meta
    assert recording.meta.get("recorder_faults") is None
    assert recording.exemplars


def test_killed_workers_lose_one_flush_interval_at_most(serving, spool):
    answered = []
    with serving("preload") as (url, pids):
        begun = time.monotonic()
        while time.monotonic() < begun + 3 * FLUSH_SECONDS:
            get(f"{url}/books/1/")
            answered.append(time.monotonic())
        killed = time.monotonic()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
    old = sum(1 for moment in answered if moment < killed - FLUSH_SECONDS)
    assert 0 < old <= executions(spool, "GET /books/<int:pk>/") <= len(answered)


def test_what_a_process_leaves_is_for_its_user_only(library, production, spool):
    subprocess.run([sys.executable, "manage.py", "digest"], cwd=library, env=production, check=True,
                   capture_output=True)  # fmt: skip
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    [stats] = [s for s in store.fold(spool).scopes if s.scope.kind == "command"]
    assert (stats.scope.name, stats.queries) == ("manage.py digest", 6)


def test_in_a_recorded_command_the_app_leaves_the_recorder_alone(
    library, production, spool, tmp_path
):
    recorded = record_command(
        [sys.executable, "manage.py", "digest"],
        cwd=library, output=tmp_path / "r.sqlite", env=production,
    )  # fmt: skip
    assert recorded.exit_code == 0
    assert recorded.recording.mode == "deep"
    assert not spool.exists()


@pytest.mark.parametrize(
    ("told", "said"),
    [({"MODE": "quick"}, "Nothing is recorded. NUAGES['MODE']"), ({"SPOOL": "/dev/null/x"}, "")],
)
def test_a_server_starts_and_answers_whatever_stands_against_recording(
    library, production, told, said
):
    code = (
        "import os, sys; sys.path.insert(0, os.getcwd())\n"
        "from config.wsgi import application\n"
        "from django.test import Client\n"
        "print(Client().get('/books/1/').status_code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=library, env={**production, "LIBRARY_NUAGES": json.dumps(told)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "200\n")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == (1 if said else 0)
