"""Files written side by side make one line of the ledger."""

from __future__ import annotations

from nuages.model import LedgerEntry, Location
from nuages.report.attempts import grouped

ORIGIN = Location(file="shop/middleware.py", line=20)


def write(name: str, *, origin: Location | None = ORIGIN, verdict: str = "contained"):
    target = f"/srv/shop/static/CACHE/{name}"
    return LedgerEntry(
        kind="write", target=target, verdict=verdict, origin=origin, via="audit", count=2
    )


def test_the_files_of_a_folder_are_one_line():
    (line,) = grouped([write(f"{n}.css") for n in range(5)])
    assert (line.target, line.count) == ("5 files in /srv/shop/static/CACHE/", 10)
    assert line.origin == ORIGIN


def test_a_few_files_keep_their_names():
    few = [write(f"{n}.css") for n in range(3)]
    assert grouped(few) == tuple(few)


def test_what_was_denied_or_came_from_elsewhere_stands_alone():
    files = [write(f"{n}.css") for n in range(4)]
    denied = [write(f"{n}.js", verdict="denied") for n in range(4)]
    other = write("x.css", origin=None)
    assert grouped([*files, *denied, other])[1:] == (*denied, other)
