"""Keys as functions of a row's number."""

from __future__ import annotations

import numpy as np

from nuages.populate.keys import Hashed, Listed, Sequence, Space, Spelled, from_plain, to_plain
from nuages.populate.made import Marked, Numbers, Uuids
from nuages.populate.schema import Mark

MARK = Mark(beginnings=("ada.", "bob."), ending="@example.com", alphabet="0123456789", width=6)


def test_found_keys_come_before_made_ones() -> None:
    space = Space([Listed(Numbers(np.array([3, 9])), 2), Sequence(10, 3), Sequence(40, 2)])
    made = space.made(np.arange(space.total))
    assert isinstance(made, Numbers)
    assert made.values.tolist() == [3, 9, 10, 11, 12, 40, 41]
    assert space.listed == 2


def test_no_keys_of_a_space_of_two_runs() -> None:
    made = Space([Sequence(10, 3), Sequence(40, 2)]).made(np.arange(0))
    assert isinstance(made, Numbers)
    assert made.values.tolist() == []


def test_a_cut_holds_the_same_keys() -> None:
    space = Space([Sequence(10, 3), Sequence(40, 5)])
    parts = space.cut(2, 3)
    assert [(p.base, p.rows) for p in parts if isinstance(p, Sequence)] == [(12, 1), (40, 2)]


def test_more_rows_never_repeat_a_uuid_or_text() -> None:
    first, second = Hashed(7, 0, 1000), Hashed(7, 1000, 1000)
    made = [segment.made(np.arange(1000)) for segment in (first, second)]
    assert all(isinstance(each, Uuids) for each in made)
    assert len({v.tobytes() for each in made for v in each.values}) == 2000  # type: ignore[union-attr]
    texts = [Spelled(MARK, 7, start, 1000).made(np.arange(1000)) for start in (0, 1000)]
    spelled = [t for each in texts if isinstance(each, Marked) for t in each.texts().values]
    assert len(set(spelled)) == 2000
    assert all(text.endswith(b"@example.com") for text in spelled)


def test_the_ledger_spells_them_and_reads_them_back() -> None:
    for segment in (Sequence(5, 9), Hashed(1, 2, 3), Spelled(MARK, 1, 2, 3)):
        assert from_plain(to_plain(segment)) == segment
