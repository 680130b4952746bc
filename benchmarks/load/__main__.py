"""Requests a second for each core that a generator uses, and the truth about a frozen server.

    python -m benchmarks.load [--tools FOLDER] [--only NAME …]

The rate for a core is what more requests a longer run sent, by what more CPU time it took: what
starting costs, and what else runs on the machine, is not in it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.load.peers import CONNECTIONS, Peer, Said, peers, run
from nuages.load import Phase
from nuages.load.running import Workers
from nuages.load.target import Target
from nuages.traffic.mix import Mix, Template

TOOLS = Path("build/load-peers")
SHORT, LONG = 4, 10  # seconds
FAST = 80_000  # requests a second that ours is asked for: more than it can, as the others
FAST_SECONDS = (1, 3)  # what could not be sent in time is sent afterwards
SLOW = 4_000  # where nearly each request wakes the process
RATE, SECONDS = 500, 10  # of the frozen server
FREEZE_AFTER, FREEZE = 4.0, 1.0
MIX = Mix(templates=(Template(route="GET /", path="/"),))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tools", type=Path, default=TOOLS, help="folder of the peers")
    parser.add_argument("--only", nargs="*", help="names of generators")
    asked = parser.parse_args()
    others = [p for p in peers(asked.tools.resolve()) if not asked.only or p.name in asked.only]
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("\n| | requests/s for a core |\n|---|---|")
    with _server() as (_, url):
        print(f"| nuages | {_own_rate(url, FAST, FAST_SECONDS):,.0f} |", flush=True)
        print(f"| nuages, {SLOW:,}/s | {_own_rate(url, SLOW, (SHORT, LONG)):,.0f} |", flush=True)
        for peer in others:
            print(f"| {peer.name} | {_rate(peer, url):,.0f} |", flush=True)
    print(
        "\n| | requests | p50 ms | p99 ms | max ms | p99 to the truth |\n|---|---|---|---|---|---|"
    )
    _frozen("nuages", _own)
    for peer in others:
        _frozen(peer.name, partial(_asked, peer))


@contextmanager
def _server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("server.py"))],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.kill()
        process.wait()


def _rate(peer: Peer, url: str) -> float:
    (short, little), (long, more) = (run(peer, url, seconds) for seconds in (SHORT, LONG))
    return (long.requests - short.requests) / (more - little)


def _own_rate(url: str, rate: float, durations: tuple[int, int]) -> float:
    found = []
    for seconds in durations:
        before = os.times()
        with Workers(MIX, Target.of(url), processes=1) as workers:
            phase = Phase(rate=rate, seconds=seconds, connections=CONNECTIONS, timeout=300)
            result = workers.run(phase)
        after = os.times()
        spent = after.children_user + after.children_system
        spent -= before.children_user + before.children_system
        found.append((result.requests - result.failed, spent))
    (few, little), (many, more) = found
    return (many - few) / (more - little)


def _asked(peer: Peer, url: str) -> Said:
    return run(peer, url, SECONDS, RATE)[0]


def _own(url: str) -> Said:
    with Workers(MIX, Target.of(url), processes=1) as workers:
        result = workers.run(Phase(rate=RATE, seconds=SECONDS))
    latency = result.latency
    return Said(
        requests=result.requests,
        p50_ms=latency.percentile_ms(0.5),
        p99_ms=latency.percentile_ms(0.99),
        max_ms=latency.max_ms,
    )


def _frozen(name: str, measure: Callable[[str], Said]) -> None:
    """Stop the server for a while: of all that were due, the last hundredth waited longest."""
    with _server() as (process, url):
        frozen: list[float] = []
        thread = threading.Thread(target=lambda: frozen.append(_freeze(process)))
        thread.start()
        said = measure(url)
        thread.join()
    truth = (frozen[0] - RATE * SECONDS * 0.01 / RATE) * 1e3
    off = f"{said.p99_ms / truth:.3f}" if said.p99_ms is not None else "?"
    told = (said.p50_ms, said.p99_ms, said.max_ms)
    cells = ("?" if each is None else f"{each:,.1f}" for each in told)
    print(f"| {name} | {said.requests:,} | {' | '.join(cells)} | {off} |", flush=True)


def _freeze(process: subprocess.Popen[str]) -> float:
    time.sleep(FREEZE_AFTER)
    process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    time.sleep(FREEZE)
    process.send_signal(signal.SIGCONT)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
