"""How messages write numbers; no rule writes a share in a way of its own."""

from __future__ import annotations

import re
from pathlib import Path

import nuages
from nuages.wording import percent, several, with_article

SOURCE = Path(nuages.__file__).parent


def test_a_share_has_a_space_before_its_sign() -> None:
    assert (percent(0.994), percent(0.0204, 1), percent(1)) == ("99 %", "2.0 %", "100 %")


def test_one_thing_is_singular() -> None:
    assert several(1, "instance") == "1 instance"
    assert several(1_200, "instance") == "1,200 instances"
    assert several(0, "query", "queries") == "0 queries"


def test_the_article_follows_the_sound() -> None:
    assert [with_article(verb) for verb in ("UPDATE", "INSERT", "SELECT")] == [
        "an UPDATE", "an INSERT", "a SELECT",
    ]  # fmt: skip


def test_every_share_is_written_alike() -> None:
    own_way = re.compile(r":[.0-9]*%\}")  # f"{share:.0%}" gives "99%"
    found = [
        path.relative_to(SOURCE).as_posix()
        for path in sorted(SOURCE.rglob("*.py"))
        if own_way.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["report/figures.py"]  # which puts the space in
