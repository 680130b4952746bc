"""Memcached in place of Valkey, where the machine has it: nuages installs none."""

from __future__ import annotations

import shutil
import time
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar

import pytest

from benchmarks.stack import running
from benchmarks.stack.running import RunningStack

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("stack"),
    pytest.mark.skipif(not shutil.which("memcached"), reason="memcached is not installed"),
]


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    with running.copied_project() as root:
        (root / "pyproject.toml").write_text('[tool.nuages.topology]\ncache = "memcached"\n')
        with running.stack(root) as started:
            yield started


def visits(stack: RunningStack, number: int) -> list[tuple[int, str]]:
    """(visits of one session, what the cache holds) of so many requests, to both replicas."""
    jar = urllib.request.HTTPCookieProcessor(CookieJar())
    client = urllib.request.build_opener(jar)
    told = []
    for _ in range(number):
        with client.open(f"http://127.0.0.1:{stack.port}/visits/", timeout=20) as answer:
            count, since = answer.read().decode().split()
            told.append((int(count), since))
    return told


def test_sessions_and_cache_are_shared_by_all_replicas(stack: RunningStack) -> None:
    told = visits(stack, 12)
    assert [count for count, _ in told] == list(range(1, 13))
    assert len({since for _, since in told}) == 1


def test_it_is_gone_and_comes_back_and_nobody_is_logged_out(stack: RunningStack) -> None:
    def kill() -> None:
        stack.kill("memcached")

    tally = stack.under_load(kill, after=3.0)
    assert tally.why() == {}
    stack.wait_ready("web", 2)
    time.sleep(0.5)
    assert len({since for _, since in visits(stack, 6)}) == 1


def test_its_figures_are_told(stack: RunningStack) -> None:
    visits(stack, 4)
    (row,) = (row for row in stack.rows() if row["name"] == "memcached")
    assert row["state"] == "ready"
