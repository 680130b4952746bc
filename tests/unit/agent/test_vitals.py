"""Counters of several processes add up, and those of a process that ended are not lost."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from nuages.agent import vitals
from nuages.agent.vitals import SLOTS, Sums, Vitals


def forked(folder: Path, *, lives: bool = False) -> int:
    """A child that counts three requests, one of them failed; it ends unless it lives on."""
    ready, tell = os.pipe()
    if (pid := os.fork()) == 0:
        own = Vitals(str(folder))
        for status in (200, 200, 500):
            own.add("in_flight")
            own.request(status, 30_000_000)
        own.add("in_flight")
        os.write(tell, b".")
        if lives:
            signal.pause()
        os._exit(0)
    assert os.read(ready, 1) == b"."
    os.close(ready)
    os.close(tell)
    return pid


def test_processes_add_up_whether_they_live_or_not(tmp_path: Path) -> None:
    living = forked(tmp_path, lives=True)
    os.waitpid(forked(tmp_path), 0)
    sums = Sums(tmp_path)
    assert (sums.values["2xx"], sums.values["5xx"]) == (4, 2)
    assert sums.workers == 1
    assert sums.values["in_flight"] == 1  # of the one that lives: what ended answers nothing
    assert sums.resident_bytes > 1_000_000
    os.kill(living, signal.SIGKILL)
    os.waitpid(living, 0)
    again = Sums(tmp_path)
    assert (again.values["2xx"], again.values["in_flight"], again.workers) == (4, 0, 0)
    assert [path.name for path in tmp_path.glob("*.counts")] == [vitals.ENDED]


def test_a_fork_counts_for_itself(tmp_path: Path) -> None:
    own = Vitals(str(tmp_path))
    own.add("in_flight")
    own.request(200, 1)
    if (pid := os.fork()) == 0:
        own.add("in_flight")
        own.request(404, 1)
        os._exit(0)
    os.waitpid(pid, 0)
    sums = Sums(tmp_path)
    assert (sums.values["2xx"], sums.values["4xx"]) == (1, 1)


def test_threads_lose_nothing(tmp_path: Path) -> None:
    own = Vitals(str(tmp_path))

    def count() -> None:
        for _ in range(2000):
            own.add("in_flight")
            own.request(200, 1000)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Sums(tmp_path).values["2xx"] == 8000


def test_a_file_that_is_no_ones_is_worth_nothing(tmp_path: Path) -> None:
    (tmp_path / "1-broken.counts").write_bytes(b"short")
    assert Sums(tmp_path).values == dict.fromkeys(SLOTS, 0)


@pytest.mark.parametrize(
    ("wall_ns", "bound"), [(1, "0.005"), (30_000_000, "0.05"), (10**11, "inf")]
)
def test_the_text_is_prometheus(tmp_path: Path, wall_ns: int, bound: str) -> None:
    own = Vitals(str(tmp_path))
    own.add("in_flight")
    own.request(200, wall_ns)
    lines = vitals.text(Sums(tmp_path), {"service": "web", "replica": "web-1"}).splitlines()
    told = "+Inf" if bound == "inf" else bound
    start = 'nuages_request_seconds_bucket{service="web",replica="web-1",le='
    assert f'{start}"{told}"}} 1' in lines
    assert f'{start}"+Inf"}} 1' in lines
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families))
    samples = {line.partition("{")[0] for line in lines if not line.startswith("#")}
    assert {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
            for name in samples} == set(families)  # fmt: skip
