"""A real Caddy before replicas on Unix sockets."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest

from nuages.stack import caddy
from nuages.stack.caddy import Caddy
from nuages.topology import READY_PATH, Service, Topology

CHECKS = 16  # of the balancer's, four a second


class Replica(ThreadingMixIn, UnixStreamServer):
    """Says whether it is ready, keeps connections open, and counts what it is asked."""

    daemon_threads = True

    def __init__(self, path: Path, *, drains: bool = False) -> None:
        super().__init__(str(path), Answering)
        self.drains = drains
        self.checks = self.requests = 0


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Replica

    def do_GET(self) -> None:
        is_check = self.path == READY_PATH
        self.server.checks += is_check
        self.server.requests += not is_check
        self.send_response(503 if is_check and self.server.drains else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def address_string(self) -> str:
        return "balancer"

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def balancer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """The folder of the replicas' sockets, and the balancer's URL."""
    program = caddy.find()
    if program is None:
        pytest.skip("no Caddy here: pip install 'nuages[stack]'")
    folder = tmp_path_factory.mktemp("c")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        topology = Topology(project="shop", services=(Service(name="web", most=8),))
        made = Caddy(
            program=program, folder=folder, topology=topology, sockets=folder, listening=listening
        )
        made.prepare()
        order = made.order()
        with subprocess.Popen(
            order.argv, env=dict(order.environment), stdin=listening, stderr=subprocess.DEVNULL
        ) as process:
            yield folder, f"http://127.0.0.1:{listening.getsockname()[1]}/"
            process.terminate()


@contextmanager
def serving(path: Path, *, drains: bool = False) -> Iterator[Replica]:
    with Replica(path, drains=drains) as replica:
        threading.Thread(target=replica.serve_forever, args=(0.02,), daemon=True).start()
        yield replica
        replica.shutdown()
    path.unlink()


def until(said: object, wanted: int) -> None:
    deadline = time.monotonic() + 30
    while getattr(said, "checks") < wanted:  # noqa: B009
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_each_replica_is_asked_for_itself(balancer: tuple[Path, str]) -> None:
    folder, url = balancer
    with (
        serving(folder / "web-2.sock") as ready,
        serving(folder / "web-5.sock", drains=True) as draining,
    ):
        until(ready, CHECKS)
        assert draining.checks == pytest.approx(ready.checks, abs=2)
        with serving(folder / "web-16.sock") as new:
            before = ready.checks
            until(new, CHECKS)
            assert new.checks == pytest.approx(ready.checks - before, abs=2)
            for _ in range(40):
                with urllib.request.urlopen(url, timeout=10) as answer:
                    assert answer.status == 200
            assert draining.requests == 0
            assert ready.requests + new.requests == 40
            assert new.requests > 0
