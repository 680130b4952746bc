"""Sets the trials up and tunes them: python -m tests.trials [NAME[:DOOR] …] [--set-up-only]."""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys

from tests.trials import ephios, oscar, pretalx, wagtail
from tests.trials.fetching import BASE, CannotSetUp
from tests.trials.trial import Trial, tune

TRIALS = {trial.name: trial for trial in (pretalx.TRIAL, ephios.TRIAL, oscar.TRIAL, wagtail.TRIAL)}
USUAL = ("pretalx:tests", "ephios:driven")


def main() -> int:
    """Run what was asked for; 0 when each run of tune came to an end of its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.trials", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME[:DOOR]", default=list(USUAL))
    parser.add_argument("--set-up-only", action="store_true", help="print the command, run nothing")
    parser.add_argument("--tune", default="", help="further arguments for nuages tune")
    options = parser.parse_args()
    results = [_try(name, options) for name in options.names]
    return 0 if all(results) else 1


def _try(name: str, options: argparse.Namespace) -> bool:
    trial, door = _find(name)
    try:
        workspace = trial.set_up(BASE)
    except (CannotSetUp, subprocess.CalledProcessError) as error:
        print(f"{name}: not set up: {error}", file=sys.stderr)
        return isinstance(error, CannotSetUp)
    extra = shlex.split(options.tune)
    print(f"{trial.name}:{door}\n  {shlex.join([*trial.command(workspace, door), *extra])}")
    if options.set_up_only:
        return True
    outcome = tune(trial, workspace, door, *extra)
    verdict = "ended well" if outcome.ended_well else "DID NOT END WELL"
    print(f"  {verdict}: exit {outcome.exit_code}, {outcome.seconds:.0f} s; {outcome.output}")
    return outcome.ended_well


def _find(name: str) -> tuple[Trial, str]:
    name, _, door = name.partition(":")
    if name not in TRIALS:
        raise SystemExit(f"No trial {name!r}; there are: {', '.join(TRIALS)}.")
    trial = TRIALS[name]
    door = door or next(iter(trial.doors))
    if door not in trial.doors:
        raise SystemExit(f"No door {door!r} into {name}; there are: {', '.join(trial.doors)}.")
    return trial, door


if __name__ == "__main__":
    sys.exit(main())
