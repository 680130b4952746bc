"""python -m benchmarks.recorder [cost | memory | profile]: see docs/explanation/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from benchmarks.recorder import environment, hotspots, memory, promises, rounds, table
from benchmarks.recorder.contenders import AGAIN, ALL, BARE, DEEP, LIGHT, named
from nuages import store
from nuages.scratch import Scratch

WIDTH = 150


def main() -> int:
    """Do what was asked for; 1 when something promised was not recorded, or memory grew."""
    options = _options()
    environment.python()
    with Scratch() as scratch:
        if options.what == "memory":
            chosen = [named(name) for name in options.contenders or ["light"]]
            return memory.main([BARE, *chosen], scratch.path, options.requests)
        if options.what == "profile":
            [name, view] = options.contenders or ["light", "b"]
            return hotspots.main(
                named(name), view, scratch.path, options.seconds or 15, sqlite=options.sqlite
            )
        return _cost(options, scratch.path)


def _cost(options: argparse.Namespace, scratch: Path) -> int:
    chosen = [named(name) for name in options.contenders]
    contenders = [BARE, *chosen, AGAIN] if chosen else list(ALL)
    pace = rounds.PACES["quick" if options.quick else "full"]
    if options.seconds:
        pace = replace(pace, seconds=options.seconds)
    run = rounds.measure(contenders, scratch, pace, sqlite=options.sqlite)
    broken = _broken(run)
    found = table.rows(run)
    table.show(run, found, broken, _console())
    if options.json:
        text = json.dumps(table.as_json(run, found, broken), indent=1, ensure_ascii=False)
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    return 1 if broken else 0


def _broken(run: rounds.Run) -> list[str]:
    """Promises that were not kept, and answers that the recorder changed."""
    changed = [
        f"{name}: another answer of view {view}"
        for name, warmed in run.warmed.items()
        if "nuages" in name
        for view in "abcd"  # the admin's page has a token that is new each time
        if warmed["bodies"][view] != run.warmed[BARE.name]["bodies"][view]
    ]
    for contender in (LIGHT, DEEP):
        if contender.name in run.asked:
            changed += [f"{contender.name}: {line}" for line in _unkept(run, contender.name)]
    return changed


def _unkept(run: rounds.Run, name: str) -> list[str]:
    try:
        recording = store.merge_all(store.fold(spool) for spool in run.spools[name])
    except (KeyError, TypeError, ValueError) as error:  # the figures are worth showing all the same
        return [f"the recording can't be read: {error!r}"]
    return list(promises.broken(recording, run.asked[name], run.queries))


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDTH, no_color=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recorder")
    parser.add_argument("what", nargs="?", default="cost", choices=("cost", "memory", "profile"))
    parser.add_argument(
        "contenders", nargs="*", help="all; for profile: a contender and a view, light b"
    )
    parser.add_argument("--quick", action="store_true", help="a minute instead of ten")
    parser.add_argument("--seconds", type=float, help="of rounds, or of profiling")
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    parser.add_argument("--requests", type=int, default=memory.REQUESTS, help="of memory")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
