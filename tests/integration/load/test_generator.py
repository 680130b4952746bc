from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nuages.load import LoadResult, Phase, run_load
from nuages.load.target import Target
from nuages.traffic.mix import Mix, Template

SITE = Path(__file__).with_name("site.py")


class Site:
    """The server's process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(SITE)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.target = Target.of(f"http://127.0.0.1:{int(self._process.stdout.readline())}")

    def freeze(self, after: float, seconds: float) -> threading.Thread:
        """Stop the process for a while; `frozen` says how long it was."""

        def stop_and_go() -> None:
            time.sleep(after)
            os.kill(self._process.pid, signal.SIGSTOP)
            began = time.monotonic()
            time.sleep(seconds)
            os.kill(self._process.pid, signal.SIGCONT)
            self.frozen = time.monotonic() - began

        thread = threading.Thread(target=stop_and_go)
        thread.start()
        return thread

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    started = Site()
    yield started
    started.close()


def load(site: Site, *templates: Template, rate: float = 100, seconds: float = 1) -> LoadResult:
    phase = Phase(rate=rate, seconds=seconds, timeout=3)
    return run_load(Mix(templates=templates), site.target, phase, processes=1)


def get(path: str) -> Template:
    return Template(route=f"GET {path}", path=path)


def test_the_truth_about_a_server_that_was_frozen_for_a_second(site: Site) -> None:
    """Of 500 requests 100 were due while it stood still: the last five of 99 % waited longest."""
    thread = site.freeze(after=1.5, seconds=1.0)
    result = load(site, get("/"), rate=100, seconds=5)
    thread.join()
    # Due evenly over the freeze, each waited for what was left of it.
    truth_ms = (site.frozen - 0.01 * 500 / 100) * 1e3
    assert result.requests == 500
    assert result.latency.percentile_ms(0.99) == pytest.approx(truth_ms, rel=0.05)
    assert not result.errors


def test_connections_are_kept_alive(site: Site) -> None:
    result = load(site, get("/"), get("/chunked/"))
    assert result.requests == 100
    assert not result.errors
    assert result.connects < 50


def test_a_connection_that_the_server_ends_is_not_used_again(site: Site) -> None:
    result = load(site, get("/close/"))
    assert result.routes["GET /close/"].statuses == {"200": 100}
    assert result.connects >= 100
    assert not result.errors


def test_an_error_is_counted_and_never_tried_again(site: Site) -> None:
    result = load(site, get("/broken/"), get("/silent/"))
    assert result.requests == 100
    assert result.routes["GET /broken/"].errors.keys() == {"status 500"}
    assert result.routes["GET /silent/"].errors.keys() == {"closed by the server before an answer"}
    assert result.error_share == 1.0


def test_a_status_that_the_traffic_expects_is_no_error(site: Site) -> None:
    result = load(site, Template(route="GET /broken/", path="/broken/", expect=500))
    assert not result.errors


def test_forms_are_posted_with_a_csrf_token(site: Site) -> None:
    form = Template(
        route="POST /write/", path="/write/", method="POST", form={"text": "n {unique}"}
    )
    result = load(site, get("/cookie/"), form)
    assert result.routes["POST /write/"].statuses.keys() == {"201"}


def test_a_server_that_is_not_there() -> None:
    mix = Mix(templates=(get("/"),))
    result = run_load(mix, Target.of("http://127.0.0.1:9"), Phase(rate=20, seconds=0.5))
    assert result.errors == {"no connection: ConnectionRefusedError": 10}
