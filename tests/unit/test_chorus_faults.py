"""The list of chorus' faults stays true: every line it names is there and says what it quotes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHORUS = ROOT / "examples" / "chorus"
PLACE = re.compile(r"(?P<path>[\w./-]+):(?P<line>\d+)")
NOTHING = "–"


def rows(heading: str) -> list[dict[str, str]]:
    """The rows of the table under a heading, by the names in its head."""
    text = (CHORUS / "FAULTS.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = [cells(line) for line in section.splitlines() if line.startswith("|")]
    head, body = table[0], table[2:]
    return [dict(zip(head, row, strict=True)) for row in body]


def cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return [part.strip().replace(r"\|", "|") for part in parts]


def quoted(place: str) -> str:
    match = PLACE.fullmatch(place)
    assert match, f"{place!r} is not path:line"
    return (CHORUS / match["path"]).read_text(encoding="utf-8").splitlines()[int(match["line"]) - 1]


FAULTS = rows("Faults")
SILENT = rows("Silent places")


@pytest.mark.parametrize("fault", FAULTS, ids=[fault["id"] for fault in FAULTS])
def test_a_fault_is_where_the_list_says(fault: dict[str, str]) -> None:
    assert fault["fragment"].strip("`") in quoted(fault["blame"])
    if fault["created"] != NOTHING:
        assert fault["created fragment"].strip("`") in quoted(fault["created"])


@pytest.mark.parametrize("place", SILENT, ids=[place["id"] for place in SILENT])
def test_a_silent_place_is_where_the_list_says(place: dict[str, str]) -> None:
    assert place["fragment"].strip("`") in quoted(place["line"])


def test_every_id_is_used_once() -> None:
    ids = [row["id"] for row in (*FAULTS, *SILENT)]
    assert len(ids) == len(set(ids))


def test_the_tests_it_names_exist() -> None:
    for fault in FAULTS:
        for path, name in re.findall(r"test (\S+\.py)::\w+::(\w+)", fault["reached by"]):
            assert f"def {name}(" in (CHORUS / path).read_text(encoding="utf-8"), fault["id"]


def test_two_thirds_of_the_loops_that_a_get_reaches_can_be_fixed_at_the_queryset() -> None:
    loops = [f for f in FAULTS if f["rule"] == "n-plus-one" and "GET /" in f["reached by"]]
    fixable = [f for f in loops if f["fixable"] == "yes"]
    assert len(loops) >= 20
    assert len(fixable) * 3 >= len(loops) * 2


def test_the_code_does_not_tell() -> None:
    for path in CHORUS.rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        assert not re.search(r"n\+1|\bfaults?\b", text), path
