from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from nuages.stack import listening
from nuages.stack.home import StackError


def test_a_port_that_is_taken_is_named_with_another():
    with listening.tcp("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(StackError, match=f":{port}: address already in use") as caught:
            listening.tcp("127.0.0.1", port)
    assert caught.value.hint == f"nuages up --port {port + 1}"


def test_who_connects_while_nobody_answers_waits(tmp_path):
    path = tmp_path / "s"
    with listening.unix(path) as held, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"early")
        server, _ = held.accept()
        assert server.recv(5) == b"early"
        server.close()


def test_a_server_finds_the_socket_where_systemd_puts_it(tmp_path):
    code = (
        "import os, socket; assert os.environ['LISTEN_PID'] == str(os.getpid()); "
        "assert os.environ['LISTEN_FDS'] == '1'; "
        "print(socket.socket(fileno=3).getsockname()); print(os.fstat(0).st_rdev)"
    )
    with listening.unix(tmp_path / "s") as held:
        done = subprocess.run(
            [*listening.AS_SYSTEMD, sys.executable, "-c", code], stdin=held.fileno(),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    assert done.stdout.splitlines() == [str(tmp_path / "s"), str(os.stat(os.devnull).st_rdev)]
