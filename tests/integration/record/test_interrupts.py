"""Ctrl-C while a command is recorded: what was whole stays."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress

import pytest
from tests.integration.record.test_servers import PREPARE, free_port, get

from nuages import store
from nuages.recording import partial

WAITING = """
import pathlib, time
from django.db import connection

def test_first():
    connection.cursor().execute("SELECT 1")

def test_waiting():
    connection.cursor().execute("SELECT 2")
    pathlib.Path({started!r}).touch()
    time.sleep({seconds})
"""
CONFTEST = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
"""
SERVER = """
import os, pathlib, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.db import connection
connection.cursor().execute("SELECT 1")
pathlib.Path({started!r}).touch()
time.sleep(60)
"""


@pytest.fixture
def interrupted(library, environment, tmp_path):
    """Runs nuages with these arguments, and interrupts it as a terminal would; → its stderr."""

    def interrupt(*arguments):
        run = subprocess.Popen(
            [sys.executable, "-m", "nuages", *arguments],
            cwd=library, env=environment, text=True, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        until = time.monotonic() + 60
        while not (tmp_path / "started").exists() and time.monotonic() < until:
            assert run.poll() is None, run.communicate()
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)
        out, errors = run.communicate(timeout=60)
        assert (tmp_path / "started").exists(), out + errors
        return run.returncode, errors

    return interrupt


@pytest.fixture
def tests(tmp_path):
    """A test file that waits for the interrupt, beside no recording yet."""
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    waiting = WAITING.format(started=str(tmp_path / "started"), seconds=60)
    (folder / "test_slow.py").write_text(waiting)
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:django", str(folder)]


def test_an_earlier_recording_outlives_it(interrupted, tests, tmp_path):
    output = tmp_path / "recording.sqlite"
    output.write_bytes(b"the whole")
    code, errors = interrupted("record", "-o", str(output), "--", *tests)
    assert code == 2
    assert output.read_bytes() == b"the whole"
    scopes = {stats.scope.name.partition("::")[2] for stats in store.read(partial(output)).scopes}
    assert "test_first" in scopes
    assert f"nuages diagnose -i {partial(output)}" in errors


def test_it_is_the_end_of_a_server(interrupted, tmp_path):
    output = tmp_path / "recording.sqlite"
    script = SERVER.format(started=str(tmp_path / "started"))
    interrupted("record", "-o", str(output), "--", sys.executable, "-c", script)
    assert [stats.queries for stats in store.read(output).scopes] == [1]
    assert not partial(output).exists()


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("{python} manage.py runserver {port}", signal.SIGTERM),
        ("{python} manage.py runserver {port}", signal.SIGHUP),
        ("sh -c '{python} manage.py runserver {port}; true'", signal.SIGTERM),
    ],
    ids=["terminated", "hung up", "behind a shell"],
)
def test_a_server_with_its_reloader_ends_with_its_recording_whole(
    library, run, environment, tmp_path, command, number
):
    run("-c", PREPARE)
    output, port = tmp_path / "recording.sqlite", free_port()
    words = shlex.split(command.format(python=sys.executable, port=port))
    server = subprocess.Popen(
        [sys.executable, "-m", "nuages", "record", "-o", str(output), "--", *words],
        cwd=library, env=environment, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        for _ in range(3):
            get(f"http://127.0.0.1:{port}/books/")
        server.send_signal(number)
        server.wait(60)
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/books/1/")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
    [books] = [s for s in store.read(output).scopes if s.scope.name == "GET /books/"]
    assert books.executions == 3
