"""python -m benchmarks.accuracy [--verbose] [--only nuages]: the table of who finds what."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from benchmarks.accuracy.places import expected
from benchmarks.accuracy.running import PEERS, of_nuages, of_peer
from benchmarks.accuracy.scoring import Score, score
from benchmarks.recorder import environment


def main() -> int:
    """Print the table; 1 where nuages missed something or raised a false alarm."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="name what was missed")
    parser.add_argument("--only", metavar="TOOL", help="nuages or one peer")
    options = parser.parse_args()
    wanted = expected()
    scores: dict[str, Score] = {}
    python = str(environment.python())
    with tempfile.TemporaryDirectory(prefix="nuages-accuracy-") as folder:
        said, names = of_nuages(python, Path(folder))
        unknown = wanted.keys() - set(names)
        assert not unknown, f"no such places: {unknown}"
        if options.only in (None, "nuages"):
            scores["nuages"] = score(said, wanted, names)
        for peer in PEERS:
            if options.only in (None, peer.name):
                scores[peer.name] = score(of_peer(peer, python, Path(folder)), wanted, names)
    quiet = len(names) - len(wanted)
    print(f"{len(wanted)} places where a tool should speak, {quiet} where it should not.")
    print(f"Python {platform.python_version()}\n")
    _show(scores, options.verbose)
    own = scores.get("nuages")
    return 1 if own is not None and (own.missed or own.false) else 0


def _show(scores: dict[str, Score], is_verbose: bool) -> None:
    print(f"{'':14}{'found':>8}{'at the line':>13}{'remedy':>8}{'false alarms':>14}")
    for name, result in scores.items():
        figures = (len(result.found), len(result.at_the_line), len(result.with_remedy))
        print("{:14}{:>8}{:>13}{:>8}{:>14}".format(name, *figures, len(result.false)))
    for name, result in scores.items():
        if is_verbose:
            line = set(result.found) - set(result.at_the_line)
            _list(f"{name} missed", result.missed)
            _list(f"{name} named another line", sorted(line))
            _list(f"{name} advised something else", result.other_advice)
            _list(f"{name} raised a false alarm", result.false)
            _list(f"{name} also said", result.beside)


def _list(title: str, names: list[str]) -> None:
    if names:
        print(f"\n{title}:", *names, sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
