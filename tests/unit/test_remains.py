"""What outlives a recorded command ends with it, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nuages import remains
from nuages.agent.attach import VARIABLE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")

STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=1); time.sleep(60)"
)
GENTLE = "import time; print(1, flush=1); time.sleep(60)"


@pytest.fixture
def start():
    """Starts a program that says when it runs, attached by this file."""
    started = []

    def start(code, path):
        environment = {**os.environ, VARIABLE: path}
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", code], env=environment, stdout=subprocess.PIPE
        )
        started.append(process)
        process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize(("code", "ended_by"), [(GENTLE, -15), (STUBBORN, -9)])
def test_what_remains_is_asked_to_end_and_made_to(start, monkeypatch, tmp_path, code, ended_by):
    monkeypatch.setattr(remains, "SETTLING", 0.1)
    monkeypatch.setattr(remains, "GRACE", 0.3)
    path = str(tmp_path / "attach.json")
    process = start(code, path)
    other = start(GENTLE, f"{path}.of-another-run")
    remains.stop({VARIABLE: path})
    assert process.wait(5) == ended_by
    assert other.poll() is None
