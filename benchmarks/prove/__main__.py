"""A against A, and A against A made dearer: how often the judgement is right.

    python -m benchmarks.prove [--runs 100] [--slowdown 0.10] [--figures FOLDER]

Answers, queries and tables are compared once: they are exact. What chance has a part in, the CPU
time of requests, is measured anew in every run, by new processes on new copies of the data.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from nuages.lab import Lab, open_lab
from nuages.populate import prepare_databases
from nuages.progress import Progress
from nuages.project import discover
from nuages.prove import Interval, ProveOptions, Version
from nuages.prove.judging import concluded, overall_proof, route_proofs
from nuages.prove.measuring import Planned, Seen, Sides, plan
from nuages.prove.statistics import Figures
from nuages.traffic.site import mix_of_site

PROJECT = Path(__file__).parent / "project"
SETTINGS = PROJECT / "shelf" / "settings.py"
ROWS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--slowdown", type=float, default=0.10)
    parser.add_argument("--pairs", type=int, default=ProveOptions().pairs)
    parser.add_argument("--seconds", type=float, default=ProveOptions().seconds)
    parser.add_argument("--only", choices=["same", "slower"])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figures", type=Path, help="keep what was measured, a file each run")
    asked = parser.parse_args()
    results = {}
    with _lab() as lab:
        planned = _planned(lab)
        for name, share in (("same", 0.0), ("slower", asked.slowdown)):
            if asked.only in (None, name):
                results[name] = _series(lab, planned, share, asked, name)
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")


@contextmanager
def _lab() -> Iterator[Lab]:
    progress = Progress()
    with open_lab(discover(PROJECT), progress=progress) as lab:
        prepare_databases(lab, rows=ROWS)
        yield lab


def _planned(lab: Lab) -> tuple[Planned, ...]:
    with lab.session(mode=None) as session:
        actors = session.call("actors", functions={})
        mix, _ = mix_of_site(session, actors=actors)
    return plan(mix, ["anonymous"])


def _series(
    lab: Lab, planned: tuple[Planned, ...], share: float, asked: argparse.Namespace, name: str
) -> dict[str, object]:
    text = SETTINGS.read_text("utf-8").replace("SLOWDOWN = 0.0", f"SLOWDOWN = {share}")
    a = Version(name="A", project=lab.project)
    b = replace(a, name="B", edits={".:shelf/settings.py": text})
    sides = Sides(lab, a, b)
    sides.prepare()
    seen = {which: sides.look(which[0], planned) for which in ("a", "b", "a2", "b2")}
    judged: Counter[str] = Counter()
    ratios, widths = [], []
    began = time.monotonic()
    for run in range(asked.runs):
        figures = sides.measure(planned, pairs=asked.pairs, seconds=asked.seconds)
        if asked.figures:
            _keep(asked.figures / f"{name}-{run + 1}.npz", figures)
        judgement, cpu = _judged(planned, seen, figures)
        judged[judgement] += 1
        ratios.append(cpu.ratio)
        widths.append(cpu.high / cpu.low)
        print(f"{name} {run + 1}: {judgement} × {cpu.ratio:.3f} ({cpu.low:.3f} to {cpu.high:.3f})",
              flush=True)  # fmt: skip
    told = {
        "slowdown": share,
        "runs": asked.runs,
        "pairs": asked.pairs,
        "seconds": asked.seconds,
        "judgements": dict(judged),
        "ratio_median": round(float(np.median(ratios)), 4),
        "ratio_spread": round(math.exp(float(np.std(np.log(ratios)))) - 1, 4),
        "interval_median": round(float(np.median(widths)) - 1, 4),
        "seconds_per_run": round((time.monotonic() - began) / asked.runs, 1),
    }
    print(json.dumps(told), flush=True)
    return told


def _keep(path: Path, figures: tuple[Figures, Figures]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {f"{side}{n}": pair for side, of in zip("ab", figures, strict=True)
            for n, pair in enumerate(of)}  # fmt: skip
    np.savez_compressed(path, **kept)  # type: ignore[arg-type]


def _judged(
    planned: tuple[Planned, ...], seen: dict[str, Seen], figures: tuple[Figures, Figures]
) -> tuple[str, Interval]:
    overall = overall_proof(planned, seen, *figures)
    routes = route_proofs(planned, seen, *figures)
    judgement, _ = concluded(overall, routes, (), (), None)
    assert overall.cpu is not None
    return judgement, overall.cpu


if __name__ == "__main__":
    main()
