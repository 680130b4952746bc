"""Runs other people's test suites without and with the recorder, and compares them test by test.

python -m tests.trials.suites [django | drf | wagtail …] [--django 5.2] [--python 3.11] [--all]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from tests.trials.fetching import BASE, CannotSetUp
from tests.trials.suites.comparison import Difference, differences, repeated, summary
from tests.trials.suites.running import Run, postgres, run
from tests.trials.suites.suite import SUITES, Place

MOST_AGAIN = 60  # differing tests that are run again


def main() -> int:
    """Run what was asked for; 1 when a test ended otherwise or the recorder noted a fault."""
    options = _parser().parse_args()
    unknown = [name for name in options.names if name not in SUITES]
    if unknown:
        raise SystemExit(f"No suite {unknown[0]!r}; there are: {', '.join(SUITES)}.")
    results = [_try(name, django, options) for name in options.names for django in options.django]
    return 0 if all(results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.trials.suites", description=__doc__)
    add = parser.add_argument
    add("names", nargs="*", default=["django"], metavar="NAME", help=", ".join(SUITES))
    add("--django", nargs="+", default=["5.2"], help="versions, such as 4.2 6.1")
    add("--python", help="version; by default the first found that this Django supports")
    add("--folder", type=Path, default=BASE, help="where everything is kept [%(default)s]")
    add("--light", action="store_true", help="record as in production")
    add("--all", action="store_true", help="all of the suite, not the usual selection")
    add("--labels", nargs="+", help="these tests and no others")
    add("--postgres", action="store_true", help="on a PostgreSQL server of its own (django only)")
    add("--at-once", action="store_true", help="both runs side by side")
    return parser


def _try(name: str, django: str, options: argparse.Namespace) -> bool:
    try:
        place = SUITES[name].set_up(options.folder, django, options.python)
    except (CannotSetUp, subprocess.CalledProcessError) as error:
        print(f"{name} on Django {django}: not set up: {error}", file=sys.stderr)
        return isinstance(error, CannotSetUp)
    mode = "light" if options.light else "deep"
    version = f"{name} {place.version}, Django {place.django}, {place.folder.name}"
    print(f"{version}, {'PostgreSQL' if options.postgres else 'SQLite'}, {mode}", flush=True)
    with postgres(place) if options.postgres else nullcontext(()) as settings:
        labels = options.labels or place.suite.labels(place, all_of_them=options.all)
        return _compare(place, (*settings, *labels), mode, at_once=options.at_once)


def _compare(place: Place, labels: Sequence[str], mode: str, *, at_once: bool) -> bool:
    plain, recorded = _both(place, labels, mode, "", at_once=at_once)
    print(f"  without: {summary(plain)} ({plain.output})")
    print(f"  with:    {summary(recorded)} ({recorded.output})")
    every = differences(plain, recorded)
    found = [each for each in every if not each.test.startswith(place.suite.timed)]
    again = _again(place, found, labels, mode)
    timed = ", not counting tests that measure seconds" if found != every else ""
    print(f"  {len(found)} tests ended otherwise{timed}")
    for line in repeated(found, again):
        print(f"  {line}")
    fault = recorded.meta.get("recorder_fault", "")
    if fault:
        print("  a fault of the recorder:\n    " + fault.replace("\n", "\n    "))
    return not found and not fault and _came_through(plain) and _came_through(recorded)


def _both(
    place: Place, labels: Sequence[str], mode: str, name: str, *, at_once: bool
) -> tuple[Run, Run]:
    with ThreadPoolExecutor(2 if at_once else 1) as pool:
        plain = pool.submit(run, place, labels, f"{name}plain", None)
        recorded = pool.submit(run, place, labels, f"{name}{mode}", mode)
        return plain.result(), recorded.result()


def _again(
    place: Place, found: Sequence[Difference], labels: Sequence[str], mode: str
) -> dict[str, Difference]:
    """Run those that differ once more, both ways: a slow machine may have made the difference."""
    tests = [difference.test for difference in found if difference.is_runnable][:MOST_AGAIN]
    if not tests:
        return {}
    settings = [label for label in labels if label.startswith("--")]
    plain, recorded = _both(place, [*settings, *tests], mode, "again-", at_once=False)
    return {difference.test: difference for difference in differences(plain, recorded)}


def _came_through(run: Run) -> bool:
    """Whether a run got as far as its end: a crash, or no test at all, shows in the exit code."""
    came_through = bool(run.endings) and run.exit_code in (0, 1)
    if not came_through:
        print(f"  exit {run.exit_code}:\n" + run.output.read_text()[-2000:])
    return came_through


if __name__ == "__main__":
    sys.exit(main())
