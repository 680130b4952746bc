"""Servers that end without running atexit lose nothing when they are told to end.

What is not installed is left out; `nox -s queues` installs it all.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec

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


@pytest.mark.skipif(find_spec("uvicorn") is None, reason="uvicorn is not installed")
@pytest.mark.parametrize("workers", [1, 2])
def test_uvicorn(library, run, environment, tmp_path, workers):
    run("-c", PREPARE)
    port = free_port()
    told = {"SPOOL": str(tmp_path), "FLUSH_SECONDS": 600}
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "config.asgi:application", f"--port={port}",
         f"--workers={workers}", "--log-level=warning"],
        cwd=library,
        env={**environment, "DJANGO_SETTINGS_MODULE": "config.production",
             "LIBRARY_NUAGES": json.dumps(told)},
    )  # fmt: skip
    try:
        for _ in range(5):
            get(f"http://127.0.0.1:{port}/books/")
    finally:
        server.terminate()
        server.wait(20)
    [books] = [s for s in store.fold(tmp_path).scopes if s.scope.name == "GET /books/"]
    assert books.executions == 5


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def get(url, seconds=20):
    """Ask a server that may still be starting."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.read()
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
