"""Other generators: how to get them, how each is asked, and what it says of latencies.

wrk and hey are Debian's packages, unpacked into a folder; autocannon comes from npm, Locust from
PyPI into an environment of its own. What cannot be had is left out, and said.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

DEBIAN = ("wrk", "libluajit-5.1-2", "hey")
AUTOCANNON = "autocannon@8"
LOCUST = "locust==2.47.0"
CONNECTIONS = 10
LOCUSTFILE = """
from locust import FastHttpUser, constant_throughput, task

class Visitor(FastHttpUser):
    {wait}
    @task
    def ask(self):
        self.client.get("/")
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a generator reports; None: it does not say."""

    requests: int
    p50_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Peer:
    """`command(url, seconds, rate)`; rate None: as fast as it can."""

    name: str
    command: Callable[[str, int, int | None], Sequence[str]]
    read: Callable[[str], Said]
    environment: Mapping[str, str] = field(default_factory=dict)


def peers(folder: Path) -> list[Peer]:
    """Those that can be had, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Peer] = []
    for get in (_debian, _autocannon, _locust):
        try:
            found += get(folder)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"cannot be had: {get.__name__[1:]}: {error}", file=sys.stderr)
    return found


def _debian(folder: Path) -> list[Peer]:
    root = folder / "root"
    if not (root / "usr/bin/wrk").exists():
        subprocess.run(["apt-get", "download", *DEBIAN], cwd=folder, check=True)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, root], check=True)
    libraries = ":".join(map(str, {path.parent for path in root.rglob("*.so*")}))
    wrk, hey = str(root / "usr/bin/wrk"), str(root / "usr/bin/hey")
    connections = str(CONNECTIONS)
    return [
        Peer(
            name="wrk",
            command=lambda url, seconds, rate: [
                wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "5s", url
            ],
            read=_read_wrk,
            environment={"LD_LIBRARY_PATH": libraries},
        ),
        Peer(
            name="hey",
            command=lambda url, seconds, rate: [
                hey, "-cpus", "1", "-c", connections, "-z", f"{seconds}s",
                *(["-q", str(rate / CONNECTIONS)] if rate else []), url,
            ],
            read=_read_hey,
        ),
    ]  # fmt: skip


def _autocannon(folder: Path) -> list[Peer]:
    program = folder / "node_modules/.bin/autocannon"
    if not program.exists():
        subprocess.run(["npm", "install", "--silent", "--prefix", folder, AUTOCANNON], check=True)
    return [
        Peer(
            name="autocannon",
            command=lambda url, seconds, rate: [
                str(program), "-c", str(CONNECTIONS), "-d", str(seconds), "--json",
                *(["-R", str(rate)] if rate else []), url,
            ],
            read=_read_autocannon,
        )
    ]  # fmt: skip


def _locust(folder: Path) -> list[Peer]:
    python = folder / "locust/bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "locust"], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", LOCUST], check=True)

    def command(url: str, seconds: int, rate: int | None) -> list[str]:
        wait = f"wait_time = constant_throughput({rate / CONNECTIONS})" if rate else ""
        file = folder / f"locustfile_{rate or 'fast'}.py"
        file.write_text(LOCUSTFILE.format(wait=wait), "utf-8")
        return [
            str(python), "-m", "locust", "-f", str(file), "--headless", "--json",
            "-H", url.rstrip("/"), "-u", str(CONNECTIONS),
            "-r", str(CONNECTIONS), "-t", f"{seconds}s", "-L", "ERROR",
        ]  # fmt: skip

    return [Peer(name="Locust", command=command, read=_read_locust)]


def run(peer: Peer, url: str, seconds: int, rate: int | None = None) -> tuple[Said, float]:
    """What it says, and the CPU seconds that it took."""
    before = os.times()
    done = subprocess.run(
        peer.command(url, seconds, rate),
        env={**os.environ, **peer.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    after = os.times()
    spent = after.children_user + after.children_system
    spent -= before.children_user + before.children_system
    try:
        return peer.read(done.stdout), spent
    except (ValueError, LookupError, TypeError) as error:
        raise RuntimeError(f"{peer.name}: {done.stdout[-500:]}{done.stderr[-500:]}") from error


def _read_wrk(text: str) -> Said:
    def at(share: str) -> float | None:
        found = re.search(rf"^\s+{share}\s+([\d.]+)(us|ms|s)$", text, re.M)
        return _ms(found[1], found[2]) if found else None

    worst = re.search(r"Latency\s+\S+\s+\S+\s+([\d.]+)(us|ms|s)", text)
    return Said(
        requests=int(re.search(r"(\d+) requests in", text)[1]),  # type: ignore[index]
        p50_ms=at("50%"),
        p99_ms=at("99%"),
        max_ms=_ms(worst[1], worst[2]) if worst else None,
    )


def _ms(number: str, unit: str) -> float:
    return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


def _read_hey(text: str) -> Said:
    def at(share: str) -> float | None:
        found = re.search(rf"{share}% in ([\d.]+) secs", text)
        return float(found[1]) * 1e3 if found else None

    answered = re.findall(r"\[(\d+)\]\s+(\d+) responses", text)
    slowest = re.search(r"Slowest:\s+([\d.]+) secs", text)
    return Said(
        requests=sum(int(n) for _, n in answered),
        p50_ms=at("50"),
        p99_ms=at("99"),
        max_ms=float(slowest[1]) * 1e3 if slowest else None,
    )


def _read_autocannon(text: str) -> Said:
    told = json.loads(text)
    latency = told["latency"]
    return Said(
        requests=told["requests"]["total"],
        p50_ms=latency["p50"],
        p99_ms=latency["p99"],
        max_ms=latency["max"],
    )


def _read_locust(text: str) -> Said:
    told = json.loads(text)[0]
    times = {float(ms): int(n) for ms, n in told["response_times"].items()}
    return Said(
        requests=told["num_requests"],
        p50_ms=_of_counts(times, 0.5),
        p99_ms=_of_counts(times, 0.99),
        max_ms=told["max_response_time"],
    )


def _of_counts(times: Mapping[float, int], share: float) -> float | None:
    left = share * sum(times.values())
    for milliseconds in sorted(times):
        left -= times[milliseconds]
        if left <= 0:
            return milliseconds
    return None
