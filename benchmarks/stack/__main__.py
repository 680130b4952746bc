"""python -m benchmarks.stack [--matrix] [--throughput]: write docs/reliability.md anew."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.stack import endings, matrix, page, running, throughput

REPOSITORY = Path(__file__).resolve().parents[2]
RESULTS = REPOSITORY / "benchmarks" / "stack" / "results.json"
PAGE = REPOSITORY / "docs" / "reliability.md"
CHORUS = REPOSITORY / "examples" / "chorus"


def main() -> None:
    """Measure what is asked for, keep it, and write the page of all that was ever kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matrix", action="store_true", help="every failure, under load")
    parser.add_argument("--throughput", action="store_true", help="beside nginx by hand")
    parser.add_argument("--only", nargs="*", default=[], help="these failures")
    parser.add_argument("--rounds", type=int, default=throughput.ROUNDS)
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that every stack is ended
    if asked.matrix:
        keep(matrix=_matrix(asked.only))
    if asked.matrix and not asked.only:
        keep(endings=_endings())
    if asked.throughput:
        folder = REPOSITORY / "build" / "stack"
        folder.mkdir(parents=True, exist_ok=True)
        keep(throughput=throughput.measure(folder, rounds=asked.rounds),
             weather={"load": round(os.getloadavg()[0], 1)})  # fmt: skip


def keep(**measured: dict[str, Any]) -> None:
    """Add to what was measured before, and write the page anew once there is some of all."""
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name, figures in measured.items():
        results[name] = {**results.get(name, {}), **figures}
    results["machine"] = {
        "cpus": os.cpu_count(), "python": platform.python_version(),
        "date": datetime.now(UTC).strftime("%-d %B %Y"),
    }  # fmt: skip
    running.write_json(RESULTS, results)
    if {"matrix", "endings", "throughput"} <= results.keys():
        PAGE.write_text(page.render(results), encoding="utf-8")
        print(f"wrote {PAGE}", file=sys.stderr)


def _matrix(only: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    asked = [each for each in matrix.SCENARIOS if not only or each.name in only]
    for of_services, topology in ((False, ""), (True, matrix.SERVICES)):
        own = [each for each in asked if each.of_services == of_services]
        if own:
            with running.copied_project() as root:
                (root / "pyproject.toml").write_text(topology, "utf-8")
                with running.stack(root) as stack:
                    found |= {each.name: _counted(each, stack) for each in own}
    return found


def _counted(scenario: matrix.Scenario, stack: running.RunningStack) -> dict[str, Any]:
    result = matrix.run(scenario, stack)
    print(f"{result.title}: {result.why or 'none failed'}", file=sys.stderr)
    return {**result.to_json(), "load": round(os.getloadavg()[0], 1)}


def _endings() -> dict[str, Any]:
    left, seconds = endings.interrupted_twice()
    written, lost = endings.kept_between_runs()
    chorus = REPOSITORY / ".venv-chorus" / "bin" / "python"
    cold = [endings.cold_start(CHORUS, chorus) for _ in range(page.COLD_STARTS)]
    return {
        "supervisor_killed_left": len(endings.supervisor_killed()),
        "interrupted_left": len(left),
        "interrupted_seconds": round(seconds, 1),
        "written": len(written),
        "lost": len(lost),
        "cold_start_seconds": round(statistics.median(cold), 1),
        "cold_start_least": round(min(cold), 1),
        "cold_start_load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
