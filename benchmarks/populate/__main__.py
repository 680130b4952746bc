"""python -m benchmarks.populate [--rows N] [--rounds N]: see docs/explanation/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks.populate.chorus import ROOT, Chorus, opened

HERE = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv-bench" / "populate"
PEERS = {"model_bakery": 5000, "data-seed": 1000, "factory_boy": 500}  # rows, as they take long
# What nuages promises: its rows a second to the contender's, at least.
PROMISED = {
    "raw binary": 0.75, "raw text": 3.0, "model_bakery": 50.0, "data-seed": 100.0,
    "factory_boy": 100.0,
}  # fmt: skip
MEMORY_ROWS = (1_000_000, 20_000_000)
CPU = 1.5  # seconds of the client's for a million rows


def main() -> int:
    """One interleaved run; 1 when a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.populate")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument(
        "--memory", action="store_true", help="only the client's peak memory for 1 and 20 million"
    )
    told = parser.parse_args()
    if told.memory:
        return memory()
    python = environment()
    rates: dict[str, list[float]] = {}
    cpu: list[float] = []
    with opened() as chorus:
        for number in range(told.rounds):
            for name, rate in one_round(chorus, told.rows, python, cpu).items():
                rates.setdefault(name, []).append(rate)
            print(f"round {number + 1} of {told.rounds}", file=sys.stderr)
    ratios = {
        name: median(own / other for own, other in zip(rates["nuages"], each, strict=True))
        for name, each in rates.items()
        if name != "nuages"
    }
    kept = show(rates, ratios, median(cpu))
    if told.json:
        told.json.write_text(json.dumps({"rates": rates, "ratios": ratios, "cpu": cpu}, indent=1))
    return 0 if kept else 1


def memory() -> int:
    """Peak memory of the client for a few and for many rows; 1 when it grew by more than 5 %."""
    peaks = []
    with opened() as chorus:
        chorus.target.drops = True
        for rows in MEMORY_ROWS:
            chorus.target.empty()
            chorus.fill({"posts.Post": rows}, is_kept=False)
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
            print(f"{rows:>12,} rows: {peaks[-1]:,.0f} MB at most")
    return int(peaks[-1] > 1.05 * peaks[0])


def one_round(chorus: Chorus, rows: int, python: Path, cpu: list[float]) -> dict[str, float]:
    """Rows a second of every contender, one after the other."""
    target = chorus.target
    rates: dict[str, float] = {}
    target.empty()
    seconds, used = chorus.fill({"posts.Post": rows})
    rates["nuages"] = rows / seconds
    cpu.append(used / rows * 1e6)
    target.empty()
    target.keeps, target.sent = True, []
    chorus.fill({"posts.Post": rows})
    target.keeps = False
    text = target.text()
    target.empty()
    rates["raw binary"] = rows / target.raw_binary(rows)
    target.empty()
    rates["raw text"] = rows / target.raw_text(text)
    for name, number in PEERS.items():
        rates[name] = peer(name, number, python, chorus.url)
    return rates


def peer(name: str, rows: int, python: Path, url: str) -> float:
    """Rows a second of a peer, on top of the rows that are there."""
    done = subprocess.run(
        [python, HERE / "peer.py", name, str(rows)],
        cwd=ROOT / "examples/chorus",
        env={
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "PYTHONPATH": str(ROOT / "examples/chorus"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return float(told["rows"]) / float(told["seconds"])


def show(rates: dict[str, list[float]], ratios: dict[str, float], cpu: float) -> bool:
    """A table; → whether every promise was kept."""
    print(f"{'':14} {'rows/s':>10} {'nuages is':>10} {'promised':>9}")
    print(f"{'nuages':14} {median(rates['nuages']):>10,.0f}")
    for name, ratio in ratios.items():
        wanted = PROMISED[name]
        print(f"{name:14} {median(rates[name]):>10,.0f} {ratio:>9.2f}× {wanted:>8}×")
    print(f"client: {cpu:.2f} CPU-s a million rows (promised {CPU})")
    return cpu <= CPU and all(ratio >= PROMISED[name] for name, ratio in ratios.items())


def environment() -> Path:
    """The peers' interpreter."""
    wanted = HERE / "requirements.txt"
    subprocess.run(
        ["tools/environment.sh", ENVIRONMENT, wanted, "--", "-r", wanted],
        cwd=ROOT, env={**os.environ, "PYTHON": sys.executable}, stdout=sys.stderr, check=True,
    )  # fmt: skip
    return ENVIRONMENT / "bin/python"


if __name__ == "__main__":
    sys.exit(main())
