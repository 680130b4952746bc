"""Wrong edits of benchmarks/verify are refused and right ones accepted, some of each kind."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from benchmarks.verify.cases import Case, cases
from benchmarks.verify.running import Judged, judge

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.postgres,
    pytest.mark.xdist_group("verify"),  # judged once, on one worker
]


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    return list(judge(a_slice()))


def a_slice() -> list[Case]:
    """A right edit and one or two wrong ones of each view, of kinds that are scarce so far."""
    of_view: dict[tuple[str, bool], list[Case]] = defaultdict(list)
    for case in cases():
        of_view[case.view, case.is_right].append(case)
    chosen: list[Case] = []
    times: Counter[str] = Counter()
    for (view, is_right), listed in of_view.items():
        several = not is_right and not view.startswith("listed")  # the lists share their kinds
        for _ in range(1 + several):
            left = [case for case in listed if case not in chosen]
            chosen += sorted(left, key=lambda case: times[case.kind])[:1]
            times[chosen[-1].kind] += 1
    return chosen


def test_the_slice_has_every_kind_of_wrong_edit() -> None:
    kinds = {case.kind for case in a_slice() if not case.is_right}
    assert {case.kind for case in cases() if not case.is_right} - kinds == set()


def test_no_wrong_edit_is_accepted(judged: list[Judged]) -> None:
    assert [one.case for one in judged if one.is_accepted and not one.case.is_right] == []


def test_nearly_all_right_edits_are(judged: list[Judged]) -> None:
    right = [one for one in judged if one.case.is_right]
    assert sum(one.is_accepted for one in right) >= 0.9 * len(right)
